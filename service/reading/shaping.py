"""Events as whoever asks may read them: the table of `rules.disclosure`, asked for one request."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from rules.authority import Grant, covers
from rules.disclosure import Disclosed, ReaderKind, may_read
from rules.disclosure.events import HOUSEHOLDS, REDACTED, details_for
from rules.disclosure.readers import reader_in_role
from service.views import EventView

V = TypeVar("V", bound=EventView)
WIDEST = (ReaderKind.AUDITOR, ReaderKind.OFFICIAL, ReaderKind.GRID_WORKER, ReaderKind.BANK)
"""Who has several roles reads in the one that may read most."""

_READ_ALL = frozenset({ReaderKind.AUDITOR, ReaderKind.OFFICIAL})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks; `sender` is how the record names them, where it does; `unit_number` whose ticket was shown."""

    reader: ReaderKind = ReaderKind.PUBLIC
    sender: str = ""
    unit_number: str | None = None


EVERYBODY = Viewer()


def viewer_under(grants: Iterable[Grant], place: str) -> Viewer:
    """Who asks with these roles about a case in a place; who has none there reads as everybody does."""
    held = [each for each in grants if covers(each.place, place)]
    found = {reader_in_role(each.role) for each in held}
    reader = next((each for each in WIDEST if each in found), None) or min(
        found, default=ReaderKind.PUBLIC
    )
    return Viewer(reader, held[0].actor_id if held else "")


def event_for(viewer: Viewer, event: V) -> V:
    """The event without what the viewer may not read; what was taken out says `REDACTED`."""
    own = bool(viewer.sender) and event.actor_id == viewer.sender
    reader = ReaderKind.PERSON if own and viewer.reader not in _READ_ALL else viewer.reader
    shaped: dict[str, object] = {"details": details_for(event.details, reader)}
    of_home = event.actor_role in HOUSEHOLDS
    if of_home and may_read("EventView.actor_id", reader) is not Disclosed.YES:
        shaped |= {"actor_id": event.actor_role, "actor_label": REDACTED}
        shaped["on_behalf_of"] = None if event.on_behalf_of is None else REDACTED
    return event.model_copy(update=shaped)
