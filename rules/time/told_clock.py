"""How a told clock moves: from moment to moment at which something falls due or begins, never past one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.fields import YEARS
from models.values.refusal import refusal
from models.values.waits import Wait

DAY_BEGINS = time(9)
"""A date means nine in the morning of that day, local time: when offices open."""


def next_moment(waits: Sequence[Wait], now: datetime) -> datetime | None:
    """The first moment after `now` at which a wait ends or begins; None when there is none."""
    moments = [moment for wait in waits for moment in (wait.since, wait.due_at) if moment]
    return min((moment for moment in moments if moment > now), default=None)


def fell_due(waits: Sequence[Wait], before: datetime, now: datetime) -> tuple[Wait, ...]:
    """The waits that ended or began after `before`, up to `now`, by their moment."""

    def at(wait: Wait) -> datetime | None:
        moments = [m for m in (wait.since, wait.due_at) if m and before < m <= now]
        return max(moments, default=None)

    found = [(moment, wait) for wait in waits if (moment := at(wait))]
    return tuple(wait for _, wait in sorted(found, key=lambda pair: (pair[0], pair[1].what)))


def is_due(wait: Wait, now: datetime) -> bool:
    """Whether the engine still has something to do at `now`; a case is settled when it has not."""
    return wait.consequence != "" and wait.due_at is not None and wait.due_at <= now


def awaited_now(waits: Sequence[Wait], now: datetime) -> Wait | None:
    """The first wait in which somebody is awaited at `now`: there an automatic clock stops."""
    return next(
        (wait for wait in waits if wait.who and (not wait.since or wait.since <= now)), None
    )


def parse_moment(text: str, zone: str) -> datetime:
    """The moment that a date ("2026-05-12") or a moment with its offset stands for; UTC.

    Raises:
        Refused: `clock.date_invalid`.
    """
    try:
        if len(text) == len("2026-05-12"):
            day = date.fromisoformat(text)
            return datetime.combine(day, DAY_BEGINS, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise refusal("clock.date_invalid", where="to", given=text[:40])


def days_after(now: datetime, days: int, zone: str) -> datetime:
    """The same time of day so many days later, in the zone of the place; UTC."""
    return (now.astimezone(ZoneInfo(zone)) + timedelta(days=days)).astimezone(UTC)


def refuse_going_back(target: datetime, now: datetime, zone: str) -> None:
    """A clock goes forward only.

    Raises:
        Refused: `clock.backwards`.
    """
    if target < now:
        raise refusal("clock.backwards", where="to", now=_shown(now, zone), to=_shown(target, zone))


def refuse_going_too_far(target: datetime) -> None:
    """Beyond the years of the calendar no period of a case could be added any more.

    Raises:
        Refused: `clock.too_far`.
    """
    if target.year not in YEARS:
        raise refusal("clock.too_far", where="to", last=YEARS.stop - 1)


def _shown(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
