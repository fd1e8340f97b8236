"""How an activity writes: in case time, through the journal, with refusals that reach the person."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from models.messages.deed import Deed
from models.messages.journey import STAGES
from models.messages.step import Step
from models.tables import Notice, Renovation, Scheme
from models.values.refusal import Problem, Refused
from models.values.scheme import SchemeContent
from models.values.timetable import Clock, Period, Timetable, WorkCalendar
from rules import clock as clocks
from rules.deadlines import deadline
from runtime.database import Database
from runtime.journal import Journal, Recorded
from runtime.sealing import BoxKeys

T = TypeVar("T", bound=BaseModel)
BEATS_PER_TIMEOUT = 4
FRAMES_KEPT = 1_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """One renovation while it is being written to: the locked row, its time and its law."""

    session: AsyncSession
    renovation: Renovation
    step: Step
    now: datetime
    """Case time, UTC."""
    clock: Clock | None
    timetable: Timetable
    calendar: WorkCalendar

    def ends(self, start: datetime, period: Period) -> datetime:
        """When a period that starts at `start` is over, in case time."""
        return deadline(start, period, self.calendar, self.timetable.zone)

    def real(self, moment: datetime) -> datetime:
        """The real moment of a case moment: what timers wait for."""
        return clocks.real_time(self.clock, moment) if self.clock else moment

    def wait_for(self, what: str, due_at: datetime | None = None) -> None:
        """Say on the renovation's row what it is waiting for, and until when (case time)."""
        self.renovation.waiting_for = what
        self.renovation.due_at = due_at

    async def scheme(self) -> tuple[int, SchemeContent]:
        """The latest version of the scheme, with its number."""
        row = await self.session.scalar(
            select(Scheme)
            .where(Scheme.renovation_id == self.renovation.id)
            .order_by(Scheme.version.desc())
            .limit(1)
        )
        if row is None:
            raise Refused(Problem(code="scheme_missing", where=self.renovation.id))
        return row.version, SchemeContent.model_validate(row.content)

    def notify(self, audience: str, template: str, **params: str | int) -> None:
        """Put a notice into the outbox, in this transaction."""
        key = f"{self.step.command_id}!{template}!{len(self.session.new)}"
        self.session.add(
            Notice(
                id=hashlib.sha256(key.encode()).hexdigest(),
                renovation_id=self.renovation.id,
                command_id=self.step.command_id,
                audience=audience,
                audience_id=None,
                template=template,
                params=dict(params),
                state="queued",
                attempts=0,
                created_at=self.now,
            )
        )


@dataclass(frozen=True)
class Frame:
    """The time and the law under which a renovation was opened."""

    clock: Clock | None
    timetable: Timetable
    rule_pack: str


Change = Callable[[Case], Awaitable[Recorded[T]]]


class Desk:
    """Writes steps: one transaction each, idempotent by the step's command id."""

    def __init__(self, database: Database, calendar: WorkCalendar, keys: BoxKeys) -> None:
        self.database = database
        self.journal = Journal(database)
        self.calendar = calendar
        self.keys = keys
        self.frames: dict[str, Frame] = {}

    async def write(
        self,
        step: Step,
        kind: str,
        request: BaseModel | None,
        change: Change[T],
        into: type[T],
    ) -> T:
        """Record one change with its event and receipt; a Refused becomes a refusal for Temporal."""
        try:
            async with _beating():
                return await self._record(step, kind, request, change, into)
        except Refused as refused:
            raise ApplicationError(
                str(refused),
                [problem.model_dump(mode="json") for problem in refused.problems],
                type="Refused",
                non_retryable=True,
                category=ApplicationErrorCategory.BENIGN,
            ) from refused

    async def _record(
        self, step: Step, kind: str, request: BaseModel | None, change: Change[T], into: type[T]
    ) -> T:
        frame = await self._frame(step.renovation_id)
        clock, timetable = frame.clock, frame.timetable
        now = clocks.case_time(clock, step.at) if clock else step.at

        async def inside(session: AsyncSession) -> Recorded[T]:
            row = await session.get_one(Renovation, step.renovation_id)
            refuse_after_the_stage(step.workflow_id, row)
            return await change(
                Case(
                    session=session,
                    renovation=row,
                    step=step,
                    now=now,
                    clock=clock,
                    timetable=timetable,
                    calendar=self.calendar,
                )
            )

        deed = Deed(
            command_id=step.command_id,
            renovation_id=step.renovation_id,
            happened_at=now,
            rule_pack=frame.rule_pack,
            actor=step.actor,
            workflow_id=step.workflow_id,
            run_id=step.run_id,
        )
        return await self.journal.record(deed, kind, request, inside, into)

    async def _frame(self, renovation_id: str) -> Frame:
        """What a renovation carries from its opening to its end; read once, it never changes."""
        frame = self.frames.get(renovation_id)
        if frame is not None:
            return frame
        async with self.database.session() as session:
            row = await session.get(Renovation, renovation_id)
        if row is None:
            raise Refused(Problem(code="renovation_unknown", where=renovation_id))
        frame = Frame(
            clock=Clock.model_validate(row.clock) if row.clock else None,
            timetable=Timetable.model_validate(row.timetable),
            rule_pack=row.rule_pack,
        )
        if len(self.frames) >= FRAMES_KEPT:
            self.frames.clear()
        self.frames[renovation_id] = frame
        return frame


def refuse_after_the_stage(workflow_id: str, renovation: Renovation) -> None:
    """A stage that was left, by its end or by a cancellation, writes nothing any more.

    Raises:
        Refused: `stage_over`; a write that was on its way when the stage ended comes too late.
    """
    parts = workflow_id.split("/")
    of_a_stage = len(parts) > 2 and parts[2] in STAGES  # noqa: PLR2004 - renovation/<id>/<stage>/<n>
    if of_a_stage and workflow_id != renovation.stage_workflow_id:
        raise Refused(Problem(code="stage_over", params={"stage": "/".join(parts[2:])}))


@asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    """Tell Temporal that a long activity lives, where its profile asks for that."""
    limit = activity.info().heartbeat_timeout if activity.in_activity() else None
    if limit is None:
        yield
        return

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(limit.total_seconds() / BEATS_PER_TIMEOUT)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
