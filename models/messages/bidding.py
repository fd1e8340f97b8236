"""What crosses Temporal in the bidding stage (招标投标)."""

from datetime import datetime
from enum import StrEnum

from models.messages.journey import Answer, Ticked


class AfterOpening(StrEnum):
    """What follows from the number of acceptable bids."""

    EVALUATE = "evaluate"
    RETENDER = "retender"
    APPROVAL = "approval"
    """A contract without a tender may be asked for."""


class BiddingResult(StrEnum):
    """How bidding ends."""

    SIGNED = "signed"
    FAILED = "failed"
    """No candidate is left."""


class TenderPeriod(Ticked):
    """An open tender and the moment of its opening."""

    tender_id: str
    deadline_at: datetime


class BidOpening(Answer):
    """What the opening found."""

    next_step: AfterOpening
    accepted: int
    submitted: int


class Candidates(Answer):
    """The ranked candidates still standing, best first."""

    bidder_ids: tuple[str, ...]
    round: int = 1


class BiddingOutcome(Answer):
    """What the bidding stage hands on."""

    outcome: BiddingResult
    contract_id: str = ""
