"""What a workflow of a case waits for: one line of the agenda."""

from datetime import datetime

from models.values.base import Carried

STARTING = "starting"
"""A workflow that is about to begin; its own first write says what it waits for."""
ENGINE = "engine"
"""The workflow itself has something to do now."""
PAID_UP = "paid_up"
"""The last share is paid: the collection is counted before its deadline."""
GOES_ON = "goes_on"
"""The consequence of all three."""


class Wait(Carried):
    """Who is awaited and what happens when nobody comes. Moments are case time.

    `subject` tells several waits of one kind apart. `since` None is now; it may lie ahead, as for
    the ballots of a box that is still to open. `due_at` None has no end. `consequence` is what the
    engine does at `due_at`; "" means that then somebody is late and nothing happens by itself.
    """

    what: str
    subject: str = ""
    due_at: datetime | None = None
    since: datetime | None = None
    who: str = ""
    consequence: str = ""


def at_work(what: str, now: datetime) -> Wait:
    """The engine goes on by itself: due at once."""
    return Wait(what=what, due_at=now, since=now, consequence=GOES_ON)
