"""`client …`: programs that act for an office, a bank or a person, and their keys."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.output import Commands, show
from cli.people.own import own_requests
from cli.people.requests import ServiceRequests
from cli.servers import DATA
from cli.words import Language, listed, said, speak

clients = Commands(
    help="Programs with keys of their own: add, rotate, revoke, list.", no_args_is_help=True
)
Data = Annotated[Path | None, DATA]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The program's name.")]
As = Annotated[str, typer.Option("--as", metavar="PERSON", help="Which of your sign-ins.")]
CommandId = Annotated[str, typer.Option(help="The same id is done once; else a new one.")]
Days = Annotated[int, typer.Option(min=1, max=730, help="For how many days the key is good.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(clients, name="client")


@clients.command("add")
def add_client(
    name: Name,
    actor: Annotated[str, typer.Option(help="As whom it acts; its roles are those of this actor.")],
    scope: Annotated[
        list[str],
        typer.Option(
            help="What it may call, several times: a route (report_payments) or a room"
            " (cost_sharing)."
        ),
    ],
    days: Days = 365,
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Let a program act as somebody; its key is printed once, on the last line.

    Example: gongjian client add bank-1 --actor bank --scope report_payments
    """
    speak(language)
    scopes: list[JsonValue] = [*scope]
    body: dict[str, JsonValue] = {"client": name, "actor": actor, "scopes": scopes, "days": days}
    _show_once(own_requests(data, as_).post("/v1/clients", command_of(command_id, body)))


@clients.command("rotate")
def rotate_client(
    name: Name,
    days: Days = 365,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=168, help="For how long the key of before is good still.")
    ] = 24,
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Give a program a new key; it is printed once, on the last line.

    Example: gongjian client rotate bank-1 --overlap-hours 24
    """
    speak(language)
    body = command_of(command_id, {"days": days, "overlap_hours": overlap_hours})
    _show_once(own_requests(data, as_).post(f"/v1/clients/{name}/rotation", body))


@clients.command("revoke")
def revoke_client(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why; it stands in the log.")],
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Take all keys of a program away, for good.

    Example: gongjian client revoke bank-1 --reason "the key was lost"
    """
    speak(language)
    requests: ServiceRequests = own_requests(data, as_)
    body = command_of(command_id, {"reason": reason})
    done = requests.post(f"/v1/clients/{name}/revocation", body)
    show(done, lambda: [_line(done)])


@clients.command("list")
def list_clients(
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Your programs; for an administrator those of everybody.

    Example: gongjian client list
    """
    speak(language)
    found = own_requests(data, as_).get("/v1/clients")
    show(found, lambda: map(_line, found if isinstance(found, list) else ()))


def command_of(command_id: str, body: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A body with the command's id, or with a new one."""
    return {"command_id": command_id or f"cli-{uuid.uuid4()}", **body}


def _show_once(answer: JsonValue) -> None:
    show(answer, lambda: _with_key(answer))


def _with_key(answer: JsonValue) -> Iterator[str]:
    """The program, and its new key on a line of its own; of a command that was done before there is none."""
    assert isinstance(answer, dict)
    yield _line(answer["client"])
    if answer["key"]:
        yield said("line.client_key")
        yield str(answer["key"])
    else:
        yield said("line.client_key_told")


def _line(client: JsonValue) -> str:
    assert isinstance(client, dict)
    scopes, ends = client["scopes"], client["keys_until"]
    assert isinstance(scopes, list)
    assert isinstance(ends, list)
    until = listed(
        f"{datetime.fromisoformat(str(end)).astimezone():%Y-%m-%d %H:%M}" for end in ends
    )
    if client["revoked"]:
        state = said("line.client_revoked")
    elif until:
        state = said("line.client_until", until=until)
    else:
        state = said("line.client_no_key")
    return f"{client['client']}  {client['actor']}  {listed(map(str, scopes))}  {state}"
