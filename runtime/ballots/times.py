"""When ballots were cast and recorded: as texts for the leaves, and by the clock of an old sandbox."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from pydantic import JsonValue

from proof.ballots import Times
from proof.canonical import utc_text

KEPT = 256
"""So many commits are remembered: the ballots of two writers may alternate in a box."""
SENT = "timestamptz_send(b.cast_at) || timestamptz_send(b.recorded_at)"
"""SQL: both times of a ballot in 16 bytes. asyncpg decodes these faster than two timestamps."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HALF = 8
_MICROSECOND = timedelta(microseconds=1)


class WrittenTimes(dict[bytes, Times]):
    """What `SENT` gives to the times as texts; all ballots of one commit share one entry."""

    def __missing__(self, sent: bytes) -> Times:
        """Write the texts for the first ballot of a commit."""
        if len(self) >= KEPT:
            self.clear()
        times = leaf_times(_moment(sent[:_HALF]), _moment(sent[_HALF:]))
        self[sent] = times
        return times


def leaf_times(cast_at: datetime, recorded_at: datetime) -> Times:
    """Both moments as the texts that a leaf covers."""
    return Times(utc_text(cast_at), utc_text(recorded_at))


def sandbox_time(clock: Mapping[str, JsonValue], recorded_at: datetime) -> datetime:
    """When a ballot of a box of format 1 was cast, by `Renovation.clock`; the audit asks.

    Without a clock that is when it was recorded. Else the case ran in an old sandbox, whose time was
    `case_origin + (recorded_at - real_origin) * rate`, rounded down to the microsecond.
    """
    if not clock:
        return recorded_at
    real_origin = datetime.fromisoformat(str(clock["real_origin"]))
    passed = (recorded_at - real_origin) // _MICROSECOND * Fraction(str(clock["rate"]))
    case_origin = datetime.fromisoformat(str(clock["case_origin"]))
    return case_origin + passed.numerator // passed.denominator * _MICROSECOND


def _moment(sent: bytes) -> datetime:
    """PostgreSQL counts the microseconds since 2000."""
    return _EPOCH + timedelta(microseconds=int.from_bytes(sent, "big", signed=True))
