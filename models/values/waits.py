"""What a workflow of a case waits for: one line of the agenda."""

from datetime import datetime, timedelta
from enum import StrEnum

from models.values.base import Carried

STARTING = "starting"
"""A workflow that is about to begin; its own first write says what it waits for."""
ENGINE = "engine"
"""The workflow itself has something to do now."""
PAID_UP = "paid_up"
"""The last share is paid: the collection is counted before its deadline."""


class Consequence(StrEnum):
    """What the engine does when a wait is over; its sentence is `then.<word>` in the catalogues."""

    NONE = ""
    """Nothing: then somebody is late."""
    GOES_ON = "goes_on"
    TURNOUT_CHECKED = "turnout_checked"
    BOX_CLOSED = "box_closed"
    OBJECTIONS_COUNTED = "objections_counted"
    PUBLICATION_CLOSED = "publication_closed"
    REMINDER_SENT = "reminder_sent"
    COLLECTION_COUNTED = "collection_counted"
    BIDS_OPENED = "bids_opened"
    NEXT_CANDIDATE = "next_candidate"
    CONTRACTOR_DEFAULT = "contractor_default"
    TERMINATION_ASKED = "termination_asked"
    TICKETS_LOOKED_AT = "tickets_looked_at"
    TICKET_ESCALATED = "ticket_escalated"
    TICKET_CLOSED = "ticket_closed"


class NotYetError(Exception):
    """A step of the engine that comes too early by the tick: nothing is written, `left` is to wait."""

    def __init__(self, left: timedelta) -> None:
        super().__init__(f"not yet: {left} left")
        self.left = left


class Wait(Carried):
    """Who is awaited and what happens when nobody comes. Moments are case time.

    `subject` tells several waits of one kind apart. `since` None is now; it may lie ahead, as for
    the ballots of a box that is still to open. `due_at` None has no end. `consequence` is what the
    engine does at `due_at`, if anything.
    """

    what: str
    subject: str = ""
    due_at: datetime | None = None
    since: datetime | None = None
    who: str = ""
    consequence: Consequence = Consequence.NONE


def at_work(what: str, now: datetime) -> Wait:
    """The engine goes on by itself: due at once."""
    return Wait(what=what, due_at=now, since=now, consequence=Consequence.GOES_ON)
