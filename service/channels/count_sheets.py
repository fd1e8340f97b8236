"""The count sheets of paper batches: how many ballots, how many invalid, who typed; no choices."""

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, PaperBatch, PaperCast, PaperEntry
from models.values.base import Carried
from models.values.channels import PaperChannel
from rules.ballots.paper import differing
from service.channels.paper import load_line_digests
from service.showing import shown


class TypingView(Carried):
    """One typing of a batch."""

    number: int
    entered_by: str
    ballots: int
    invalid: int | None
    """Null for a handful of ballots, of which it would tell whose."""
    recorded_at: datetime


class CountSheet(Carried):
    """A batch as the vote supervisors sign for it."""

    batch_id: str
    reference: str
    channel: PaperChannel
    scan: str
    typings: tuple[TypingView, ...]
    differing: tuple[str, ...]
    """Units that have to be typed again, twice."""
    cast: int
    """Ballots of the batch that are in the box."""
    waiting_for: Literal["second_typing", "typing_again", "casting", "nothing"]
    """"second_typing", "typing_again", "casting" (send the second typing again) or "nothing"."""


async def list_count_sheets(session: AsyncSession, box: BallotBox) -> tuple[CountSheet, ...]:
    """Every batch of a box, by its reference."""
    batches = await session.scalars(
        select(PaperBatch).where(PaperBatch.box_id == box.id).order_by(PaperBatch.reference)
    )
    return tuple([await _sheet(session, batch) for batch in batches.all()])


async def _sheet(session: AsyncSession, batch: PaperBatch) -> CountSheet:
    entries = (
        await session.scalars(
            select(PaperEntry).where(PaperEntry.batch_id == batch.id).order_by(PaperEntry.number)
        )
    ).all()
    cast = {
        row.number: row.ballots
        for row in await session.scalars(select(PaperCast).where(PaperCast.batch_id == batch.id))
    }
    last = entries[-1].number
    units: tuple[str, ...] = ()
    if last % 2 == 0:
        first = await load_line_digests(session, batch.id, last - 1)
        units = differing(first, await load_line_digests(session, batch.id, last))
    waiting = "second_typing" if last % 2 else "typing_again" if units else "nothing"
    if any(number not in cast for number in range(2, last + 1, 2)):
        waiting = "casting"
    return CountSheet(
        batch_id=batch.id,
        reference=batch.reference,
        channel=batch.channel,
        scan=batch.scan,
        typings=tuple(shown(TypingView, entry) for entry in entries),
        differing=units,
        cast=sum(cast.values()),
        waiting_for=waiting,
    )
