"""All timeouts and retries, as named profiles."""

from datetime import timedelta

from temporalio.common import RetryPolicy

WRITE_TIMEOUT = timedelta(seconds=60)
"""One transaction, also of a whole roll."""

WRITE_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
    # Refusals are answers; trying again would only repeat them.
    non_retryable_error_types=["Refused"],
)
"""The database may be away for long: keep trying, the write is idempotent."""

ACT_PATIENCE = timedelta(seconds=45)
"""How long an official waits for an answer before an act is called not confirmed."""
