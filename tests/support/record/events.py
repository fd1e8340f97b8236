"""Events for tests of the history."""

from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from rules.history.recorded import RecordedEvent

START = datetime(2026, 1, 5, 1, tzinfo=UTC)


def event(
    seq: int, kind: str, day: int = 0, known: int | None = None, /, **details: JsonValue
) -> RecordedEvent:
    """An event of `day` days after the start; `known`: on the record so many days after it."""
    return RecordedEvent(
        seq=seq,
        kind=kind,
        happened_at=START + timedelta(days=day),
        recorded_at=START + timedelta(days=day if known is None else known),
        actor_id="p1",
        actor_role="owners_committee",
        actor_label="Li",
        actor_place="d/s",
        on_behalf_of=None,
        details=details,
        rule_pack="CN-2021",
        hash="",
    )
