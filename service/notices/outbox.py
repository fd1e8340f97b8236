"""A notice that the service puts into the outbox, in the transaction of what it tells of."""

from datetime import datetime

from pydantic import JsonValue

from models.tables import Notice
from models.values.states import NoticeState
from proof.canonical import digest


def notice_to_units(
    renovation_id: str,
    key: str,
    template: str,
    units: tuple[str, ...],
    now: datetime,
    **params: JsonValue,
) -> Notice:
    """A notice to these homes alone; `key` is that of the command, and the same one makes it once."""
    said: dict[str, JsonValue] = {**params, "only": [*sorted(units)]}
    what: list[JsonValue] = [key, "units", template]
    return Notice(
        id=digest({"of": what, "params": said}),
        renovation_id=renovation_id,
        command_id=key,
        audience="units",
        audience_id=None,
        template=template,
        params=said,
        state=NoticeState.QUEUED,
        attempts=0,
        created_at=now,
    )
