"""All timeouts and retries, as named profiles."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import RetryPolicy


@dataclass(frozen=True)
class Profile:
    """How long one attempt of an activity may take, and how often a long one says that it lives."""

    timeout: timedelta
    heartbeat: timedelta | None = None


WRITE = Profile(timeout=timedelta(seconds=10))
"""One short transaction. After a crash of the worker this is how long the next attempt waits."""

WRITE_MANY = Profile(timeout=timedelta(minutes=10), heartbeat=timedelta(seconds=10))
"""A row per resident: a roll, a share table, a count. The activity beats while the database works."""

WRITE_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
    # Refusals are answers; trying again would only repeat them.
    non_retryable_error_types=["Refused"],
)
"""The database may be away for long: keep trying, the write is idempotent."""
