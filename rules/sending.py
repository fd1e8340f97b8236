"""How long something is tried again that nobody takes: pauses that double, and an end. All figures are [D]."""

from datetime import datetime, timedelta

from models.values.base import Value


class Patience(Value):
    """With one receiver: the first pause, the longest, and after how long without success it is given up."""

    first_pause: timedelta
    longest_pause: timedelta
    given_up_after: timedelta


NOTICES = Patience(
    first_pause=timedelta(seconds=30),
    longest_pause=timedelta(hours=2),
    given_up_after=timedelta(days=3),
)
WEBHOOKS = Patience(
    first_pause=timedelta(seconds=5),
    longest_pause=timedelta(hours=6),
    given_up_after=timedelta(days=5),
)


def pause_after(patience: Patience, failures: int) -> timedelta:
    """How long to wait after so many attempts that came to nothing (from 1); it doubles."""
    return min(patience.first_pause * (1 << min(failures - 1, 20)), patience.longest_pause)


def next_try(
    patience: Patience, failures: int, failing_since: datetime, now: datetime
) -> datetime | None:
    """When to try again after an attempt that came to nothing; None where it is given up."""
    if now - failing_since >= patience.given_up_after:
        return None
    return now + pause_after(patience, failures)
