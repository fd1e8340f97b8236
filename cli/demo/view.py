"""What the demo reads of a renovation and of its clock: the service's answers, as far as it needs them.

All moments are case time.
"""

from datetime import date, datetime

from cli.shown import ZONE
from models.values.base import Carried

OFFICE_HOUR = 9
"""People come to their offices at nine in the morning, local time."""


class BoxView(Carried):
    """The ballot box."""

    id: str
    closes_at: datetime


class PublicationView(Carried):
    """What is posted now."""

    id: str
    subject: str


class TicketView(Carried):
    """A complaint and the level that has to answer it."""

    id: str
    level: str
    state: str


class View(Carried):
    """Where a renovation stands."""

    stage: str
    state: str
    waiting_for: str
    box: BoxView | None = None
    publication: PublicationView | None = None
    tickets: tuple[TicketView, ...] = ()


class WaitView(Carried):
    """One line of the agenda: what is waited for, from when on."""

    what: str
    since: datetime


class ClockView(Carried):
    """The clock of the case after it has been read or moved, and what everything waits for."""

    now: datetime
    waits: tuple[WaitView, ...] = ()

    @property
    def today(self) -> date:
        """The date on the wall of the estate."""
        return self.now.astimezone(ZONE).date()

    @property
    def before_hours(self) -> bool:
        """Legal periods end at midnight, and nobody acts at that hour."""
        return self.now.astimezone(ZONE).hour < OFFICE_HOUR

    def begun(self, what: str) -> bool:
        """Whether it is already time for this; the ballots of a box are awaited from its opening on."""
        return all(wait.since <= self.now for wait in self.waits if wait.what == what)
