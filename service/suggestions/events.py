"""What happened to the suggestions of an estate before there was a case: its place's log, as whoever asks may read it."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import PlaceEvent
from models.values.actor import Role
from rules.disclosure import Disclosed, may_read
from rules.disclosure.events import HOUSEHOLDS, REDACTED, details_for
from rules.disclosure.readers import READERS, Circle
from runtime.privacy.nameless import nameless_of
from service.http.keysets import behind
from service.http.paging import Slice
from service.reading.shaping import Viewer
from service.suggestions.bodies import SuggestionEvent
from service.suggestions.rooms import EstateRoom

KIND = "suggestion."


async def list_events(
    session: AsyncSession, estate: EstateRoom, viewer: Viewer, part: Slice
) -> tuple[SuggestionEvent, ...]:
    """A part of the events in their order. Whoever goes on where they stopped misses none.

    The log of a place is written under a lock: an event that comes later has a higher number.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    rows = await session.scalars(
        select(PlaceEvent)
        .where(
            PlaceEvent.log_id == estate.place_id,
            PlaceEvent.kind.startswith(KIND, autoescape=True),
            PlaceEvent.details["estate"].astext == estate.id,
            *behind((PlaceEvent.seq,), part),
        )
        .order_by(PlaceEvent.seq)
        .limit(part.limit)
    )
    found = rows.all()
    nameless = await nameless_of(session, (row.actor_id for row in found))
    return tuple(_shaped(row, viewer, nameless) for row in found)


def _shaped(row: PlaceEvent, viewer: Viewer, nameless: Collection[str]) -> SuggestionEvent:
    """The event without what the viewer may not read, as an event of a case."""
    own = bool(viewer.sender) and row.actor_id == viewer.sender
    reader = viewer.as_author() if own else viewer.reader
    of_nobody = row.actor_id in nameless and reader not in READERS[Circle.AUDIT]
    names = not of_nobody and (
        row.actor_role not in HOUSEHOLDS or may_read("EventView.actor_id", reader) is Disclosed.YES
    )
    return SuggestionEvent(
        seq=row.seq,
        kind=row.kind,
        recorded_at=row.recorded_at,
        actor_id=row.actor_id if names else row.actor_role,
        actor_role=Role(row.actor_role),
        actor_label=row.actor_label if names else REDACTED,
        details=details_for(row.details, reader),
        hash=row.hash,
    )
