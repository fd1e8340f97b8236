"""`suggest …`: what a household suggests, joins and takes back, with its unit's ticket."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.output import Commands
from cli.people.requests import anybody
from cli.people.tickets import Credential, Service, read_ticket
from cli.suggestions.rooms import Named, path_of, show_done
from cli.votes.commands import CommandId, Data, Id, sent_fields
from cli.votes.household import unit_of

commands = Commands(
    help="Suggest something for the estate, join a neighbour's suggestion, take either back.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="suggest")


@commands.command("make")
def make(
    renovation: Id,
    credential: Credential,
    theme: Annotated[str, typer.Option(help="What it is about, in a few words.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    proposal: Annotated[str, typer.Option(help="What should be done.")],
    service: Service = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Suggest something for the estate; it is public once it was reviewed, and a reply is due.

    Example: gongjian suggest make r1 --credential unit.txt --theme lamps --reason "it is dark" --proposal "a lamp on each floor"
    """
    words: dict[str, JsonValue] = {"theme": theme, "reason": reason, "proposal": proposal}
    _send(data, service, renovation, credential, command_id, "", words)


@commands.command("support")
def support(
    renovation: Id,
    suggestion: Named,
    credential: Credential,
    service: Service = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Stand behind a neighbour's suggestion.

    Example: gongjian suggest support r1 g1 --credential unit.txt
    """
    part = f"/{suggestion}/support"
    _send(data, service, renovation, credential, command_id, part, {})


@commands.command("take-back")
def take_back(
    renovation: Id,
    suggestion: Named,
    credential: Credential,
    service: Service = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Take the own support back.

    Example: gongjian suggest take-back r1 g1 --credential unit.txt
    """
    part = f"/{suggestion}/support-withdrawals"
    _send(data, service, renovation, credential, command_id, part, {})


@commands.command("withdraw")
def withdraw(
    renovation: Id,
    suggestion: Named,
    credential: Credential,
    service: Service = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Withdraw the own suggestion, as long as nobody else has joined it.

    Example: gongjian suggest withdraw r1 g1 --credential unit.txt
    """
    part = f"/{suggestion}/withdrawal"
    _send(data, service, renovation, credential, command_id, part, {})


def _send(
    data: Path | None,
    service: str,
    renovation: str,
    credential: Path,
    command_id: str,
    part: str,
    fields: dict[str, JsonValue],
) -> None:
    ticket = read_ticket(credential)
    given = sent_fields(command_id, unit_number=unit_of(ticket), **fields)
    path = f"{path_of(renovation, estate=False)}{part}"
    show_done(anybody(data, service, ticket).post(path, given))
