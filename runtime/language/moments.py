"""Moments as people say them, on the clocks of a place: "2026年12月15日 0:00"."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from models.values.refusal import Problem
from models.values.timetable import Timetable

CHINESE = "zh_CN"
HERE: str = Timetable.model_fields["zone"].default
"""The zone where none is known: that of a timetable that names none."""
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[+-]\d\d:\d\d|Z)")
FIRST, END = datetime(1900, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)
"""As `models.fields.YEARS`, which takes the command line a while to load; a test compares."""


def read_moment(text: object) -> datetime | None:
    """The moment that a parameter is (ISO 8601 with its offset); None where it is something else.

    Somebody's words may look like one: what no clock can show is no moment.
    """
    if not isinstance(text, str) or not _ISO.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if FIRST <= moment < END else None


def on_clock(found: Problem, zone: str) -> Problem:
    """A problem whose moments are written by the clock of a place, so that its sentence says them so.

    `zone` is that of the case it is about; "" where it is about none: what is written by the clock of UTC is
    told by the one here then, and what has an offset already keeps it. No moment becomes another one.
    """
    read = {name: read_moment(value) for name, value in found.params.items()}
    told = {
        name: moment.astimezone(ZoneInfo(zone or HERE)).isoformat()
        for name, moment in read.items()
        if moment is not None and (zone or moment.utcoffset() == timedelta())
    }
    return found.model_copy(update={"params": {**found.params, **told}}) if told else found


def local_moment(moment: datetime, language: str, zone: str) -> str:
    """A moment on the clocks of a place, whose zone is an IANA name."""
    return in_words(moment.astimezone(ZoneInfo(zone)), language)


def in_words(moment: datetime, language: str) -> str:
    """A moment on the clock that it was written by, to the minute; that of UTC says so."""
    clock = f"{moment.hour}:{moment.minute:02d}"
    if moment.tzname() == "UTC":
        clock += " UTC"
    if language == CHINESE:
        return f"{moment.year}年{moment.month}月{moment.day}日 {clock}"
    return f"{moment:%Y-%m-%d} {clock}"
