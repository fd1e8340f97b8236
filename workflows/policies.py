"""All timeouts and retries, as named profiles."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.common import RetryPolicy


@dataclass(frozen=True)
class Profile:
    """How long an activity may take: one attempt, all attempts together, and between two beats;
    and whether it runs in the slots for bulk, so that nobody's act waits behind it.
    """

    attempt: timedelta
    altogether: timedelta | None = None
    heartbeat: timedelta | None = None
    bulk: bool = False


ACT = Profile(attempt=timedelta(seconds=4), altogether=timedelta(seconds=8))
"""An act that a person waits for: given up before the gateway's patience ends (10 s)."""

BULK_ACT = Profile(
    attempt=timedelta(minutes=10),
    altogether=timedelta(minutes=20),
    heartbeat=timedelta(seconds=10),
)
"""An act that writes a row per resident: the person is told to ask again while it is under way. It does
not stand in line with the engine's own: at midnight a thousand boxes may close.
"""

STEP = Profile(attempt=timedelta(seconds=10), altogether=timedelta(minutes=10))
"""A step of the engine in one short transaction. Who waits for the database waits on after that."""

BULK_STEP = Profile(
    attempt=timedelta(minutes=10),
    altogether=timedelta(hours=1),
    heartbeat=timedelta(seconds=10),
    bulk=True,
)
"""A row per resident: a roll, a share table, a count. The activity beats while the database works."""

HEALING = Profile(attempt=timedelta(seconds=10))
"""What is done about a step that broke: tried until the database is there."""

HEALED_AGAIN_AFTER = (timedelta(milliseconds=200), timedelta(seconds=1))
"""The pauses before what is done about a step that broke is tried again, having broken itself."""

RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
)
"""What an activity does not want tried again, it says itself (`activities.recording`)."""


def unhurried(profile: Profile) -> Profile:
    """The profile of a step for an act that the database's absence has held up.

    The history grows with each try of all attempts together, and an absence may last a day.
    """
    return BULK_STEP if profile.bulk else STEP
