"""The ticket of a unit (`gongjian letters enter`), read from a file so that it stands on no command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.inputs import read_file

TICKET = typer.Option(
    "--credential",
    metavar="FILE",
    help="A file with the unit's ticket alone; - is standard input.",
)
Credential = Annotated[Path, TICKET]
Service = Annotated[
    str, typer.Option(metavar="URL", help="Which service; else the one of this machine.")
]
LONGEST = 1_000
"""Characters of a ticket and what may stand around it."""


def read_ticket(file: Path) -> str:
    """What the file says, without the space around it.

    Raises:
        Refused: `cases.file_unreadable`, `cases.file_too_large`.
    """
    if str(file) == "-":
        return sys.stdin.read(LONGEST).strip()
    return read_file(file)[:LONGEST].decode("utf-8", "replace").strip()
