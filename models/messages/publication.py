"""What a publication with an objection window (公示) is told, and answers."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from models.messages.journey import Answer, CaseInput, Ticked
from models.messages.progress import Progress


class Subject(StrEnum):
    """What is published."""

    VOTE_RESULT = "vote_result"
    SHARE_TABLE = "share_table"
    CANDIDATES = "candidates"
    REFUNDS = "refunds"


class PublicationInput(CaseInput):
    """A thing to publish (公示): what, for how long, and whether objections suspend its clock."""

    publication_id: str
    subject: Subject
    suspends: bool = False


class PublicationPeriod(Ticked):
    """When a publication closes and how many objections are still open."""

    closes_at: datetime
    open_objections: int = 0


class PublicationClosing(Ticked):
    """What closing found: either closed with its outcome, or the reason why it must wait."""

    closed: bool
    closes_at: datetime
    open_objections: int = 0
    objections: int = 0
    upheld: int = 0


class PublicationProgress(Progress):
    """How far a publication has come; `closings` counts the looks whether it may close."""

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "publication.opened": PublicationPeriod,
        "publication.objection_answered": PublicationPeriod,
        "publication.close_looked_at": PublicationClosing,
    }

    closes_at: datetime | None = None
    unanswered: int = 0
    closings: int = 0
    closed: PublicationClosing | None = None

    def moved(self, _step: str, answer: Answer) -> Self:
        """Its window may move with every answer to an objection, until it is closed."""
        if not isinstance(answer, PublicationPeriod | PublicationClosing):
            return self
        window = {"closes_at": answer.closes_at, "unanswered": answer.open_objections}
        if isinstance(answer, PublicationPeriod):
            return self.model_copy(update=window)
        closed = answer if answer.closed else None
        look = {"closings": self.closings + 1, "closed": closed}
        return self.model_copy(update={**window, **look})
