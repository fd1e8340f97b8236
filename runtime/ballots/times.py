"""The times of ballots as texts: those of one commit are written once, and shared."""

from datetime import UTC, datetime, timedelta

from proof.ballots import Times
from proof.canonical import utc_text

KEPT = 256
"""Commits whose times are kept: the ballots of two writers come by turns."""
SENT = "timestamptz_send(b.cast_at) || timestamptz_send(b.recorded_at)"
"""SQL: both times in 16 bytes, which cost less than two moments for each of a million ballots."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_HALF = 8


class WrittenTimes(dict[bytes, Times]):
    """Looks up, by what `SENT` gives, when ballots were cast and recorded."""

    def __missing__(self, sent: bytes) -> Times:
        """Write them down: the first of their commit was met."""
        if len(self) >= KEPT:
            self.clear()
        times = times_of(_moment(sent[:_HALF]), _moment(sent[_HALF:]))
        self[sent] = times
        return times


def times_of(cast_at: datetime, recorded_at: datetime) -> Times:
    """Both moments as a leaf has them."""
    return Times(utc_text(cast_at), utc_text(recorded_at))


def _moment(sent: bytes) -> datetime:
    """PostgreSQL counts the microseconds since 2000."""
    return _EPOCH + timedelta(microseconds=int.from_bytes(sent, "big", signed=True))
