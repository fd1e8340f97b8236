"""Oversight acts: on which article a renovation stands still, and what goes on meanwhile (rules E6, E23, E38)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from pydantic import JsonValue

from models.values.base import Value
from models.values.refusal import refusal
from models.values.states import Annuller, SuspensionGround
from models.values.timetable import Timetable, WorkCalendar, calendar_days
from models.values.waits import Consequence, Wait
from proof.canonical import utc_text
from rules.time.deadlines import deadline, extended_end

SUSPENDED, RESUMED = "renovation.suspended", "renovation.resumed"
EXTENDED = "renovation.period_extended"
ORDERED, CORRECTED, LIFTED = (
    f"renovation.correction_{word}" for word in ("ordered", "reported", "lifted")
)
ANNULLED, REASSIGNED = "renovation.vote_annulled", "renovation.act_reassigned"
ARTICLE_OF_ORDERS = "Property Management Regs art. 19; Weifang PM Regs art. 39"
"""An authority orders correction within a time of what was decided unlawfully."""
GROUNDS: Mapping[SuspensionGround, str] = {
    SuspensionGround.COURT: "SPC interpretation on condominiums (2020) art. 12",
    SuspensionGround.AUTHORITY: ARTICLE_OF_ORDERS,
    SuspensionGround.BIDDING_COMPLAINT: "Tendering Regs art. 62",
    SuspensionGround.SAFETY: "Quality Regs art. 52; [D] rules E38",
    SuspensionGround.FORCE_MAJEURE: "Civil Code art. 180; [D] rules E40",
}
"""The article of each ground. That all periods rest meanwhile is [D], after the halt of E6."""
ANNULLED_UNDER: Mapping[Annuller, str] = {
    Annuller.COURT: "Civil Code art. 280(2); SPC interpretation on condominiums (2020) art. 12",
    Annuller.AUTHORITY: ARTICLE_OF_ORDERS,
}
"""On which article what the owners have adopted is annulled. What follows is [D], after the roll-back of E6."""
EXTENDABLE: Mapping[Consequence, str] = {
    Consequence.REMINDED: "[D] rules 5.2",
    Consequence.PUBLICATION_CLOSED: "[D] rules 5.4",
    Consequence.BIDS_OPENED: "Tendering Law art. 24; Tendering Regs art. 21",
}
"""What may be given more time, by what happens at its end, and the article. A vote is extended by its own
rule (V-CN-9), a collection by a decision on it (E13), a notice to cure by another one."""
GOES_ON = frozenset(
    {
        *(RESUMED, ORDERED, CORRECTED, LIFTED, ANNULLED),
        *("renovation.cancelled", "renovation.corrected"),
        *("cost_sharing.payments_blocked", "cost_sharing.payments_unblocked"),
    }
)
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


def counted_from(start: datetime, rests: Rests) -> datetime:
    """As far back as a renovation has gone on since `start`: what is told in days counts from there; UTC.

    Whether something was in time is judged by `rested`: days off may lie otherwise after another beginning.
    """
    counted = start
    for rest in rests:
        since, until = (datetime.fromisoformat(str(each)) for each in cast("list[str]", rest))
        counted += max(until - max(since, start), timedelta())
    return counted


def resumed(wait: Wait, suspended_at: datetime, now: datetime, *, meanwhile: bool = False) -> Wait:
    """A line of the agenda as it goes on: what was ahead when it came to rest comes later by that time.

    One that was written `meanwhile` has rested from its own beginning.
    """
    began = suspended_at
    if meanwhile and wait.since and wait.since <= now:
        began = max(suspended_at, wait.since)
    moments = {"since": wait.since, "due_at": wait.due_at}
    later = {
        name: moment if moment is None else extended_end(moment, began, now)
        for name, moment in moments.items()
    }
    return wait.model_copy(update=later)


def extension(
    wait: Wait, days: int, now: datetime, timetable: Timetable, calendar: WorkCalendar
) -> tuple[datetime, datetime]:
    """The end of a period, and where so many days more end: at 24:00, and on no day off (Civil Code art. 203).

    Raises:
        Refused: `oversight.not_extendable` where a rule of its own says how it may be extended, or it has
            no end; `oversight.period_over`.
    """
    if wait.due_at is None or wait.consequence not in EXTENDABLE:
        raise refusal("oversight.not_extendable", where="what", what=wait.what)
    if wait.due_at <= now:
        raise refusal(
            "oversight.period_over", where="what", what=wait.what, at=utc_text(wait.due_at)
        )
    last_moment = wait.due_at - timedelta(microseconds=1)
    return wait.due_at, deadline(last_moment, calendar_days(days), calendar, timetable.zone)


def told_of_extension(wait: Wait) -> tuple[str, ...]:
    """Whom it concerns: whoever is awaited, or all owners where everybody may object."""
    if wait.consequence is Consequence.PUBLICATION_CLOSED:
        return ("all_owners",)
    return tuple(wait.who.split(", "))


def moved(before: Wait, after: Wait) -> Moved | None:
    """What is said of a period; None where it had no end, or stayed as it was."""
    if before.due_at is None or after.due_at is None or before.due_at == after.due_at:
        return None
    return Moved(what=before.what, subject=before.subject, before=before.due_at, after=after.due_at)
