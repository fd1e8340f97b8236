"""What is shown, as whoever asks may read it: the table of `rules.disclosure`, asked for one request."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from models.values.base import Carried
from rules.authority import Grant, acts_as, covers
from rules.disclosure import Circle, Disclosed, ReaderKind, may_read
from rules.disclosure.events import HOUSEHOLDS, REDACTED, details_for, follows_after_opening
from rules.disclosure.readers import READERS, reader_in_role
from runtime.record.feed import first_held
from service.views import EventView

E = TypeVar("E", bound=EventView)
V = TypeVar("V", bound=Carried)
WIDEST = (
    ReaderKind.AUDITOR,
    ReaderKind.GOVERNMENT,
    ReaderKind.OFFICIAL,
    ReaderKind.GRID_WORKER,
    ReaderKind.BANK,
)
"""Who has several roles reads in the one that may read most."""

_READ_ALL = frozenset({ReaderKind.AUDITOR, ReaderKind.GOVERNMENT, ReaderKind.OFFICIAL})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks; `sender` is how the record names them, where it does; `unit_number` whose ticket was shown."""

    reader: ReaderKind = ReaderKind.PUBLIC
    sender: str = ""
    unit_number: str | None = None
    acts_as: frozenset[str] = frozenset()
    """Every id on record under which they act: their own, and those of the firms for which they do."""
    called: frozenset[str] = frozenset()
    """The names beside their roles."""
    since: datetime | None = None
    """Of a home that was sold: when. What was said before is of the owner before."""
    homes: frozenset[str] = frozenset()
    """Homes of theirs that somebody complains about (`service.reading.parties`)."""

    def as_author(self) -> ReaderKind:
        """How the viewer reads what they wrote themselves: an official no less than as an official."""
        return self.reader if self.reader in _READ_ALL else ReaderKind.PERSON


EVERYBODY = Viewer()


def viewer_under(grants: Iterable[Grant], place: str, circle: Circle | None = None) -> Viewer:
    """Who asks with these roles about a case in a place; who has none there reads as everybody does.

    Of several roles it is one that is in the circle, if any is, and of these the one that reads most.
    """
    grants_of = tuple(grants)
    held = [each for each in grants_of if covers(each.place, place)]
    found = {reader_in_role(each.role) for each in held}
    wanted = found & READERS[circle] if circle is not None else found
    among = wanted or found
    reader = next((each for each in WIDEST if each in among), None) or min(
        among, default=ReaderKind.PUBLIC
    )
    sender = held[0].actor_id if held else ""
    called = frozenset(each.label for each in grants_of if not each.on_behalf_of)
    return Viewer(reader, sender, acts_as=acts_as(grants_of), called=called)


async def until_opening(
    session: AsyncSession, places: Collection[str], grants: Collection[Grant]
) -> int | None:
    """Where the feed of somebody with these roles ends for now; None where it does not."""
    held = [place for place in places if follows_after_opening(viewer_under(grants, place).reader)]
    return await first_held(session, held) if held else None


def event_for(viewer: Viewer, event: E, nameless: Collection[str]) -> E:
    """The event without what the viewer may not read; what was taken out says `REDACTED`.

    `nameless` are actors whose names are erased or restricted (`runtime.privacy.nameless`): the record keeps
    them, for whoever audits it.
    """
    own = bool(viewer.sender) and event.actor_id == viewer.sender
    own = own and (viewer.since is None or event.recorded_at > viewer.since)
    reader = viewer.as_author() if own else viewer.reader
    shaped: dict[str, object] = {"details": details_for(event.details, reader)}
    of_home = event.actor_role in HOUSEHOLDS
    of_nobody = event.actor_id in nameless and reader not in READERS[Circle.AUDIT]
    if of_nobody or (of_home and may_read("EventView.actor_id", reader) is not Disclosed.YES):
        shaped |= {"actor_id": event.actor_role, "actor_label": REDACTED}
        shaped["on_behalf_of"] = None if event.on_behalf_of is None else REDACTED
    return event.model_copy(update=shaped)


def view_for(reader: ReaderKind, view: V) -> V:
    """The view, and the views in it, with null in the place of each field that the reader may not read.

    A field that is not for everybody who comes through its door can be null.
    """
    shaped: dict[str, object] = {}
    for name in type(view).model_fields:
        value: object = getattr(view, name)
        if may_read(f"{type(view).__name__}.{name}", reader) is not Disclosed.YES:
            shaped[name] = None
        elif isinstance(value, Carried | tuple):
            shaped[name] = _within(reader, value)
    return view.model_copy(update=shaped)


def _within(reader: ReaderKind, value: object) -> object:
    if isinstance(value, Carried):
        return view_for(reader, value)
    if isinstance(value, tuple):
        return tuple(_within(reader, each) for each in value)
    if isinstance(value, Mapping):
        return {name: _within(reader, each) for name, each in value.items()}
    return value
