"""How long something is tried again that nobody takes: pauses that double, and an end. All figures are [D]."""

from datetime import datetime, timedelta

from models.values.base import Value


class RetryPlan(Value):
    """With one receiver: the first pause, the longest, and after how long without success it is given up."""

    first_pause: timedelta
    longest_pause: timedelta
    given_up_after: timedelta


NOTICES = RetryPlan(
    first_pause=timedelta(seconds=30),
    longest_pause=timedelta(hours=2),
    given_up_after=timedelta(days=3),
)
WEBHOOKS = RetryPlan(
    first_pause=timedelta(seconds=5),
    longest_pause=timedelta(hours=6),
    given_up_after=timedelta(days=5),
)


def pause_after(plan: RetryPlan, failures: int) -> timedelta:
    """How long to wait after so many attempts that came to nothing (from 1); it doubles."""
    return min(plan.first_pause * (1 << min(failures - 1, 20)), plan.longest_pause)


def next_try(
    plan: RetryPlan, failures: int, failing_since: datetime, now: datetime
) -> datetime | None:
    """When to try again after an attempt that came to nothing; None where it is given up."""
    if now - failing_since >= plan.given_up_after:
        return None
    return now + pause_after(plan, failures)
