"""The history of a case, as whoever asks may read it."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event
from rules.disclosure.events import may_count_bids
from rules.history.levels import HistoryLevel, kinds_shown
from rules.history.periods import TURNING
from rules.history.recorded import RecordedEvent
from rules.history.standing import OF_CASE, CaseStanding, Window, standing
from runtime.history.entries import HistoryLine, history_lines
from runtime.history.view import HistoryDiff, diff_of
from runtime.privacy.nameless import nameless_of
from runtime.record.feed import held_after
from service.reading.shaping import Viewer, event_for
from service.showing import shown
from service.views import EventView


class HistoryReader(NamedTuple):
    """Whose history, in which language, by whom, and by which clocks."""

    renovation_id: str
    viewer: Viewer
    language: str
    zone: str


async def list_lines(
    session: AsyncSession,
    asked: HistoryReader,
    level: HistoryLevel,
    window: Window,
    after: int,
    limit: int,
) -> tuple[HistoryLine, ...]:
    """At most so many lines of a level behind the event `after`."""
    visible = await _visible(session, asked, window)
    wanted, behind = kinds_shown(level), literal(after, BigInteger)
    page = await _events(
        session, asked, and_(visible, Event.seq > behind, Event.kind.in_(wanted)), limit
    )
    if not page:
        return ()
    before = (
        select(func.max(Event.seq))
        .where(visible, Event.seq <= behind, Event.kind.in_(wanted))
        .scalar_subquery()
    )
    turning = and_(Event.kind.in_(TURNING), Event.seq < page[-1].seq)
    periods = await _events(session, asked, and_(visible, or_(turning, Event.seq == before)))
    every = {each.seq: each for each in (*periods, *page)}
    in_order = [every[seq] for seq in sorted(every)]
    return history_lines(in_order, level, asked.language, asked.zone, after)


async def load_standing(
    session: AsyncSession, asked: HistoryReader, window: Window
) -> CaseStanding:
    """Where the case stood, by what of its record lies within the window."""
    visible = await _visible(session, asked, window)
    return standing(await _of_case(session, asked, visible))


async def load_diff(
    session: AsyncSession, asked: HistoryReader, level: HistoryLevel, earlier: Window, later: Window
) -> HistoryDiff:
    """What changed between two moments, with the lines between them."""
    visible = await _visible(session, asked, Window())
    wanted = and_(visible, Event.kind.in_(kinds_shown(level) | OF_CASE))
    events = await _events(session, asked, wanted)
    return diff_of(events, level, earlier, later, asked.language, asked.zone)


async def load_log(session: AsyncSession, asked: HistoryReader) -> Sequence[RecordedEvent]:
    """Every event that the viewer may follow, without what they may not read."""
    return await _events(session, asked, await _visible(session, asked, Window()))


async def _of_case(
    session: AsyncSession, asked: HistoryReader, visible: ColumnElement[bool]
) -> Sequence[RecordedEvent]:
    last = select(func.max(Event.seq)).where(visible).scalar_subquery()
    told = or_(Event.kind.in_(OF_CASE), Event.seq == last)
    return await _events(session, asked, and_(visible, told))


async def _visible(
    session: AsyncSession, asked: HistoryReader, window: Window
) -> ColumnElement[bool]:
    """What of the record the viewer may follow, and lies within the window."""
    conditions: list[ColumnElement[bool]] = [Event.renovation_id == asked.renovation_id]
    if not may_count_bids(asked.viewer.reader):
        held = await held_after(session, asked.renovation_id)
        if held is not None:
            conditions.append(Event.seq <= held)
    if window.as_of is not None:
        conditions.append(Event.happened_at <= window.as_of)
    if window.known is not None:
        conditions.append(Event.recorded_at <= window.known)
    return and_(*conditions)


async def _events(
    session: AsyncSession,
    asked: HistoryReader,
    wanted: ColumnElement[bool],
    limit: int | None = None,
) -> list[RecordedEvent]:
    query = select(Event).where(wanted).order_by(Event.seq).limit(limit)
    views: Collection[EventView] = [shown(EventView, row) for row in await session.scalars(query)]
    nameless = await nameless_of(session, (each.actor_id for each in views))
    return [shown(RecordedEvent, event_for(asked.viewer, each, nameless)) for each in views]
