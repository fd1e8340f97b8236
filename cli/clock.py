"""`clock`: shows case time and the agenda of a renovation, and moves the clock of a training case."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.servers import DATA, reach_temporal, running
from cli.shown import due, moment, result_console, who_named, words
from cli.words import Language, listed, named, said, speak, wait_named
from models.values.refusal import refusal
from service.bodies import Accepted
from service.clock.bodies import ClockMoved, ClockView, MoveClock, ReleaseHold, SetHold

if TYPE_CHECKING:
    from rich.table import Table

    from models.values.actor import Actor
    from models.values.waits import Wait
    from service.clock.bodies import WaitView
    from service.parts import Parts

MOVES = ("next", "to", "days", "auto")
HOLDS = ("hold", "release")
OF_OTHERS = frozenset({"stage", "publication"})
"""Waits for a workflow whose own waits are on the agenda."""
Id = Annotated[str, typer.Argument(metavar="RENOVATION", help="The id that `gongjian start` gave.")]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("clock")(clock)


def clock(
    renovation: Id,
    move: Annotated[
        str,
        typer.Argument(
            metavar="[next | to DATE | days N | auto | hold NAME | release NAME]",
            help="Nothing: show the clock. next: to the next deadline. auto: until somebody is awaited.",
        ),
    ] = "",
    value: Annotated[str, typer.Argument(hidden=True)] = "",
    *,
    past_holds: Annotated[
        bool, typer.Option("--past-holds", help="Go on although the clock is held; it is recorded.")
    ] = False,
    as_: Annotated[
        str,
        typer.Option("--as", metavar="ACTOR", help="Who says so; else whoever opened the case."),
    ] = "",
    command_id: Annotated[str, typer.Option(help="The same id is done once; else a new one.")] = "",
    language: Language = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Show what falls due when; move the clock of a training case (`sandbox: {clock: told}`).

    Example: gongjian clock r1 days 3
    """
    speak(language)
    sent_as = command_id or f"cli-{uuid.uuid4()}"
    told = None if not move else _command(move, value, sent_as, past_holds=past_holds)

    async def work() -> ClockView | ClockMoved | Accepted:
        async with running(data) as parts:
            await reach_temporal(parts)
            if told is None:
                return await parts.clocks.look(renovation)
            actor = await _convener(parts, data, renovation, as_)
            if isinstance(told, MoveClock):
                return await parts.clocks.move(renovation, actor, told)
            if isinstance(told, SetHold):
                return await parts.clocks.hold(renovation, actor, told)
            return await parts.clocks.release(renovation, actor, value, told)

    answer = asyncio.run(work())
    if as_json:
        print(json.dumps(answer.model_dump(mode="json", by_alias=True), ensure_ascii=False))
    else:
        _tell(answer)


def _command(
    move: str, value: str, command_id: str, *, past_holds: bool
) -> MoveClock | SetHold | ReleaseHold:
    """The command of the service for what was typed.

    Raises:
        Refused: `clock.move_unknown`, `clock.value_missing`, `clock.value_extra`, `service.field_…`.
    """
    from service.http.problems import read_fields

    if move not in (*MOVES, *HOLDS):
        raise refusal("clock.move_unknown", given=move[:40], known=", ".join((*MOVES, *HOLDS)))
    takes = move in ("to", "days", *HOLDS)
    if takes and not value:
        raise refusal("clock.value_missing", move=move)
    if value and not takes:
        raise refusal("clock.value_extra", move=move, given=value[:40])
    fields: dict[str, object] = {"command_id": command_id}
    kind: type[MoveClock | SetHold | ReleaseHold] = MoveClock
    if move in MOVES:
        fields |= {"move": move, "past_holds": past_holds}
        fields |= {"to": value} if move == "to" else {}
        fields |= {"days": int(value) if value.isdecimal() else value} if move == "days" else {}
    elif move == "hold":
        kind, fields = SetHold, {**fields, "name": value}
    else:
        kind = ReleaseHold
    return read_fields(kind, fields)


async def _convener(parts: Parts, data: Path | None, renovation: str, given: str) -> Actor:
    """The official named by `--as`, else whoever opened the case, if they may move its clock.

    Raises:
        Refused: `clock.wall`, `cases.not_signed_in`, `credential.no_role`.
    """
    from cli.people.own import must_be_signed_in
    from rules.authority import ROLES_OF_WRITE
    from service.clock.moving import load_told_situation
    from service.situation import load_grants, load_opener

    situation = await load_told_situation(parts.database, renovation)
    roles = ROLES_OF_WRITE["move_clock"].roles
    name = given or await load_opener(parts.database, renovation)
    await must_be_signed_in(parts, data, renovation, name)
    return situation.in_role(await load_grants(parts.database, name, renovation), *roles)


def _tell(answer: ClockView | ClockMoved | Accepted) -> None:
    if isinstance(answer, Accepted):
        print(f"{named('event', answer.kind)} {answer.id}")
        return
    if isinstance(answer, ClockMoved):
        for step in answer.moves:
            print(moment(step.to, answer.zone))
            for wait in step.due:
                print(f"  {_said(wait, step.to)}")
        if answer.stopped:
            why, by = named("wait_stop", answer.stopped), wait_named(answer.stopped_by)
            print(said("line.stopped", why=why, by=by).rstrip())
    kind = said("line.clock_told") if answer.clock == "told" else said("line.clock_wall")
    print(said("line.clock_now", kind=kind, now=moment(answer.now, answer.zone)))
    if answer.holds:
        holds = listed(f"{each.name} ({each.set_by})" for each in answer.holds)
        print(said("line.held", holds=holds))
    result_console().print(agenda_table(answer))


def agenda_table(clock: ClockView) -> Table:
    """What is waited for: until when by the clocks of the place, by whom, and what happens then."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    for title in words("due waits_for who then"):
        table.add_column(title, overflow="fold")
    for wait in clock.waits:
        if wait.what not in OF_OTHERS:
            until, who = _until(wait, clock.now, clock.zone), who_named(wait.who) or "-"
            table.add_row(until, _what(wait), who, _then(wait))
    return table


def _until(wait: WaitView, now: datetime, zone: str) -> str:
    until = due(wait.due_at, zone, wait.provisional)
    if wait.since and wait.since > now:
        return f"{moment(wait.since, zone)} – {until}"
    if wait.late_since is not None:
        since = said("line.late_since", since=moment(wait.late_since, zone))
        return f"{since}; {until}" if wait.due_at else since
    late = wait.due_at and wait.due_at <= now and not wait.consequence
    return said("line.late_mark", until=until) if late else until


def _said(wait: Wait, at: datetime) -> str:
    """One thing that fell due: what, and what the engine did or who is late."""
    what = _what(wait)
    if wait.due_at != at:
        return said("line.begins", what=what)
    if wait.consequence:
        return said("line.over_then", what=what, then=_then(wait))
    who = who_named(wait.who) if wait.who else said("line.nobody")
    return said("line.over_late", what=what, who=who)


def _what(wait: Wait) -> str:
    kind, _, of = wait.what.partition(".")
    return " ".join(filter(None, (said(f"wait.{kind}"), of, wait.subject)))


def _then(wait: Wait) -> str:
    return said(f"then.{wait.consequence}") if wait.consequence else "-"
