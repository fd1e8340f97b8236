"""`call`: any door of the API, in the name of whoever is signed in here or of a unit; what has no command of its own."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import JsonValue

from cli.inputs import json_fields, not_together, only_with, plain, split_pair
from cli.output import lines_of, show
from cli.people.requests import LONG_S, ServiceRequests, anybody, in_name_of
from cli.people.session_file import KeptSession, load_sessions, own_sessions
from cli.people.tickets import TICKET, Service, read_ticket
from cli.servers import DATA, local_settings
from cli.words import Language, speak
from models.values.refusal import refusal

OF_CASE = re.compile(r"/v1/renovations/([^/?]+)")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("call")(call)


def call(
    method: Annotated[Literal["GET", "POST"], typer.Argument(help="GET reads, POST does.")],
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="As /openapi.json has it, with its ids.")
    ],
    *,
    as_: Annotated[
        str, typer.Option("--as", metavar="ACTOR", help="Which of those who are signed in here.")
    ] = "",
    credential: Annotated[Path | None, TICKET] = None,
    field: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A field.")] = None,
    fields: Annotated[
        str, typer.Option("--fields", metavar="JSON", help="All fields as an object.")
    ] = "",
    command_id: Annotated[
        str,
        typer.Option(help="The same id is done once, however often it is sent; else a new one."),
    ] = "",
    service: Service = "",
    language: Language = "",
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Call a door of the API that has no command of its own; without --as or --credential a GET is anybody's.

    Example: gongjian call POST /v1/renovations/r1/bids --as builder-1 --field price_fen=86000000
    """
    speak(language)
    if not path.startswith("/v1/"):
        raise refusal("cases.path_invalid", where="PATH", path=path)
    body = {**(json_fields(fields) if fields else {})}
    for pair in field or []:
        name, value = split_pair(pair)
        body[name] = plain(value)
    requests = _requests(data, method, path, as_, credential, service)
    if method == "GET":
        found = requests.get(path, **{name: _query(value) for name, value in body.items()})
    else:
        sent_as = command_id or f"cli-{uuid.uuid4()}"
        found = requests.post(path, {"command_id": sent_as, **body}, LONG_S)
    show(found, lambda: lines_of(found))


def _requests(
    data: Path | None, method: str, path: str, as_: str, credential: Path | None, service: str
) -> ServiceRequests:
    """The service in the name of a unit, of an actor, or of nobody.

    Raises:
        Refused: `cases.not_signed_in`, `cases.actor_needed`, `stack.not_running`.
    """
    if as_:
        not_together("--as", ("--credential", credential), ("--service", service))
    if credential is not None:
        return anybody(data, service, read_ticket(credential))
    if method == "GET" and not as_:
        return anybody(data, service)
    # Whoever is signed in here is signed in at a service.
    only_with("--service", service, "--credential", credential)
    home = local_settings(data).data_dir
    case = OF_CASE.match(path)
    kept = own_sessions(home, case.group(1), as_) if case is not None else _beside_cases(home, as_)
    if len(kept) > 1:
        actors = ", ".join(sorted({each.actor_id for each in kept}))
        raise refusal("cases.actor_needed", where="--as", act=path, actors=actors)
    return in_name_of(home, kept[0])


def _beside_cases(home: Path, as_: str) -> tuple[KeptSession, ...]:
    own = tuple(
        each
        for each in load_sessions(home)
        if each.only_case is None and as_ in {"", each.actor_id}
    )
    if not own:
        raise refusal("cases.not_signed_in", where="--as" if as_ else "", actor=as_ or "-")
    return own


def _query(value: JsonValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
