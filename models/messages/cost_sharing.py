"""What crosses Temporal in the cost sharing stage (费用分摊)."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from models.messages.journey import Answer, Ticked


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


class FundingState(Answer):
    """The state of the money plan: gap 0 means that shares can be published."""

    gap_fen: int
    next_step: NextStep


class Collection(Ticked):
    """The next moment of the collection and whether it is the deadline."""

    at: datetime
    last: bool
    reminder: int


class CollectionState(Answer):
    """What was collected against the threshold."""

    enough: bool
    collected_fen: int
    due_fen: int


class CostSharingOutcome(Answer):
    """What the cost sharing stage hands on."""

    outcome: CostSharingResult


class SharesComputed(Answer):
    """The share table in sums; its rows are in the tables, its hash in the event."""

    scheme_version: int = Field(ge=1)
    units: int = Field(ge=0)
    total_fen: int = Field(ge=0)
    table_hash: str


class Settlement(Answer):
    """What is left of a contract when the renovation stops: only certified work is paid for."""

    contract_id: str = ""
    certified_fen: int = Field(default=0, ge=0)


class RefundSheet(Answer):
    """The refund sheet in sums; its rows are in the tables."""

    units: int = Field(default=0, ge=0)
    sunk_net_fen: int = Field(default=0, ge=0)
    """What the owners carry of the certified work."""
    refunds_fen: int = Field(default=0, ge=0)
    sources_fen: int = Field(default=0, ge=0)
    debts_fen: int = Field(default=0, ge=0)
