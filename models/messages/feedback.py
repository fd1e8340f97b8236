"""What crosses Temporal in the feedback stage (反馈评价)."""

from datetime import datetime
from typing import Literal

from models.messages.journey import Answer, CaseClock, Ticked
from models.values.base import Carried


class FeedbackPeriod(Ticked):
    """When the survey closes."""

    survey_closes_at: datetime


class FeedbackState(Ticked):
    """Open tickets that the evaluation must wait for, and when to look at them again."""

    open_tickets: int
    look_again_at: datetime | None = None
    """None means evaluate now, and what is still open is reported as missing."""


class FeedbackOutcome(Answer):
    """What the evaluation found."""

    outcome: Literal["evaluated"]
    targets_met: int
    targets: int


class TicketInput(Carried):
    """A complaint that was written down; its row has the rest."""

    renovation_id: str
    ticket_id: str
    clock: CaseClock = "wall"


class TicketTimer(Ticked):
    """Who holds the ticket and until when; `top` when nobody is above."""

    level: Literal["grid", "community", "street", "district", "city"]
    due_at: datetime
    top: bool = False


class TicketOutcome(Answer):
    """How a ticket ended."""

    state: Literal["closed", "referred"]
    level: str
    reopened: int
