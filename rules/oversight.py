"""Oversight acts: on which article a renovation stands still, and what goes on meanwhile (rules E6, E23, E38)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from pydantic import JsonValue

from models.values.base import Value
from models.values.states import SuspensionGround
from models.values.waits import Wait
from rules.time.deadlines import extended_end

SUSPENDED, RESUMED = "renovation.suspended", "renovation.resumed"
GROUNDS: Mapping[SuspensionGround, str] = {
    SuspensionGround.COURT: "SPC interpretation on condominiums (2020) art. 12",
    SuspensionGround.AUTHORITY: "Property Management Regs art. 19; Weifang PM Regs art. 39",
    SuspensionGround.BIDDING_COMPLAINT: "Tendering Regs art. 62",
    SuspensionGround.SAFETY: "Quality Regs art. 52; [D] rules E38",
    SuspensionGround.FORCE_MAJEURE: "Civil Code art. 180; [D] rules E40",
}
"""The article of each ground. That all periods rest meanwhile is [D], after the halt of E6."""
GOES_ON = frozenset({RESUMED, "renovation.cancelled", "renovation.corrected"})
"""What is written of a renovation that stands still. Complaints have workflows of their own, and go on."""


Rests = Sequence[JsonValue]
"""Each time that a renovation stood still, as [since, until] in texts; the row of the renovation has them."""


class Moved(Value):
    """A period that a suspension has moved; case time."""

    what: str
    subject: str
    before: datetime
    after: datetime


def rests(kind: str, workflow: str | None) -> bool:
    """Whether a write waits until the renovation is resumed; `workflow` is the word of whose it is ("ticket").

    The workflow of the renovation itself ("") reminds whoever may resume it.
    """
    reminds = workflow == "" and kind == "agenda.reminded"
    return not (workflow == "ticket" or reminds or kind in GOES_ON)


def rested(end: datetime, start: datetime, rests: Rests) -> datetime:
    """The end of a period from `start` in a renovation that has stood still since; UTC."""
    for rest in rests:
        since, until = (datetime.fromisoformat(str(each)) for each in cast("list[str]", rest))
        if until > start:
            end = extended_end(end, max(since, start), until)
    return end


def resumed(wait: Wait, suspended_at: datetime, now: datetime) -> Wait:
    """A line of the agenda as it goes on: what was ahead when it came to rest comes later by that time.

    One that began meanwhile has rested from its own beginning.
    """
    began = max(suspended_at, wait.since) if wait.since and wait.since <= now else suspended_at
    moments = {"since": wait.since, "due_at": wait.due_at}
    later = {
        name: moment if moment is None else extended_end(moment, began, now)
        for name, moment in moments.items()
    }
    return wait.model_copy(update=later)


def moved(before: Wait, after: Wait) -> Moved | None:
    """What is said of a period; None where it had no end, or stayed as it was."""
    if before.due_at is None or after.due_at is None or before.due_at == after.due_at:
        return None
    return Moved(what=before.what, subject=before.subject, before=before.due_at, after=after.due_at)
