"""`act`: one official act, as whoever is signed in here or as the operator of the machine."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from cli.acts.help import ActCommand
from cli.cases import CommandId, Data, Id, run_on_servers
from cli.inputs import act_fields, act_named, in_file, revision_fields
from cli.output import show, tell
from cli.servers import local_settings, reach_temporal
from cli.shown import change_lines
from cli.words import named, said
from models.values.refusal import Refused

if TYPE_CHECKING:
    from models.messages.acts import Act
    from models.values.actor import Role
    from service.parts import Parts

SEND_AGAIN = frozenset(
    {"act.held_back", "service.not_confirmed", "service.not_running", "service.too_many_acts"}
)
"""Refusals of an act after which the same command may be sent once more."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("act", cls=ActCommand)(act)


def act(  # noqa: PLR0917 - typer reads the signature
    renovation: Id,
    command: Annotated[str, typer.Argument(help="The official act, like open-vote.")],
    as_: Annotated[
        str, typer.Option("--as", metavar="ACTOR", help="Which of those who are signed in here.")
    ] = "",
    field: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A field.")] = None,
    fields: Annotated[
        str | None, typer.Option("--fields", metavar="JSON", help="All fields as an object.")
    ] = None,
    scheme: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="For revise-scheme: the scheme as in a renovation's file."
        ),
    ] = None,
    break_glass: Annotated[
        str,
        typer.Option(metavar="REASON", help="As the operator of this machine; it is recorded so."),
    ] = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """Do an official act as whoever is signed in here; of several, the only one who may.

    Example: gongjian act r1 grant-subsidy --field amount_fen=12000000 --field "reason=as decided on 3 March"
    """
    kind = act_named(command)
    given = revision_fields(kind, scheme) if scheme is not None else {}
    content = act_fields(kind, field or [], fields, given)
    sent_as = command_id or f"cli-{uuid.uuid4()}"
    try:
        if break_glass:
            done = _break_glass(data, renovation, kind, content, sent_as, break_glass)
        else:
            done = _sent(data, renovation, kind, content, sent_as, as_)
    except Refused as refusal:
        if any(problem.code in SEND_AGAIN for problem in refusal.problems):
            tell(f"gongjian: {said('line.ask_again', command=sent_as)}")
        if scheme is not None:
            raise in_file(refusal, scheme) from None
        raise
    show(done, lambda: _lines(done, renovation))


def _lines(done: dict[str, JsonValue], renovation: str) -> Iterator[str]:
    """What was done and what it changed, or that it waits for a second person."""
    if "seq" not in done:
        yield said("line.proposed", proposal=str(done["id"]), renovation=renovation)
        return
    event = named("event", str(done["kind"]))
    yield said("line.done", event=event, command=str(done["command_id"]))
    details = done.get("details")
    yield from change_lines(details if isinstance(details, dict) else {})


def _sent(
    data: Path | None,
    renovation: str,
    kind: type[Act],
    fields: dict[str, JsonValue],
    command_id: str,
    as_: str,
) -> dict[str, JsonValue]:
    """The answer of the service to an act, with what its event says; or the proposal it became."""
    from cli.people.requests import only_able

    def able() -> Collection[Role]:
        from rules.authority import ROLES_OF_ACT

        return ROLES_OF_ACT[kind.name].roles

    requests = only_able(local_settings(data).data_dir, renovation, as_, kind.name, able)
    path = f"/v1/renovations/{renovation}"
    done = requests.post(f"{path}/acts/{kind.name}", {"command_id": command_id, **fields})
    assert isinstance(done, dict)
    if "seq" not in done:
        return done
    seq = int(str(done["seq"]))
    events = requests.get(f"{path}/events", after=str(seq - 1), limit="1")
    found = events[0] if isinstance(events, list) and events else {}
    return {**done, "details": found.get("details") if isinstance(found, dict) else None}


def _break_glass(
    data: Path | None,
    renovation: str,
    kind: type[Act],
    fields: dict[str, JsonValue],
    command_id: str,
    reason: str,
) -> dict[str, JsonValue]:
    """Do an act as the operator, in a role that is taken for minutes and on the record."""
    from cli.people.commands import operator_account
    from rules.authority import ROLES_OF_ACT
    from service.identity.operator import BreakGlass, break_glass
    from service.situation import load_situation

    async def work(parts: Parts) -> dict[str, JsonValue]:
        situation = await load_situation(parts.database, renovation)
        await reach_temporal(parts)
        role = min(ROLES_OF_ACT[kind.name].roles)
        asked = BreakGlass(act=kind.name, role=role, reason=reason, account=operator_account())
        actor = await break_glass(parts.database, situation, command_id, asked)
        done = await parts.gateway.send(renovation, kind.name, fields, actor, command_id)
        return {
            **done.model_dump(mode="json"),
            "details": await _details(parts, renovation, done.seq),
        }

    return run_on_servers(data, work)


async def _details(parts: Parts, renovation: str, seq: int) -> dict[str, JsonValue]:
    """What the event of an act says."""
    from models.tables import Event

    async with parts.database.session() as session:
        event = await session.get(Event, (renovation, seq))
    return event.details if event is not None else {}
