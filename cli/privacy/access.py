"""`access`: who has read what is not for everybody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.output import show
from cli.people.requests import of_case
from cli.servers import DATA
from cli.words import Language, named, speak

READ = "read_access"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("access")(access)


def access(
    renovation: Annotated[
        str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")
    ],
    as_: Annotated[
        str,
        typer.Option("--as", metavar="ACTOR", help="Who asks, where several are signed in here."),
    ] = "",
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Who has read what in a case that is not for everybody: when, in which role, why.

    Example: gongjian access r1 --as auditor
    """
    speak(language)
    found = of_case(data, renovation, as_, READ).get(f"/v1/renovations/{renovation}/access")
    show(found, lambda: map(_line, found if isinstance(found, list) else ()))


def _line(each: JsonValue) -> str:
    assert isinstance(each, dict)
    why = f"  {each['reason']}" if each["reason"] else ""
    role = named("role", str(each["role"]))
    return f"{each['at']}  {each['reader']}  {role}  {each['door']}  {each['subject']}{why}"
