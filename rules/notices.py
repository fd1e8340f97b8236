"""Notices: whom each concerns is with who writes it; here is when it goes out, and on which ways.

All figures are configuration or proposals of this project [D].
"""

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.values.base import Value

ON_PAPER = frozenset(
    {
        "vote_announced",
        "vote_reminder",
        "vote_silence",
        "mandate_registered",
        "payment_called",
        "payment_called_fee",
        "payment_reminder",
        "instalment_called",
        "instalment_called_fee",
        "late_fee_charged",
        "instalment_overdue",
    }
)
"""What a household without another way gets as a letter: its vote, who casts it, and its money. The rest
is posted."""
REMINDERS: Mapping[str, str] = {
    "vote_reminder": "voting.reminder_delivered",
    "payment_reminder": "cost_sharing.reminder_delivered",
    "act_reminded": "agenda.reminder_delivered",
    "act_escalated": "agenda.escalation_delivered",
}
"""The templates whose arrival the history tells, and the kind of its event."""
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class Quiet(Value):
    """Hours in which nobody is written to; they may go over midnight."""

    begins: time
    ends: time


def read_quiet(text: str) -> Quiet | None:
    """Quiet hours as "21:00-08:00"; None for "".

    Raises:
        ValueError: it is no such text.
    """
    if not text:
        return None
    match = _QUIET.fullmatch(text)
    if match is None:
        raise ValueError("quiet hours like 21:00-08:00, or nothing")
    hours = [int(each) for each in match.groups()]
    return Quiet(begins=time(hours[0], hours[1]), ends=time(hours[2], hours[3]))


def not_before(now: datetime, quiet: Quiet | None, zone: str) -> datetime:
    """When a message that is ready `now` may go out: now, or at the end of the quiet hours there."""
    if quiet is None:
        return now
    here = now.astimezone(ZoneInfo(zone))
    overnight = quiet.begins > quiet.ends
    late, early = here.time() >= quiet.begins, here.time() < quiet.ends
    if not ((late or early) if overnight else (late and early)):
        return now
    day = here.date() + timedelta(days=1) if overnight and late else here.date()
    return datetime.combine(day, quiet.ends, here.tzinfo).astimezone(now.tzinfo)
