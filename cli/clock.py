"""`clock`: shows case time and the agenda of a renovation, and moves the clock of a training case."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import show, table
from cli.people.requests import LONG_S, ServiceRequests, anybody, in_name_of, of_case
from cli.people.session_file import load_sessions, own_sessions
from cli.servers import DATA, local_settings
from cli.shown import due, moment, who_named, words
from cli.words import Language, listed, named, said, speak, spoken_here, wait_named
from models.values.refusal import Refused, refusal
from service.bodies import Accepted
from service.clock.bodies import ClockMoved, ClockView, MoveClock, ReleaseHold, SetHold

if TYPE_CHECKING:
    from rich.table import Table

    from models.values.waits import Wait
    from service.clock.bodies import WaitView

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
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Show what falls due when; move the clock of a training case (`sandbox: {clock: told}`).

    Example: gongjian clock r1 days 3
    """
    speak(language)
    sent_as = command_id or f"cli-{uuid.uuid4()}"
    told = None if not move else _command(move, value, sent_as, past_holds=past_holds)
    path = f"/v1/renovations/{renovation}/clock"
    if told is None:
        view = ClockView.model_validate(_public(data, renovation, as_).get(path))
        show(view, lambda: _view_lines(view))
        return
    requests = _convener(data, renovation, as_)
    body = told.model_dump(mode="json", exclude_defaults=True)
    if isinstance(told, MoveClock):
        moved = ClockMoved.model_validate(requests.post(path, body, LONG_S))
        show(moved, lambda: [*_moves(moved), *_view_lines(moved)])
        return
    part = "holds" if isinstance(told, SetHold) else f"holds/{value}/release"
    done = Accepted.model_validate(requests.post(f"{path}/{part}", body))
    show(done, lambda: [f"{named('event', done.kind)} {done.id}"])


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


def _public(data: Path | None, renovation: str, as_: str) -> ServiceRequests:
    """Everybody may look; a session of this machine only says at which service."""
    sessions = [
        each
        for each in load_sessions(local_settings(data).data_dir)
        if each.only_case in (None, renovation) and as_ in ("", each.actor_id)
    ]
    return anybody(data, sessions[0].service if sessions else "")


def _convener(data: Path | None, renovation: str, as_: str) -> ServiceRequests:
    """Whoever `--as` names, else the only one here who may move the clock, else whoever opened the case.

    Raises:
        Refused: `cases.not_signed_in`, `cases.actor_needed`.
    """
    try:
        return of_case(data, renovation, as_, "move_clock")
    except Refused as several:
        if {each.code for each in several.problems} != {"cases.actor_needed"}:
            raise
        opener = _opener(data, renovation)
        if not opener:
            raise
    return of_case(data, renovation, opener, "move_clock")


def _opener(data: Path | None, renovation: str) -> str:
    """Who opened a case, as its first event says to those who take part in it; "" where it is not said."""
    home = local_settings(data).data_dir
    for kept in own_sessions(home, renovation):
        path = f"/v1/renovations/{renovation}/events"
        events = in_name_of(home, kept).get(path, limit="1")
        first = events[0] if isinstance(events, list) and events else {}
        if isinstance(first, dict) and first.get("actor_id"):
            return str(first["actor_id"])
    return ""


def _moves(answer: ClockMoved) -> Iterator[str]:
    for step in answer.moves:
        yield moment(step.to, answer.zone)
        for wait in step.due:
            yield f"  {_said(wait, step.to)}"
    if answer.stopped:
        why, by = named("wait_stop", answer.stopped), wait_named(answer.stopped_by)
        yield said("line.stopped", why=why, by=by).rstrip()


def _view_lines(answer: ClockView) -> Iterator[str | Table]:
    kind = said("line.clock_told") if answer.clock == "told" else said("line.clock_wall")
    yield said("line.clock_now", kind=kind, now=moment(answer.now, answer.zone))
    if answer.holds:
        holds = listed(f"{each.name} ({each.set_by})" for each in answer.holds)
        yield said("line.held", holds=holds)
    yield agenda_table(answer)


def agenda_table(clock: ClockView) -> Table:
    """What is waited for: until when by the clocks of the place, by whom, and what happens then."""
    rows = [
        (
            _until(wait, clock.now, clock.zone),
            _what(wait),
            who_named(wait.who) or "-",
            _then(wait),
        )
        for wait in clock.waits
        if wait.what not in OF_OTHERS
    ]
    return table(words("due waits_for who then"), rows, plain=True)


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
    from runtime.language.sentences import awaited

    return awaited(wait.what, spoken_here(), wait.subject)


def _then(wait: Wait) -> str:
    return said(f"then.{wait.consequence}") if wait.consequence else "-"
