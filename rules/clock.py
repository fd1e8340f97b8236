"""The sandbox clock: an affine map between real time and case time, exact to the microsecond.

`case = case_origin + (real - real_origin) * rate`. People only ever see case time; timers and the
database's clock run in real time. Both directions are computed with integers and `Fraction`.
"""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from models.values.timetable import Clock

_MICROSECOND = timedelta(microseconds=1)
_DAY_S = 86_400


def case_time(clock: Clock, real: datetime) -> datetime:
    """The case moment of a real one, rounded down to the microsecond; UTC.

    Rounding down is on the safe side: no deadline is reached before it is.
    """
    passed = (real - clock.real_origin) // _MICROSECOND
    return _after(clock.case_origin, _floor(passed * clock.rate))


def real_time(clock: Clock, case: datetime) -> datetime:
    """The first real moment at which the case time is reached; UTC.

    Rounded up to the microsecond, so that `case_time(clock, real_time(clock, x)) >= x`.
    """
    passed = (case - clock.case_origin) // _MICROSECOND
    return _after(clock.real_origin, _ceiling(passed / clock.rate))


def sandbox(real_origin: datetime, case_origin: datetime, day_s: Fraction) -> Clock:
    """A clock on which one day of the case lasts `day_s` real seconds, above zero."""
    if day_s <= 0:
        raise ValueError("a day of the case lasts more than no time")
    return Clock(real_origin=real_origin, case_origin=case_origin, rate=Fraction(_DAY_S) / day_s)


def _after(origin: datetime, microseconds: int) -> datetime:
    return origin.astimezone(UTC) + timedelta(microseconds=microseconds)


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def _ceiling(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
