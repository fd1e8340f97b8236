"""What crosses Temporal in the cost sharing stage (费用分摊)."""

from datetime import datetime
from enum import StrEnum

from models.messages.journey import Ticked
from models.values.base import Carried


class NextStep(StrEnum):
    """What a plan of the money asks for next."""

    NONE = "none"
    ASK_SUBSIDY = "ask_subsidy"
    NEW_VOTE = "new_vote"


class CollectionDecision(StrEnum):
    """What the committee decides when too little was collected."""

    START = "start"
    WAIT = "wait"
    SHELVE = "shelve"


class CostSharingResult(StrEnum):
    """How cost sharing ends."""

    FUNDED = "funded"
    NEW_VOTE = "new_vote"
    """No money closes the gap: the owners are asked again."""
    SHELVED = "shelved"
    """Too little was collected."""


class FundingState(Carried):
    """The state of the money plan: gap 0 means that shares can be published."""

    gap_fen: int
    next_step: NextStep


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

    outcome: CostSharingResult
