"""The ballot box for writes beside the intake: locked, so that it cannot close meanwhile."""

from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, RollEntry, RollUnit
from models.values.refusal import refusal
from models.values.states import BoxState
from models.values.voting import Motion
from proof.canonical import utc_text
from runtime.ballots.boxes import load_running_boxes, named_box
from runtime.database import Database
from runtime.record.journal import load_tick
from service.parts import Parts
from service.situation import Situation, load_situation

T = TypeVar("T")


async def lock_open_box(
    session: AsyncSession,
    situation: Situation,
    box_id: str | None,
    motions: Collection[str] = (),
    *,
    alone: bool = False,
    early: bool = False,
) -> BallotBox:
    """Lock a box of the running vote if it is open; the closing waits for this transaction.

    `alone` also waits for ballots that are being committed and keeps new ones out, so that the caller
    reads all of them. `early` accepts a box that is announced and not open yet. `box_id`, if given, is
    the box that the page showed: another one is refused. Without it the motions that are spoken of
    say which box of several it is.

    Raises:
        Refused: `voting.no_box`, `voting.other_box`, `voting.which_box`, `voting.box_not_open_yet`,
            `voting.box_suspended`, `voting.box_closed`.
    """
    box = await running_box(session, situation, box_id, motions)
    # FOR NO KEY UPDATE waits for the ballots that are being committed (they hold FOR SHARE). The row
    # is read again by the lock itself.
    lock = {"key_share": True} if alone else {"read": True}
    await session.refresh(box, with_for_update=lock)
    # A statement of its own: the tick of after the lock.
    now = await load_tick(session, situation.id)
    if box.state == BoxState.SUSPENDED:
        raise refusal("voting.box_suspended", box=box.id)
    if box.state != BoxState.OPEN or now >= box.closes_at:
        raise refusal("voting.box_closed", box=box.id, at=utc_text(box.closes_at))
    if now < box.opens_at and not early:
        raise refusal("voting.box_not_open_yet", box=box.id, at=utc_text(box.opens_at))
    return box


async def running_box(
    session: AsyncSession,
    situation: Situation,
    box_id: str | None = None,
    motions: Collection[str] = (),
) -> BallotBox:
    """A box of the running vote, open or not, to read: the one that is named, or the only one.

    Raises:
        Refused: `voting.no_box`, `voting.other_box`, `voting.which_box`.
    """
    boxes = await load_running_boxes(session, situation.id)
    if not boxes:
        raise refusal("voting.no_box", where=situation.id)
    return named_box(boxes, box_id, motions)


async def read_running_box(
    database: Database,
    situation: Situation,
    read: Callable[[AsyncSession, BallotBox], Awaitable[T]],
    box_id: str | None = None,
) -> T:
    """Call `read` with a box of the running vote, open or not; routes and commands read lists this way.

    Raises:
        Refused: as `running_box` does.
    """
    async with database.session() as session:
        return await read(session, await running_box(session, situation, box_id))


async def read_ready(
    parts: Parts,
    renovation_id: str,
    count: Callable[[AsyncSession, BallotBox], Awaitable[T]],
    box_id: str | None = None,
) -> T:
    """A public number of a box of the running vote, counted now or a little ago (`ReadyCounts`).

    Raises:
        Refused: `renovation.unknown`, and as `running_box` does.
    """

    async def counted() -> T:
        situation = await load_situation(parts.database, renovation_id)
        async with parts.database.held() as session:
            # One processor at most: the others are for ballots.
            await session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
            await session.execute(text("SET LOCAL jit = off"))
            return await count(session, await running_box(session, situation, box_id))

    return await parts.ready.read((count.__qualname__, renovation_id, box_id or ""), counted)


def motions_by_id(box: BallotBox) -> dict[str, Motion]:
    """The motions of a box by their ids."""
    motions = (Motion.model_validate(motion) for motion in box.motions)
    return {motion.id: motion for motion in motions}


async def load_entry(session: AsyncSession, box: BallotBox, unit_number: str) -> RollEntry:
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
