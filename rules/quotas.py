"""How often one sender is heard: a limit against floods, and never the last word on a right.

The numbers are of the timetable [D]. What is refused may be sent again from the moment that the refusal
names; what was sent again under its own command id counts once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from models.values.timetable import Timetable

Quota = Literal[
    "tickets",
    "objections",
    "suggestions",
    "supports",
    "opinions",
    "survey_answers",
    "bids",
    "reminders",
]


def most_of(timetable: Timetable, what: Quota) -> int:
    """How many of them one sender may send within `quota_days`."""
    limits: dict[Quota, int] = {
        "tickets": timetable.quota_tickets,
        "objections": timetable.quota_objections,
        "suggestions": timetable.quota_suggestions,
        "supports": timetable.quota_supports,
        "opinions": timetable.quota_opinions,
        "survey_answers": timetable.quota_survey_answers,
        "bids": timetable.quota_bids,
        "reminders": timetable.quota_reminders,
    }
    return limits[what]


def counted_since(timetable: Timetable, now: datetime) -> datetime:
    """What was sent at this moment or before it counts no more."""
    return now - timedelta(days=timetable.quota_days)


def again_at(
    sent: Sequence[datetime], most: int, timetable: Timetable, now: datetime
) -> datetime | None:
    """When the sender may send again, given when it has sent; None: now. Case time, UTC."""
    since = counted_since(timetable, now)
    counted = sorted(each for each in sent if each > since)
    if len(counted) < most:
        return None
    return counted[-most] + timedelta(days=timetable.quota_days)
