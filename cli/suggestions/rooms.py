"""Where a command about suggestions goes: to a renovation, or with `--estate` to an estate without one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from cli.people.requests import ServiceRequests, in_name_of
from cli.people.session_file import own_sessions, service_of
from cli.servers import local_settings
from cli.words import said

if TYPE_CHECKING:
    from collections.abc import Mapping

Where = Annotated[
    str, typer.Argument(metavar="RENOVATION", help="The renovation's id, or an estate's.")
]
InEstate = Annotated[
    bool, typer.Option("--estate", help="It is the id of an estate: before there is a renovation.")
]
Named = Annotated[str, typer.Argument(metavar="ID", help="The suggestion.")]
Service = Annotated[
    str, typer.Option(metavar="URL", help="Which service; else the one of this machine.")
]


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


def with_token(data: Path | None, service: str, token: str = "") -> ServiceRequests:
    """Requests with a unit's ticket, or with nothing."""
    return ServiceRequests(service_of(local_settings(data).data_dir, service), token)


def told(answer: JsonValue) -> str:
    """What came of a command, in a line."""
    assert isinstance(answer, dict)
    code = "proposed" if answer["kind"] == "proposal.made" else "done"
    return said(f"line.suggestion_{code}", **_named(answer))


def _named(answer: Mapping[str, JsonValue]) -> dict[str, str]:
    from cli.words import named

    return {"id": str(answer["id"]), "event": named("event", str(answer["kind"]))}
