"""Suggestions as whoever asks may read them: unreviewed words are for their authors and for who must review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import DateTime, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Estate,
    Event,
    Place,
    Renovation,
    Suggestion,
    SuggestionReply,
    SuggestionSupport,
    Unit,
)
from models.values.states import SuggestionState
from models.values.timetable import Timetable
from rules.disclosure import Disclosed, ReaderKind, may_read
from rules.feedback.suggestions import needed
from service.http.keysets import before, behind
from service.http.paging import Slice
from service.reading.shaping import Viewer
from service.suggestions.bodies import ReplyView, SuggestionView

UNREAD = frozenset(
    {
        SuggestionState.SUBMITTED,
        SuggestionState.HIDDEN,
        SuggestionState.WITHDRAWN,
        SuggestionState.ENDED,
    }
)
"""In these nobody has passed the words for the public: the circle of a complaint reads them."""
UNREVIEWED = "ticket.text"
"""The line by which unread words are shown: whoever wrote them, and who must look at them."""


@dataclass(frozen=True)
class SuggestionsWanted:
    """Which suggestions are asked for: of an estate or a case, below a place; late ones; which part of the list."""

    estate_id: str = ""
    renovation_id: str = ""
    place: str = ""
    overdue: bool = False
    part: Slice = field(default_factory=Slice)


@dataclass(frozen=True)
class _Shown:
    """A row with its room's time and figures."""

    row: Suggestion
    now: datetime
    units: int
    timetable: Timetable


async def list_suggestions(
    session: AsyncSession, asked: SuggestionsWanted, viewer: Viewer
) -> tuple[SuggestionView, ...]:
    """A part of the list, the newest first; of what is late, what has been late longest first.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    found = await session.execute(_page(asked))
    rows = [
        _Shown(row, now, units, Timetable.model_validate(terms) if terms else Timetable())
        for row, now, units, terms in found
    ]
    ids = [each.row.id for each in rows]
    supporters = await _standing_behind(session, ids)
    own = await _own_of(session, supporters, viewer)
    replies = await _replies(session, [each.row.reply_id for each in rows if each.row.reply_id])
    return tuple(
        _view(
            each,
            supporters.get(each.row.id, ()),
            replies.get(each.row.reply_id or ""),
            viewer,
            own.get(each.row.id, ""),
        )
        for each in rows
    )


def _page(asked: SuggestionsWanted) -> Select[Suggestion, datetime, int, object]:
    now = func.tick_of(Suggestion.renovation_id, type_=DateTime(timezone=True))
    units = (
        select(func.count()).where(Unit.estate_id == Suggestion.estate_id).correlate(Suggestion)
    ).scalar_subquery()
    query = (
        select(Suggestion, now, units, Renovation.timetable)
        .join(Estate, Estate.id == Suggestion.estate_id)
        .join(Place, Place.id == Estate.place_id)
        .outerjoin(Renovation, Renovation.id == Suggestion.renovation_id)
    )
    if asked.estate_id:
        # Those of a training case are read in it.
        query = query.where(Suggestion.estate_id == asked.estate_id, Suggestion.only_case.is_(None))
    if asked.renovation_id:
        query = query.where(Suggestion.renovation_id == asked.renovation_id)
    if asked.place:
        below = Place.path.startswith(f"{asked.place}/", autoescape=True)
        query = query.where(or_(Place.path == asked.place, below))
    if asked.overdue:
        order = (Suggestion.due_at, Suggestion.id)
        query = query.where(Suggestion.due_at < now, *behind(order, asked.part)).order_by(*order)
    else:
        order = (Suggestion.submitted_at, Suggestion.id)
        query = query.where(*before(order, asked.part))
        query = query.order_by(*(each.desc() for each in order))
    return query.limit(asked.part.limit)


async def _standing_behind(
    session: AsyncSession, ids: Sequence[str]
) -> Mapping[str, Sequence[SuggestionSupport]]:
    found: dict[str, list[SuggestionSupport]] = {}
    rows = await session.scalars(
        select(SuggestionSupport)
        .where(SuggestionSupport.suggestion_id.in_(ids), SuggestionSupport.withdrawn_at.is_(None))
        .order_by(SuggestionSupport.unit_number)
    )
    for row in rows:
        found.setdefault(row.suggestion_id, []).append(row)
    return found


async def _own_of(
    session: AsyncSession, behind: Mapping[str, Sequence[SuggestionSupport]], viewer: Viewer
) -> Mapping[str, str]:
    """What the viewer's home is to each suggestion: "author" or "supporter"; a seller's is not the buyer's."""
    mine = {
        each.suggestion_id: each
        for several in behind.values()
        for each in several
        if f"unit:{each.unit_number}" == viewer.sender
    }
    if viewer.since is not None and mine:
        sent = [each.command_id for each in mine.values()]
        later = set(
            await session.scalars(
                select(Event.command_id).where(
                    Event.command_id.in_(sent), Event.recorded_at > viewer.since
                )
            )
        )
        mine = {name: each for name, each in mine.items() if each.command_id in later}
    return {name: "author" if each.author else "supporter" for name, each in mine.items()}


async def _replies(session: AsyncSession, ids: Sequence[str]) -> Mapping[str, SuggestionReply]:
    rows = await session.scalars(select(SuggestionReply).where(SuggestionReply.id.in_(ids)))
    return {row.id: row for row in rows}


def _view(
    shown: _Shown,
    behind: Sequence[SuggestionSupport],
    reply: SuggestionReply | None,
    viewer: Viewer,
    own: str,
) -> SuggestionView:
    row = shown.row
    reader = ReaderKind.PERSON if own == "author" else viewer.reader
    unread = row.state in UNREAD or (row.reviewed_at is None and row.merged_into is not None)

    def may(field: str) -> bool:
        return may_read(field, reader) is Disclosed.YES

    words = may(UNREVIEWED) if unread else may("SuggestionView.theme")
    return SuggestionView(
        id=row.id,
        estate_id=row.estate_id,
        renovation_id=row.renovation_id,
        state=row.state,
        theme=row.theme if words else None,
        reason=row.reason if words else None,
        proposal=row.proposal if words else None,
        authors=tuple(each.unit_number for each in behind if each.author)
        if may("SuggestionView.authors")
        else None,
        written_by=row.written_by if may("SuggestionView.written_by") else None,
        supporters=len(behind),
        needed=needed(shown.units, shown.timetable),
        qualified_at=row.qualified_at,
        submitted_at=row.submitted_at,
        due_at=row.due_at,
        late=row.due_at is not None and row.due_at < shown.now,
        hidden_because=row.hidden_because or None if may("SuggestionView.hidden_because") else None,
        merged_into=row.merged_into,
        reply=None if reply is None else _reply(reply, readable=may("ReplyView.reason")),
        own=own,
    )


def _reply(reply: SuggestionReply, *, readable: bool) -> ReplyView:
    return ReplyView(
        id=reply.id,
        outcome=reply.outcome,
        reason=reply.reason if readable else None,
        renovation_id=reply.renovation_id,
        scheme_version=reply.scheme_version,
        item=reply.item,
        motion=reply.motion,
        replied_at=reply.replied_at,
    )
