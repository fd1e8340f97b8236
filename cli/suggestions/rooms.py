"""Where a command about suggestions goes: to a renovation, or with `--estate` to an estate without one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.output import show
from cli.people.requests import ServiceRequests, in_name_of
from cli.people.session_file import own_sessions
from cli.servers import local_settings
from cli.words import named, said

Where = Annotated[
    str, typer.Argument(metavar="RENOVATION", help="The renovation's id, or an estate's.")
]
InEstate = Annotated[
    bool, typer.Option("--estate", help="It is the id of an estate: before there is a renovation.")
]
Named = Annotated[str, typer.Argument(metavar="ID", help="The suggestion.")]


def path_of(where: str, *, estate: bool) -> str:
    """The address of the suggestions there."""
    return f"/v1/{'estates' if estate else 'renovations'}/{where}/suggestions"


def as_official(data: Path | None, where: str, actor: str) -> ServiceRequests:
    """Requests of an official who is signed in here.

    Raises:
        Refused: `cases.not_signed_in`.
    """
    home = local_settings(data).data_dir
    kept, *_ = own_sessions(home, where, actor)
    return in_name_of(home, kept)


def show_done(done: JsonValue) -> None:
    """What came of a command: in a line, or as the service answers."""
    show(done, lambda: [_line(done)])


def _line(done: JsonValue) -> str:
    assert isinstance(done, dict)
    name, kind = str(done["id"]), str(done["kind"])
    if kind == "proposal.made":
        return said("line.suggestion_proposed", id=name)
    return said("line.suggestion_done", id=name, event=named("event", kind))
