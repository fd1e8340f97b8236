"""What the demo reads of a renovation: the public answer of the service, as far as it needs it."""

from datetime import datetime

from models.values.base import Carried


class BoxView(Carried):
    """The ballot box; both moments are real time."""

    id: str
    state: str
    opens_at: datetime
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
    due_at: datetime | None = None
    case_now: datetime
    box: BoxView | None = None
    publication: PublicationView | None = None
    tickets: tuple[TicketView, ...] = ()
    events: int = 0

    @property
    def overdue(self) -> bool:
        """No legal period is running any more."""
        return self.due_at is None or self.due_at <= self.case_now

    @property
    def standing(self) -> tuple[str, str, datetime | None, int]:
        """What changes whenever something moves."""
        return self.stage, self.waiting_for, self.due_at, self.events
