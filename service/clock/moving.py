"""The clock of a told case (training): the convener moves it, deadline by deadline.

A command settles the case, moves the clock to the next moment at which something falls due (or to
its target, if that comes first), wakes whoever is due, settles again, and so on. Every move is a
journaled transaction of its own, so that a command that died half way is finished by sending it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue, ValidationError
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseClock, CaseHold, Renovation
from models.values.actor import Actor
from models.values.refusal import refusal
from models.values.states import OPEN_STATES
from models.values.waits import Wait
from rules.time.told_clock import (
    awaited_now,
    days_after,
    fell_due,
    is_due,
    next_moment,
    parse_moment,
    refuse_going_back,
    refuse_going_too_far,
)
from runtime.database import Database
from runtime.record.agenda import load_waits
from runtime.record.journal import Journal, Recorded
from service.bodies import Accepted
from service.clock.bodies import (
    ClockMoved,
    ClockStep,
    ClockView,
    HoldView,
    MoveClock,
    ReleaseHold,
    SetHold,
    WaitView,
)
from service.clock.waking import Waking
from service.gateway import Gateway
from service.recording import Details, accept, record
from service.showing import dated, shown
from service.situation import Situation, load_situation

# Ballots that are being committed hold the box FOR SHARE: none is under way while the clock moves, and
# none after it goes by the old time.
OPEN_BOXES = text("""
SELECT id FROM ballot_box WHERE renovation_id = :renovation AND state = 'open' FOR NO KEY UPDATE
""")
ADVANCED = "clock.advanced"


@dataclass(frozen=True)
class Stop:
    """Why a clock goes no further; "" while it goes on."""

    why: Literal["", "hold", "person", "nothing"]
    by: str = ""


class StopError(Exception):
    """Raised inside the transaction of a move to roll it back."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.why)
        self.stop = stop


class UnsettledError(Exception):
    """Raised inside a move when something fell due before the lock was taken: settle again."""


class CaseClocks:
    """Looks at the clocks of cases, and moves those that are told."""

    def __init__(self, database: Database, journal: Journal, gateway: Gateway) -> None:
        self._database = database
        self._journal = journal
        self._waking = Waking(database, gateway)

    async def look(self, renovation_id: str) -> ClockView:
        """The clock and the agenda of a case, told or not.

        Raises:
            Refused: `renovation.unknown`.
        """
        situation = await load_situation(self._database, renovation_id)
        return await self._view(situation)

    async def _view(self, situation: Situation) -> ClockView:
        async with self._database.session() as session:
            zone = situation.timetable.zone
            rows = await load_waits(session, situation.id)
            waits = [dated(WaitView, row, row.due_at, zone) for row in rows]
            holds = await _holds(session, situation.id)
        return ClockView(
            renovation_id=situation.id,
            clock=situation.clock,
            zone=situation.timetable.zone,
            now=situation.now,
            settled=not any(is_due(wait, situation.now) for wait in waits),
            holds=tuple(shown(HoldView, each) for each in holds),
            waits=tuple(waits),
        )

    async def settle(self, renovation_id: str) -> ClockView:
        """Wake whatever is due and wait until nothing is any more; a wall case is only looked at.

        Raises:
            Refused: `renovation.unknown`, `clock.not_settled`.
        """
        situation = await load_situation(self._database, renovation_id)
        if situation.clock == "wall":
            return await self._view(situation)
        await self._waking.settle(situation)
        return await self.look(renovation_id)

    async def move(self, renovation_id: str, actor: Actor, command: MoveClock) -> ClockMoved:
        """Move the clock; the same command again finishes what it began, and moves nothing twice.

        Raises:
            Refused: `clock.wall`, `clock.case_over`, `clock.backwards`, `clock.date_invalid`,
                `clock.held`, `clock.nothing_due`, `clock.busy`, `clock.not_settled`,
                `journal.command_reused`.
        """
        situation = await load_told_situation(self._database, renovation_id)
        moves: list[ClockStep] = []
        stop = Stop("")
        key = await self._key(situation, actor, command, moves)
        again = await self._journal.answered(key) is not None
        while not stop.why and not is_done(command, moves):
            key = key if not moves else await self._key(situation, actor, command, moves)
            # Sent again, `auto` repeats its answer and goes no further: it has no end of its own.
            if again and command.move == "auto" and await self._journal.answered(key) is None:
                break
            await self._waking.settle(situation)
            try:
                moves.append(await self._step(situation, actor, command, moves, key))
            except UnsettledError:
                # Between settling and the lock somebody wrote a wait that is due already.
                continue
            except StopError as stopped:
                stop = stopped.stop
        await self._waking.settle(situation)
        return await self._answer(renovation_id, command, moves, stop)

    async def _key(
        self, situation: Situation, actor: Actor, command: MoveClock, moves: Sequence[ClockStep]
    ) -> str:
        """The key of the move of a command that comes after these; senders may not use "#", so it is never theirs."""
        name = f"{command.command_id}#{len(moves) + 1}"
        return await self._journal.key_of(name, situation.id, actor.id)

    async def _step(
        self,
        situation: Situation,
        actor: Actor,
        command: MoveClock,
        moves: Sequence[ClockStep],
        key: str,
    ) -> ClockStep:
        """One move under this key, to the next moment of the agenda or to the target if that comes first."""
        # Of the first move: "three days on" is counted from where the command began.
        known = moves[0].target if moves else None

        async def inside(session: AsyncSession, now: datetime) -> Recorded[ClockStep]:
            await session.execute(OPEN_BOXES, {"renovation": situation.id})
            held = [each.name for each in await _holds(session, situation.id)]
            waits = [shown(WaitView, row) for row in await load_waits(session, situation.id)]
            if any(is_due(wait, now) for wait in waits):
                raise UnsettledError
            if not waits and situation.state not in OPEN_STATES:
                raise refusal("clock.case_over", where=situation.id)
            target = known or target_for(command, now, situation.timetable.zone)
            _stop_if_asked(command, held, waits, target, now)
            goal = min(filter(None, (next_moment(waits, now), target)), default=None)
            if goal is None:
                raise StopError(Stop("nothing"))
            await _set(session, situation.id, goal)
            due = fell_due([wait.bare() for wait in waits], now, goal)
            step = ClockStep(from_=now, to=goal, due=due, target=target)
            return Recorded(step, _details(command, step, held))

        return await record(
            self._journal,
            situation,
            actor,
            key,
            ADVANCED,
            command,
            inside,
            ClockStep,
            busy="clock.busy",
        )

    async def _answer(
        self, renovation_id: str, command: MoveClock, moves: Sequence[ClockStep], stop: Stop
    ) -> ClockMoved:
        if not moves and stop.why == "hold":
            raise refusal("clock.held", names=stop.by)
        if not moves and stop.why == "nothing" and command.move == "next":
            raise refusal("clock.nothing_due", where=renovation_id)
        view = await self.look(renovation_id)
        return ClockMoved(
            **{name: getattr(view, name) for name in ClockView.model_fields},
            from_=moves[0].from_ if moves else view.now,
            to=moves[-1].to if moves else view.now,
            moves=tuple(moves),
            stopped=stop.why,
            stopped_by=stop.by,
        )

    async def hold(self, renovation_id: str, actor: Actor, command: SetHold) -> Accepted:
        """Hold the clock under a name.

        Raises:
            Refused: `clock.wall`, `clock.hold_known`.
        """
        situation = await load_told_situation(self._database, renovation_id)

        async def change(session: AsyncSession, _now: datetime, _key: str) -> tuple[str, Details]:
            if await session.get(CaseHold, (renovation_id, command.name)) is not None:
                raise refusal("clock.hold_known", name=command.name)
            session.add(CaseHold(renovation_id=renovation_id, name=command.name, set_by=actor.id))
            return command.name, {"name": command.name}

        return await accept(self._journal, situation, actor, command, "clock.held", change)

    async def release(
        self, renovation_id: str, actor: Actor, name: str, command: ReleaseHold
    ) -> Accepted:
        """Take a hold away.

        Raises:
            Refused: `clock.wall`, `clock.hold_unknown`.
        """
        try:
            asked = SetHold(command_id=command.command_id, name=name)
        except ValidationError:
            # What cannot be the name of a hold is nobody's.
            raise refusal("clock.hold_unknown", name=name[:64]) from None
        situation = await load_told_situation(self._database, renovation_id)

        async def change(session: AsyncSession, _now: datetime, _key: str) -> tuple[str, Details]:
            row = await session.get(CaseHold, (renovation_id, name))
            if row is None:
                raise refusal("clock.hold_unknown", name=name[:64])
            await session.delete(row)
            return name, {"name": name}

        return await accept(self._journal, situation, actor, asked, "clock.released", change)


