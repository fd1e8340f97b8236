"""An event of the record, as the rules and the history look at it."""

from datetime import datetime

from pydantic import JsonValue

from models.values.base import Carried


class RecordedEvent(Carried):
    """What an event says; `happened_at` is case time, `recorded_at` the real moment of its writing."""

    seq: int
    kind: str
    happened_at: datetime
    recorded_at: datetime
    actor_id: str
    actor_role: str
    actor_label: str
    actor_place: str
    on_behalf_of: str | None
    details: JsonValue
    rule_pack: str
    hash: str

    @property
    def given(self) -> dict[str, JsonValue]:
        """The details by their names."""
        return self.details if isinstance(self.details, dict) else {}
