"""What a publication with an objection window (公示) is told, and answers."""

from datetime import datetime
from enum import StrEnum

from models.messages.journey import CaseClock, Ticked
from models.values.base import Carried


class Subject(StrEnum):
    """What is published."""

    VOTE_RESULT = "vote_result"
    SHARE_TABLE = "share_table"
    CANDIDATES = "candidates"
    REFUNDS = "refunds"


class PublicationInput(Carried):
    """A thing to publish (公示): what, for how long, and whether objections suspend its clock."""

    renovation_id: str
    publication_id: str
    subject: Subject
    suspends: bool = False
    clock: CaseClock = "wall"


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
