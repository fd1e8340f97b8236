"""The times of ballots as texts: those of one commit are written once, and shared."""

from datetime import datetime

from rules.ballots import Times
from runtime.journal import utc_text

KEPT = 64
"""Commits whose times are kept: the ballots of two writers come by turns."""


class WrittenTimes:
    """Writes when ballots were cast and recorded; whoever comes later with the same gets the same."""

    def __init__(self) -> None:
        self._cast_at: datetime | None = None
        self._recorded_at: datetime | None = None
        self._last = Times("", "")
        self._kept: dict[tuple[datetime, datetime], Times] = {}

    def of(self, cast_at: datetime, recorded_at: datetime) -> Times:
        """Both moments in UTC with microseconds."""
        if cast_at == self._cast_at and recorded_at == self._recorded_at:
            return self._last
        times = self._kept.get((cast_at, recorded_at))
        if times is None:
            times = Times(utc_text(cast_at), utc_text(recorded_at))
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[cast_at, recorded_at] = times
        self._cast_at, self._recorded_at, self._last = cast_at, recorded_at, times
        return times
