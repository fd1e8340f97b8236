"""The open ballot box as a write beside the web finds it: locked, so that it cannot close meanwhile."""

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, RollEntry, RollUnit
from models.values.refusal import refusal
from models.values.voting import Motion
from runtime.record.journal import tick_of
from service.ballots.receipts import written
from service.situation import Situation


async def locked_box(
    session: AsyncSession,
    situation: Situation,
    box_id: str | None,
    *,
    alone: bool = False,
    early: bool = False,
) -> BallotBox:
    """The latest box of the renovation, open; the closing waits for this transaction.

    `alone` keeps ballots out too, so that what is read of them is everything there is. `early`
    takes a box that was announced and does not take ballots yet. `box_id` is what the page showed.

    Raises:
        Refused: `voting.no_box`, `voting.other_box`, `voting.box_not_open_yet`, `voting.box_closed`.
    """
    query = _latest(situation).execution_options(populate_existing=True)
    # FOR NO KEY UPDATE waits for the ballots that are being committed (they hold FOR SHARE).
    locked = query.with_for_update(key_share=True) if alone else query.with_for_update(read=True)
    box = await session.scalar(locked)
    if box is None:
        raise refusal("voting.no_box", where=situation.id)
    if box_id is not None and box_id != box.id:
        raise refusal("voting.other_box", given=box_id, box=box.id)
    # A statement of its own: the tick of after the lock.
    now = await tick_of(session, situation.id)
    if box.state != "open" or now >= box.closes_at:
        raise refusal("voting.box_closed", box=box.id, at=written(box.closes_at))
    if now < box.opens_at and not early:
        raise refusal("voting.box_not_open_yet", box=box.id, at=written(box.opens_at))
    return box


async def latest_box(session: AsyncSession, situation: Situation) -> BallotBox:
    """The latest box, open or not, to read.

    Raises:
        Refused: `voting.no_box`.
    """
    box = await session.scalar(_latest(situation))
    if box is None:
        raise refusal("voting.no_box", where=situation.id)
    return box


def motions_of(box: BallotBox) -> dict[str, Motion]:
    """The motions of a box by their ids."""
    motions = (Motion.model_validate(motion) for motion in box.motions)
    return {motion.id: motion for motion in motions}


async def entry_of(session: AsyncSession, box: BallotBox, unit_number: str) -> RollEntry:
    """The roll entry that a unit votes with.

    Raises:
        Refused: `voting.unit_not_on_roll`.
    """
    entry = await session.scalar(
        select(RollEntry)
        .join(
            RollUnit,
            (RollUnit.box_id == RollEntry.box_id) & (RollUnit.entry_id == RollEntry.entry_id),
        )
        .where(RollUnit.box_id == box.id, RollUnit.unit_number == unit_number)
    )
    if entry is None:
        raise refusal("voting.unit_not_on_roll", where="unit_number", unit=unit_number)
    return entry


def _latest(situation: Situation) -> Select[BallotBox]:
    return (
        select(BallotBox)
        .where(BallotBox.renovation_id == situation.id)
        .order_by(BallotBox.attempt.desc())
        .limit(1)
    )
