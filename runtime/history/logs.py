"""Events of the record as a log for process mining has them, as far as whoever asks may read them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from formats.event_logs import OBJECTS, LogFormat, LoggedEvent
from rules.disclosure.events import REDACTED

MEDIA_TYPES: Mapping[LogFormat, str] = {
    LogFormat.XES: "application/xml",
    LogFormat.OCEL: "application/json",
    LogFormat.CSV: "text/csv; charset=utf-8",
}


class LoggableEvent(Protocol):
    """An event, as a row or as a view of it."""

    @property
    def seq(self) -> int: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def happened_at(self) -> datetime: ...  # noqa: D102
    @property
    def recorded_at(self) -> datetime: ...  # noqa: D102
    @property
    def actor_label(self) -> str: ...  # noqa: D102
    @property
    def actor_role(self) -> str: ...  # noqa: D102
    @property
    def actor_place(self) -> str: ...  # noqa: D102
    @property
    def details(self) -> JsonValue: ...  # noqa: D102
    @property
    def hash(self) -> str: ...  # noqa: D102


def logged(events: Iterable[LoggableEvent]) -> list[LoggedEvent]:
    """The events in the form of a log; what may not be read is left out."""
    return [
        LoggedEvent(
            seq=event.seq,
            activity=event.kind,
            at=event.happened_at,
            recorded_at=event.recorded_at,
            resource=_known(event.actor_label),
            role=str(event.actor_role),
            place=event.actor_place,
            hash=event.hash,
            about=_about(event.details),
        )
        for event in events
    ]


def _about(details: JsonValue) -> dict[str, str]:
    given = details if isinstance(details, Mapping) else {}
    named = {name: given.get(name) for name in OBJECTS}
    return {
        name: value for name, value in named.items() if isinstance(value, str) and _known(value)
    }


def _known(value: str) -> str:
    return "" if value == REDACTED else value
