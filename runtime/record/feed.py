"""The feed: the events of all cases in one order, for programs that follow many of them.

`feed_advance` gives positions to what is committed (see migration 0025). Whoever keeps the position up to
which it has read, and asks for what follows, gets each event once and misses none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, not_, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseClock, Event, FeedEntry, Renovation, Tender
from models.values.states import TenderState

ADVANCE = text("SELECT feed_advance()")
SANDBOX = or_(CaseClock.renovation_id.is_not(None), Renovation.clock != {})
_OPEN = (Event.kind == "bidding.tender_published", Tender.state == TenderState.OPEN)
SCANNED = 5_000
"""Entries that one page looks through for those that are asked for."""


@dataclass(frozen=True, slots=True)
class FeedLine:
    """An event, its position in the feed, the place of its case, and whether the case is for training."""

    position: int
    event: Event
    place_path: str
    sandbox: bool


@dataclass(frozen=True, slots=True)
class FeedPage:
    """What was found after a position, and the position from which to go on; `more`: at once."""

    lines: Sequence[FeedLine]
    next_position: int
    more: bool


async def advance(session: AsyncSession) -> None:
    """Give positions to the events that have none; what was committed before is in the feed then."""
    await session.execute(ADVANCE)


async def read_page(
    session: AsyncSession,
    places: Collection[str],
    after: int,
    limit: int,
    kinds: Collection[str] = (),
    *,
    until: int | None = None,
    training: bool = False,
) -> FeedPage:
    """The events after a position of cases in one of the places or below it, at most `limit`.

    `places` are paths, "" is everywhere; of `kinds` only, where some are
    named, and of training cases only where they are asked for. `until` is a position before which it
    ends, see `first_held`.
    """
    window = (
        select(FeedEntry.position)
        .where(FeedEntry.position > after, true() if until is None else FeedEntry.position < until)
        .order_by(FeedEntry.position)
        .limit(SCANNED)
    )
    scanned = (await session.scalars(window)).all()
    if not scanned:
        return FeedPage((), after, more=False)
    found = _lines(after, scanned[-1]).where(or_(*map(_below, places)))
    if not training:
        found = found.where(not_(SANDBOX))
    if kinds:
        found = found.where(Event.kind.in_(kinds))
    rows = (await session.execute(found.limit(limit))).all()
    lines = [FeedLine(position, event, path, bool(told)) for position, event, path, told in rows]
    full = len(lines) == limit
    reached = lines[-1].position if full else scanned[-1]
    return FeedPage(lines, reached, more=full or len(scanned) == SCANNED)


async def held_after(session: AsyncSession, renovation_id: str) -> int | None:
    """The number of the notice of the tender of a case for which bids may come in; None without one.

    What follows it would tell how many have bid; whoever may not know that reads it after the opening.
    """
    seq: int | None = await session.scalar(
        select(func.max(Event.seq))
        .join(Tender, Tender.id == Event.details["tender"].astext)
        .where(Event.renovation_id == renovation_id, *_OPEN)
    )
    return seq


async def first_held(session: AsyncSession, places: Collection[str]) -> int | None:
    """The position in the feed of the first event after such a notice, in cases of these places."""
    position: int | None = await session.scalar(
        select(func.min(FeedEntry.position))
        .join(Event, (Event.renovation_id == FeedEntry.renovation_id) & (Event.seq < FeedEntry.seq))
        .join(Tender, Tender.id == Event.details["tender"].astext)
        .join(Renovation, Renovation.id == FeedEntry.renovation_id)
        .where(or_(*map(_below, places)), *_OPEN)
    )
    return position


def _lines(after: int, until: int) -> Select[int, Event, str, bool]:
    return (
        select(FeedEntry.position, Event, Renovation.place_path, SANDBOX)
        .join(
            Event, (Event.renovation_id == FeedEntry.renovation_id) & (Event.seq == FeedEntry.seq)
        )
        .join(Renovation, Renovation.id == Event.renovation_id)
        .outerjoin(CaseClock, CaseClock.renovation_id == Renovation.id)
        .where(FeedEntry.position > after, FeedEntry.position <= until)
        .order_by(FeedEntry.position)
    )


def _below(place: str) -> ColumnElement[bool]:
    """A case is in a place or below it; segment by segment, as `rules.authority.covers` says."""
    if not place:
        return true()
    return (Renovation.place_path == place) | Renovation.place_path.startswith(
        f"{place}/", autoescape=True
    )
