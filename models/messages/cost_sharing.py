"""What crosses Temporal in the cost sharing stage (费用分摊)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import Field

from models.messages.journey import Answer, Ticked
from models.messages.progress import Progress
from models.messages.publication import PublicationClosing

MOST_ROUNDS = 1000
"""The committee may wait for the owners' money as often as this."""


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
    STARTED_BELOW = "started_below"
    """Less than the threshold has come in, and it was decided to start with that."""
    NEW_VOTE = "new_vote"
    """No money closes the gap: the owners are asked again."""
    SHELVED = "shelved"
    """Too little was collected."""


GOES_ON = (CostSharingResult.FUNDED, CostSharingResult.STARTED_BELOW)
"""With these a contractor is looked for."""


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
    measure: bool = False
    """Something was built: before the settlement the chief supervising engineer measures it."""


class RefundSheet(Answer):
    """The refund sheet in sums; its rows are in the tables."""

    units: int = Field(default=0, ge=0)
    sunk_net_fen: int = Field(default=0, ge=0)
    """What the owners carry of the certified work."""
    refunds_fen: int = Field(default=0, ge=0)
    sources_fen: int = Field(default=0, ge=0)
    debts_fen: int = Field(default=0, ge=0)
    owing: bool = False
    """Afterwards somebody still owes, is owed, or something is kept back."""


class Relieved(Answer):
    """Whether a relief paid the last open share of a running collection. Earlier releases told nothing."""

    paid_up: bool = False


class CollectionDecided(Answer):
    """What the committee decided below the threshold. Earlier releases told only that it did."""

    decision: CollectionDecision | None = None


class CostSharingPhase(StrEnum):
    """What cost sharing waits for."""

    PLANNING = "planning"
    SUBSIDY = "subsidy"
    PUBLICATION = "publication"
    COLLECTION = "collection"
    DECISION = "decision"
    FINISHED = "finished"


class RoundsProgress(Progress):
    """How far the rounds of a collection have come: `round` counts them, `counted` belongs to the last one."""

    round: int = 0
    collection: Collection | None = None
    counted: CollectionState | None = None
    paid_up: bool = False
    """The service or a relief has said that nobody owes anything any more; the record has the payments."""

    @property
    def in_round(self) -> bool:
        """The owners were called to pay, and what came in is not counted yet."""
        return self.collection is not None and self.counted is None

    def _called(self, collection: Collection) -> dict[str, object]:
        """The owners are called or reminded to pay; the first call begins a round."""
        if collection.reminder:
            return {"collection": collection}
        return {"round": self.round + 1, "counted": None, "collection": collection}


class CostSharingProgress(RoundsProgress):
    """How far cost sharing has come.

    `tables` counts the share tables, `published` says that the last one stands. `round` counts the
    rounds of the collection; `counted` and `decision` belong to the last one.
    """

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "cost_sharing.planned": FundingState,
        "cost_sharing.subsidy_granted": FundingState,
        "cost_sharing.subsidy_declined": FundingState,
        "cost_sharing.shares_computed": SharesComputed,
        "cost_sharing.relief_approved": Relieved,
        "cost_sharing.payments_called": Collection,
        "cost_sharing.reminder_sent": Collection,
        "cost_sharing.reminder_ordered": Collection,
        "cost_sharing.reminder_not_needed": Collection,
        "cost_sharing.collection_counted": CollectionState,
        "cost_sharing.collection_decided": CollectionDecided,
        "cost_sharing.finished": CostSharingOutcome,
    }

    funding: FundingState | None = None
    declined: bool = False
    tables: int = 0
    published: bool = False
    decision: CollectionDecision | None = None
    outcome: CostSharingOutcome | None = None

    @property
    def phase(self) -> CostSharingPhase:
        """What it waits for now."""
        if self.outcome is not None or self.declined:
            return CostSharingPhase.FINISHED
        if self.funding is None:
            return CostSharingPhase.PLANNING
        if self.funding.gap_fen > 0:
            return CostSharingPhase.SUBSIDY
        if not self.published:
            return CostSharingPhase.PUBLICATION
        short = self.counted is not None and not self.counted.enough
        if short and self.decision is None:
            return CostSharingPhase.DECISION
        return CostSharingPhase.COLLECTION

    def moved(self, step: str, answer: Answer) -> Self:
        """A plan without a gap, a share table that stands, rounds of collection until it is decided."""
        now: dict[str, object] = {}
        match answer:
            case FundingState():
                declined = step == "cost_sharing.subsidy_declined"
                now = {"declined": True} if declined else {"funding": answer}
            case SharesComputed():
                now = {"tables": self.tables + 1, "published": False}
            case PublicationClosing():
                now = {"published": answer.upheld == 0}
            case Collection():
                now = self._called(answer)
            case CollectionState():
                now = {"counted": answer}
            case Relieved():
                now = {"paid_up": self.paid_up or answer.paid_up}
            case CollectionDecided():
                now = {"decision": answer.decision}
            case CostSharingOutcome():
                now = {"outcome": answer}
        return self.model_copy(update=now)

    def decided(self, decision: CollectionDecision) -> Self:
        """The committee has decided what follows from the count."""
        return self.model_copy(update={"decision": decision})

    def _called(self, collection: Collection) -> dict[str, object]:
        called = super()._called(collection)
        return called if collection.reminder else {**called, "decision": None}


class CollectionOutcome(Ticked):
    """Nothing is left to be called and nobody owes anything, or when the next instalment falls due.

    Neither: somebody owes what was called, and is waited for.
    """

    over: bool = True
    next_at: datetime | None = None


class CollectionProgress(RoundsProgress):
    """How far the collection of later instalments has come; `looks` counts the looks at what is left."""

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "cost_sharing.instalment_awaited": CollectionOutcome,
        "cost_sharing.collection_ended": CollectionOutcome,
        "cost_sharing.payments_called": Collection,
        "cost_sharing.reminder_sent": Collection,
        "cost_sharing.reminder_ordered": Collection,
        "cost_sharing.reminder_not_needed": Collection,
        "cost_sharing.collection_counted": CollectionState,
    }

    looks: int = 0
    next_at: datetime | None = None
    outcome: CollectionOutcome | None = None

    def moved(self, _step: str, answer: Answer) -> Self:
        """Instalment by instalment: awaited, called, reminded of, counted."""
        now: dict[str, object] = {}
        match answer:
            case CollectionOutcome(over=True):
                now = {"outcome": answer, "next_at": None}
            case CollectionOutcome():
                now = {"looks": self.looks + 1, "next_at": answer.next_at}
            case Collection():
                now = {**self._called(answer), "next_at": None}
            case CollectionState():
                now = {"counted": answer}
        return self.model_copy(update=now)
