"""The feed: the events of all cases in one order, for programs that follow many of them.

Those of suggestions that were made for an estate before it had a case are in it too. `feed_advance` gives
positions to what is committed (see migrations 0025 and 0059). Whoever keeps the position up to
which it has read, and asks for what follows, gets each event once and misses none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, not_, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from models.tables import (
    CaseClock,
    Estate,
    Event,
    FeedEntry,
    Place,
    PlaceEvent,
    Renovation,
    Tender,
)
from models.values.states import TenderState

ADVANCE = text("SELECT feed_advance()")
SANDBOX = or_(CaseClock.renovation_id.is_not(None), Renovation.clock != {})
CASE_PLACE, ESTATE_PLACE = Renovation.place_path, Place.path
_OPEN = (Event.kind == "bidding.tender_published", Tender.state == TenderState.OPEN)
SCANNED = 5_000
"""Entries that one page looks through for those that are asked for."""


@dataclass(frozen=True, slots=True)
class FeedLine:
    """An event, its position in the feed, the place of its case or estate, and whether that is for training."""

    position: int
    event: Event | PlaceEvent
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
    of_cases = _lines(after, scanned[-1]).where(or_(*(_below(p, CASE_PLACE) for p in places)))
    of_estates = _estate_lines(after, scanned[-1]).where(
        or_(*(_below(p, ESTATE_PLACE) for p in places))
    )
    if not training:
        of_cases, of_estates = of_cases.where(not_(SANDBOX)), of_estates.where(~Estate.synthetic)
    if kinds:
        of_cases = of_cases.where(Event.kind.in_(kinds))
        of_estates = of_estates.where(PlaceEvent.kind.in_(kinds))
    rows: list[tuple[int, Event | PlaceEvent, str, bool]] = []
    for found in (of_cases, of_estates):
        rows += [(*row,) for row in await session.execute(found.limit(limit))]
    lines = [FeedLine(*row) for row in sorted(rows, key=lambda row: row[0])[:limit]]
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
        .where(or_(*(_below(p, CASE_PLACE) for p in places)), *_OPEN)
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


def _estate_lines(after: int, until: int) -> Select[int, PlaceEvent, str, bool]:
    return (
        select(FeedEntry.position, PlaceEvent, Place.path, Estate.synthetic)
        .join(
            PlaceEvent,
            (PlaceEvent.log_id == FeedEntry.log_id) & (PlaceEvent.seq == FeedEntry.seq),
        )
        .join(Estate, Estate.id == PlaceEvent.details["estate"].astext)
        .join(Place, Place.id == Estate.place_id)
        .where(FeedEntry.position > after, FeedEntry.position <= until)
        .order_by(FeedEntry.position)
    )


def _below(place: str, path: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Something is in a place or below it; segment by segment, as `rules.authority.covers` says."""
    if not place:
        return true()
    return (path == place) | path.startswith(f"{place}/", autoescape=True)
