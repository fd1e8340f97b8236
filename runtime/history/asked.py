"""A moment as people ask for it: a day of the place, or an hour of it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.values.refusal import refusal


def moment_asked(text: str, where: str, zone: str) -> datetime | None:
    """The moment that is meant: a day is its end, an hour without an offset is that of the place; None for "".

    Raises:
        Refused: `history.moment_invalid`, with the name of what was asked.
    """
    if not text:
        return None
    there = ZoneInfo(zone)
    try:
        if len(text) == len("2026-01-31"):
            # The 24:00 of a day is the 0:00 of the next one, and is meant with it.
            day = date.fromisoformat(text) + timedelta(days=1)
            moment = datetime.combine(day, time(), there)
        else:
            moment = datetime.fromisoformat(text)
        here = moment.replace(tzinfo=there) if moment.tzinfo is None else moment.astimezone(there)
        here.astimezone(UTC)  # as the database asks for it
    except (ValueError, OverflowError):
        raise refusal("history.moment_invalid", where=where, given=text[:40]) from None
    return here
