"""Door-to-door rounds and reminders: visits are recorded, and who has not taken part is listed."""

import hashlib
from collections import Counter as Tallies
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, DoorVisit, Notice, RollUnit
from models.values.actor import Actor
from models.values.base import Carried
from models.values.channels import Visit
from models.values.refusal import refusal, refuse_if_any
from models.values.states import NoticeState
from rules.ballots.visits import Door, visit_problems
from runtime.ballots.standing import not_taken_part
from runtime.calendars import is_provisional
from service.bodies import Accepted
from service.channels.bodies import RecordVisits, Remind
from service.channels.open_box import lock_open_box
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation

LAST_VISITS = text("""
SELECT DISTINCT ON (unit_number) unit_number, outcome, envelope, visited_by, recorded_at
FROM door_visit WHERE box_id = :box ORDER BY unit_number, seq DESC
""")


class VisitView(Carried):
    """The last visit at a door."""

    unit_number: str
    outcome: Visit
    envelope: str
    visited_by: str
    recorded_at: datetime


async def record_visits(
    parts: Parts, situation: Situation, actor: Actor, command: RecordVisits
) -> Accepted:
    """Record a round of visits; the event has the number of each outcome and names no unit."""

    async def change(session: AsyncSession, _now: datetime, key: str) -> tuple[str, Details]:
        box = await lock_open_box(session, situation, command.box_id, early=True)
        numbers = [visit.unit_number for visit in command.visits]
        roll = set(
            await session.scalars(
                select(RollUnit.unit_number).where(
                    RollUnit.box_id == box.id, RollUnit.unit_number.in_(numbers)
                )
            )
        )
        doors = [Door(each.unit_number, each.outcome, each.envelope) for each in command.visits]
        refuse_if_any(visit_problems(doors, roll))
        session.add_all(
            DoorVisit(
                box_id=box.id,
                unit_number=door.unit_number,
                outcome=door.outcome,
                envelope=door.envelope,
                visited_by=actor.id,
                command_id=key,
                recorded_at=func.clock_timestamp(),
            )
            for door in doors
        )
        kinds = {str(kind): number for kind, number in Tallies(d.outcome for d in doors).items()}
        return command.command_id, {"box": box.id, "doors": len(doors), **kinds}

    return await accept(parts.journal, situation, actor, command, "voting.doors_visited", change)


async def list_last_visits(session: AsyncSession, box: BallotBox) -> tuple[VisitView, ...]:
    """The last visit at each door of a vote."""
    rows = await session.execute(LAST_VISITS, {"box": box.id})
    return tuple(VisitView.model_validate(row._asdict()) for row in rows)


async def remind_non_voters(
    parts: Parts, situation: Situation, actor: Actor, command: Remind
) -> Accepted:
    """Order a reminder; whom it reaches is looked up when it is sent, and told by another event."""

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        box = await lock_open_box(session, situation, command.box_id)
        silent = await list_non_voters(session, box)
        if not silent:
            raise refusal("reminder.nobody", box=box.id)
        name = hashlib.sha256(f"{key}!vote_reminder".encode()).hexdigest()
        session.add(
            Notice(
                id=name,
                renovation_id=situation.id,
                command_id=key,
                audience="non_voters",
                audience_id=None,
                template="vote_reminder",
                params={
                    "box": box.id,
                    "closes_at": box.closes_at.isoformat(),
                    "provisional": is_provisional(box.closes_at, situation.timetable.zone),
                },
                state=NoticeState.QUEUED,
                attempts=0,
                created_at=now,
            )
        )
        return name, {"box": box.id, "units": len(silent)}

    kind = "voting.reminder_ordered"
    return await accept(parts.journal, situation, actor, command, kind, change, quota="reminders")


async def list_non_voters(session: AsyncSession, box: BallotBox) -> tuple[str, ...]:
    """The units that may vote and have not taken part; never how anybody voted.

    A unit whose ballots are contested is one of them: as things stand nothing of it counts.
    """
    return await not_taken_part(session, box.id)