def is_done(command: MoveClock, moves: Sequence[ClockStep]) -> bool:
    """Whether the moves so far reach the end of the command; `auto` has no end of its own."""
    if not moves or command.move == "auto":
        return False
    target = moves[-1].target
    return target is None or moves[-1].to >= target


def target_for(command: MoveClock, now: datetime, zone: str) -> datetime | None:
    """The moment to which a command moves the clock; None for `next` and `auto`.

    Raises:
        Refused: `clock.date_invalid`, `clock.too_far`, `clock.backwards`.
    """
    if command.move not in {"days", "to"}:
        return None
    if command.move == "days":
        target = days_after(now, command.days, zone)
    else:
        target = parse_moment(command.to, zone)
    refuse_going_too_far(target)
    refuse_going_back(target, now, zone)
    return target


async def load_told_situation(database: Database, renovation_id: str) -> Situation:
    """The renovation, if its clock is a told one.

    Raises:
        Refused: `renovation.unknown`, `clock.wall`.
    """
    situation = await load_situation(database, renovation_id)
    if situation.clock != "told":
        raise refusal("clock.wall", where=renovation_id)
    return situation


def _stop_if_asked(
    command: MoveClock,
    held: Sequence[str],
    waits: Sequence[Wait],
    target: datetime | None,
    now: datetime,
) -> None:
    """Raise `StopError` at the target, at a hold, and for `auto` where a person is awaited."""
    if target == now:
        raise StopError(Stop("nothing"))
    if held and not command.past_holds:
        raise StopError(Stop("hold", ", ".join(held)))
    awaited = awaited_now(waits, now) if command.move == "auto" else None
    if awaited is not None:
        raise StopError(Stop("person", f"{awaited.what}: {awaited.who}"))


async def _set(session: AsyncSession, renovation_id: str, goal: datetime) -> None:
    row = await session.get_one(Renovation, renovation_id)
    await session.execute(
        update(CaseClock)
        .where(CaseClock.renovation_id == renovation_id)
        .values(now=goal, moved_seq=row.head_seq + 1)
    )


async def _holds(session: AsyncSession, renovation_id: str) -> Sequence[CaseHold]:
    query = select(CaseHold).where(CaseHold.renovation_id == renovation_id)
    return (await session.scalars(query.order_by(CaseHold.name))).all()


def _details(command: MoveClock, step: ClockStep, held: Sequence[str]) -> dict[str, JsonValue]:
    return {
        "from": step.from_.isoformat(),
        "to": step.to.isoformat(),
        "why": command.move,
        "target": step.target.isoformat() if step.target else None,
        "due": [wait.model_dump(mode="json") for wait in step.due],
        "past_holds": list(held),
    }
