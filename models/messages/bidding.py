"""What crosses Temporal in the bidding stage (招标投标)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from models.messages.journey import Answer, Ticked
from models.messages.progress import Progress
from models.messages.publication import PublicationClosing


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
    NEW_VOTE = "new_vote"
    """Nor is one, because the owners would carry more than they agreed to: they are asked again (E12)."""


class TenderPeriod(Ticked):
    """An open tender and the moment of its opening."""

    tender_id: str
    deadline_at: datetime


class BidOpening(Answer):
    """What the opening found."""

    next_step: AfterOpening
    accepted: int
    submitted: int


class Candidates(Ticked):
    """The ranked candidates still standing, best first.

    `next_step` is where a tender goes that has none; `sign_until` ends the wait for the signature.
    """

    bidder_ids: tuple[str, ...]
    round: int = 1
    next_step: AfterOpening = AfterOpening.RETENDER
    sign_until: datetime | None = None


class BiddingOutcome(Answer):
    """What the bidding stage hands on."""

    outcome: BiddingResult
    contract_id: str = ""


class BiddingPhase(StrEnum):
    """What bidding waits for."""

    PUBLISH_TENDER = "publish_tender"
    BIDS = "bids"
    EVALUATION = "evaluation"
    APPROVAL = "approval"
    PUBLICITY = "publicity"
    AWARD = "award"
    SIGNATURE = "signature"


PHASE_AFTER_OPENING: Mapping[AfterOpening, BiddingPhase] = {
    AfterOpening.EVALUATE: BiddingPhase.EVALUATION,
    AfterOpening.RETENDER: BiddingPhase.PUBLISH_TENDER,
    AfterOpening.APPROVAL: BiddingPhase.APPROVAL,
}


class BiddingProgress(Progress):
    """How far bidding has come.

    `round` counts the tenders, `closings` the publications of candidates that are over. `published`
    are the candidates whose publication is under way; `to_strike` after an upheld objection.
    """

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "bidding.tender_published": TenderPeriod,
        "bidding.tender_clarified": TenderPeriod,
        "bidding.bids_opened": BidOpening,
        "bidding.candidates_ranked": Candidates,
        "bidding.direct_award_approved": Candidates,
        "bidding.candidate_withdrawn": Candidates,
        "bidding.candidate_struck": Candidates,
        "bidding.contract_awarded": Candidates,
        "bidding.signature_missed": Candidates,
        "bidding.signature_ruled_on": Answer,
        "bidding.contract_signed": BiddingOutcome,
        "bidding.failed": BiddingOutcome,
    }

    HEARD_LATE: ClassVar[frozenset[str]] = frozenset({"published"})
    """A candidate may leave while the publication is being begun: the record knows who was posted."""

    phase: BiddingPhase = BiddingPhase.PUBLISH_TENDER
    tender: TenderPeriod | None = None
    round: int = 0
    candidates: tuple[str, ...] | None = None
    """Ids of the bidders still standing, best first; None before they are named."""
    published: tuple[str, ...] | None = None
    closings: int = 0
    to_strike: bool = False
    sign_until: datetime | None = None
    """The contract is signed until then; None before an award, and in awards of earlier releases."""
    outcome: BiddingOutcome | None = None

    def moved(self, step: str, answer: Answer) -> Self:
        """Tender, opening, ranking, publicity of the candidates, award, signature."""
        now: dict[str, object] = {}
        match answer:
            case TenderPeriod() if step == "bidding.tender_clarified":
                now = {"tender": answer}
            case TenderPeriod():
                now = {"tender": answer, "round": self.round + 1, "phase": BiddingPhase.BIDS}
            case BidOpening():
                now = {"phase": PHASE_AFTER_OPENING[answer.next_step]}
            case Candidates():
                now = self._candidates(step, answer)
            case PublicationClosing():
                now = self._publicity_over(answer)
            case BiddingOutcome():
                now = {"outcome": answer}
        return self.model_copy(update=now)

    def publishing(self) -> Self:
        """The candidates as they stand are published."""
        return self.model_copy(update={"published": self.candidates})

    def _candidates(self, step: str, answer: Candidates) -> dict[str, object]:
        if step == "bidding.contract_awarded":
            return {"phase": BiddingPhase.SIGNATURE, "sign_until": answer.sign_until}
        ranked = step in ("bidding.candidates_ranked", "bidding.direct_award_approved")
        if ranked and not answer.bidder_ids:
            # Every bid was rejected: the tender is held again (Tendering Law art. 42), or approval asked.
            return {"phase": PHASE_AFTER_OPENING[answer.next_step]}
        struck = step == "bidding.candidate_struck"
        return {
            "candidates": answer.bidder_ids,
            "phase": BiddingPhase.PUBLICITY,
            "to_strike": self.to_strike and not struck,
        }

    def _publicity_over(self, closing: PublicationClosing) -> dict[str, object]:
        stands = not closing.upheld and self.candidates == self.published
        return {
            "closings": self.closings + 1,
            "to_strike": closing.upheld > 0,
            "phase": BiddingPhase.AWARD if stands else self.phase,
        }
