"""What crosses Temporal in the feedback stage (反馈评价)."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal, Self

from models.messages.journey import Answer, CaseInput, Ticked
from models.messages.progress import Progress


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


class TicketInput(CaseInput):
    """A complaint that was written down; its row has the rest."""

    ticket_id: str


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


class FeedbackProgress(Progress):
    """How far the evaluation has come; `looks` counts those at the open complaints."""

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "feedback.survey_opened": FeedbackPeriod,
        "feedback.tickets_looked_at": FeedbackState,
        "feedback.evaluated": FeedbackOutcome,
    }

    look_at: datetime | None = None
    """When the open complaints are looked at, None before the survey and when the looks are over."""
    looks: int = 0
    surveyed: bool = False
    outcome: FeedbackOutcome | None = None

    def moved(self, _step: str, answer: Answer) -> Self:
        """The survey opens, complaints are looked at until none is waited for, then all is measured."""
        if isinstance(answer, FeedbackPeriod):
            found = {"look_at": answer.survey_closes_at, "surveyed": True}
            return self.model_copy(update=found)
        if isinstance(answer, FeedbackState):
            look = {"look_at": answer.look_again_at, "looks": self.looks + 1}
            return self.model_copy(update=look)
        return self.model_copy(update={"outcome": answer})


class TicketProgress(Progress):
    """How far a complaint has come; `answered` while the complainant is called back."""

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "feedback.ticket_taken_in": TicketTimer,
        "feedback.ticket_escalated": TicketTimer,
        "feedback.tickets_looked_at": TicketTimer,
        "feedback.ticket_resolved": TicketTimer,
        "feedback.ticket_reopened": TicketTimer,
        "feedback.ticket_closed": TicketOutcome,
    }

    timer: TicketTimer | None = None
    answered: bool = False
    outcome: TicketOutcome | None = None

    def moved(self, step: str, answer: Answer) -> Self:
        """Somebody holds it, answers it, loses it or gets it back, until it is closed."""
        if isinstance(answer, TicketOutcome):
            return self.model_copy(update={"outcome": answer})
        answered = {"feedback.ticket_resolved": True, "feedback.ticket_reopened": False}
        now = {"timer": answer, "answered": answered.get(step, self.answered)}
        return self.model_copy(update=now)
