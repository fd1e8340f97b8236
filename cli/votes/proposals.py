"""`proposals`: what waits for a second person, and the second person's word."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.votes.commands import CommandId, Data, Id, print_all, read, sent_fields, write

Named = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="A proposal that was read; may stand again.")
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("proposals")(proposals)


def proposals(
    renovation: Id,
    confirm: Named = None,
    withdraw: Annotated[str, typer.Option(metavar="ID", help="One to take back.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is taken back.")] = "",
    as_: Annotated[str, typer.Option("--as", metavar="ACTOR", help="Who acts.")] = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """What waits for a second person, as JSON; with --confirm or --withdraw that person's word.

    Example: gongjian proposals r1 --as li
    """
    listed = _listed(data, renovation, as_)
    path = f"proposals/{withdraw}/withdrawal"
    if confirm:
        # What a proposal says never changes: who has read it by its id has read this.
        said = {each["id"]: each["content_sha256"] for each in listed}
        lines: list[JsonValue] = [
            {"id": each, "content_sha256": said.get(each, "0" * 64)} for each in confirm
        ]
        sheet = sent_fields(command_id, proposals=lines)
        print_all([write(data, renovation, as_, "proposals/confirmations", sheet)])
    elif withdraw:
        print_all([write(data, renovation, as_, path, sent_fields(command_id, reason=reason))])
    else:
        print_all(listed)


def _listed(data: Path | None, renovation: str, as_: str) -> list[dict[str, JsonValue]]:
    found = read(data, renovation, as_, "confirm_proposal", "proposals")
    return [each for each in found if isinstance(each, dict)]
