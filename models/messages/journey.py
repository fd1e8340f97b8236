"""What crosses Temporal between the journey's workflows and their activities. Ids, never people.

All moments are case time, by which deadlines are kept (the tick).
"""

from datetime import datetime
from typing import Literal

from models.values.base import Carried

Stage = Literal["voting", "cost_sharing", "bidding", "inspection", "feedback"]
CaseClock = Literal["wall", "told"]
"""Whose clock a case keeps: everybody's, or one of its own that moves when it is told (sandbox)."""
STAGES: tuple[Stage, ...] = ("voting", "cost_sharing", "bidding", "inspection", "feedback")


class Journey(Carried):
    """The input of a RenovationWorkflow: everything else is in the database."""

    renovation_id: str
    attempts: int = 0
    """Votes already held, carried when the journey continues as new."""
    clock: CaseClock = "wall"


class Ticked(Carried):
    """An answer that says at which tick it was written, in a told case; None in a wall case.

    From it a workflow knows whether a deadline is over already, before any signal of the clock.
    """

    tick: datetime | None = None


class StageInput(Carried):
    """The input of a stage workflow; `run_off` puts the top two of the vote before it again."""

    renovation_id: str
    attempt: int = 1
    run_off: bool = False
    clock: CaseClock = "wall"


class JourneyOutcome(Carried):
    """How a renovation ended."""

    state: Literal["completed", "shelved", "cancelled"]
    reason: str = ""


class PublicationInput(Carried):
    """A thing to publish (公示): what, for how long, and whether objections suspend its clock."""

    renovation_id: str
    publication_id: str
    subject: Literal["vote_result", "share_table", "candidates", "refunds"]
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


class VotePeriod(Ticked):
    """The moments of a vote: when the turnout is looked at and when the box closes."""

    box_id: str
    check_at: datetime
    closes_at: datetime
    extended: bool = False


class VoteResult(Carried):
    """The decided vote; `run_off` when the top two of some options are put again."""

    box_id: str
    adopted: bool
    run_off: bool = False


class VotingOutcome(Carried):
    """What the voting stage hands on."""

    outcome: Literal["adopted", "rejected", "annulled", "run_off"]
    box_id: str


class FundingState(Carried):
    """The state of the money plan: gap 0 means that shares can be published."""

    gap_fen: int
    next_step: Literal["none", "ask_subsidy", "new_vote"]


class Collection(Ticked):
    """The next moment of the collection and whether it is the deadline."""

    at: datetime
    last: bool
    reminder: int


class CollectionState(Carried):
    """What was collected against the threshold."""

    enough: bool
    collected_fen: int
    due_fen: int


class CostSharingOutcome(Carried):
    """What the cost sharing stage hands on."""

    outcome: Literal["funded", "new_vote", "shelved"]


class TenderPeriod(Ticked):
    """An open tender and the moment of its opening."""

    tender_id: str
    deadline_at: datetime


class BidOpening(Carried):
    """What the opening found."""

    next_step: Literal["evaluate", "retender", "approval"]
    accepted: int
    submitted: int


class Candidates(Carried):
    """The ranked candidates still standing, best first."""

    bidder_ids: tuple[str, ...]
    round: int = 1


class BiddingOutcome(Carried):
    """What the bidding stage hands on."""

    outcome: Literal["signed", "failed"]
    contract_id: str = ""


class WorksState(Ticked):
    """The works as the inspection stage sees them: item ids by state."""

    planned: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    overdue_at: datetime | None = None
    """The earliest rectification deadline."""

    @property
    def finished(self) -> bool:
        """No item is open any more."""
        return not (self.planned or self.reported or self.rejected)


class InspectionOutcome(Carried):
    """What the inspection stage hands on."""

    outcome: Literal["accepted"]


class FeedbackPeriod(Ticked):
    """When the survey closes."""

    survey_closes_at: datetime


class FeedbackState(Ticked):
    """Open tickets that the evaluation must wait for, and when to look at them again."""

    open_tickets: int
    look_again_at: datetime | None = None
    """None means evaluate now, and what is still open is reported as missing."""


class FeedbackOutcome(Carried):
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


class TicketOutcome(Carried):
    """How a ticket ended."""

    state: Literal["closed", "referred"]
    level: str
    reopened: int
