"""What stands beside the ballots: attendance, rulings, sales on the roll, results of the city's system."""

from datetime import date, datetime

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Attendance,
    BallotBox,
    BallotRuling,
    OfficialResult,
    OwnerReplacement,
    RollEntry,
)
from models.values.base import Carried
from service.showing import shown
from service.views import BoxView


class AttendanceView(Carried):
    """An owner who came to the meeting of a vote, by the unit of the signed list; real time."""

    box_id: str
    unit_number: str
    recorded_at: datetime


class RulingView(Carried):
    """What was recorded about the ballots of the owners of some units, with its reason; real time."""

    box_id: str
    unit_numbers: tuple[str, ...]
    number: int
    kind: str
    ballot_id: str | None
    """The one that counts, where one was accepted."""
    reason: str
    recorded_at: datetime


class ReplacementView(Carried):
    """A sale on a frozen roll: the buyer votes for the unit from then on; real time."""

    unit_number: str
    generation: int
    box_id: str
    shared: bool
    """The entry has other units, whose owner keeps them."""
    registered_on: date
    evidence: str
    replaced_by: str
    recorded_at: datetime


class OfficialResultView(Carried):
    """The result of the city's own system that closed a box, as its certificate has it; real time."""

    box_id: str
    system: str
    certificate: str
    file_sha256: str
    results: JsonValue
    recorded_at: datetime


async def list_boxes(session: AsyncSession, renovation_id: str) -> tuple[BoxView, ...]:
    """The boxes of every vote of a renovation, vote by vote, with their results."""
    rows = await session.scalars(
        select(BallotBox)
        .where(BallotBox.renovation_id == renovation_id)
        .order_by(BallotBox.attempt, BallotBox.building, BallotBox.entrance)
    )
    return tuple(shown(BoxView, row) for row in rows)


async def list_attendance(session: AsyncSession, renovation_id: str) -> tuple[AttendanceView, ...]:
    """Who came to the meetings of the votes of a renovation."""
    rows = await session.scalars(
        select(Attendance)
        .join(BallotBox, BallotBox.id == Attendance.box_id)
        .where(BallotBox.renovation_id == renovation_id)
        .order_by(BallotBox.attempt, Attendance.box_id, Attendance.unit_number)
    )
    return tuple(shown(AttendanceView, row) for row in rows)


async def list_rulings(session: AsyncSession, renovation_id: str) -> tuple[RulingView, ...]:
    """Every ruling about ballots of a renovation, in the order in which they were recorded."""
    rows = await session.execute(
        select(BallotRuling, RollEntry.units)
        .join(BallotBox, BallotBox.id == BallotRuling.box_id)
        .join(
            RollEntry,
            (RollEntry.box_id == BallotRuling.box_id)
            & (RollEntry.entry_id == BallotRuling.entry_id),
        )
        .where(BallotBox.renovation_id == renovation_id)
        .order_by(BallotRuling.recorded_at, BallotRuling.entry_id, BallotRuling.number)
    )
    return tuple(
        RulingView(
            box_id=row.box_id,
            unit_numbers=tuple(units),
            number=row.number,
            kind=row.kind,
            ballot_id=row.ballot_id,
            reason=row.reason,
            recorded_at=row.recorded_at,
        )
        for row, units in rows
    )


async def list_replacements(
    session: AsyncSession, renovation_id: str
) -> tuple[ReplacementView, ...]:
    """Every sale on the rolls of a renovation."""
    rows = await session.scalars(
        select(OwnerReplacement)
        .where(OwnerReplacement.renovation_id == renovation_id)
        .order_by(OwnerReplacement.unit_number, OwnerReplacement.generation)
    )
    return tuple(shown(ReplacementView, row) for row in rows)


async def list_official_results(
    session: AsyncSession, renovation_id: str
) -> tuple[OfficialResultView, ...]:
    """The imported results of a renovation, vote by vote."""
    rows = await session.scalars(
        select(OfficialResult)
        .join(BallotBox, BallotBox.id == OfficialResult.box_id)
        .where(BallotBox.renovation_id == renovation_id)
        .order_by(BallotBox.attempt, OfficialResult.box_id)
    )
    return tuple(shown(OfficialResultView, row) for row in rows)
