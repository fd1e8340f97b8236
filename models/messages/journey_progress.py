"""How far a renovation has come: which stage, how it ended, and what follows."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from models.messages.acts import Done, SharesChanged
from models.messages.bidding import BiddingOutcome, BiddingResult
from models.messages.cost_sharing import (
    GOES_ON,
    CollectionOutcome,
    CostSharingOutcome,
    CostSharingResult,
    RefundSheet,
    Relieved,
    Settlement,
)
from models.messages.feedback import FeedbackOutcome
from models.messages.inspection import InspectionOutcome, TerminationStep, WorksResult
from models.messages.journey import (
    Annulled,
    Answer,
    Extended,
    JourneyOutcome,
    Ordered,
    PaymentsBlocked,
    Reassigned,
    Resumed,
    Revision,
    StageEntered,
    Suspended,
    WarrantyEntered,
)
from models.messages.progress import Progress
from models.messages.voting import VotingOutcome, VotingResult
from models.messages.warranty import WarrantyOutcome
from models.values.states import AfterTermination, RenovationState, Stage, TerminationGround
from models.values.voting import FollowUpTerms

StageOutcome = (
    VotingOutcome | CostSharingOutcome | BiddingOutcome | InspectionOutcome | FeedbackOutcome
)

Collecting = WarrantyEntered | SharesChanged | CollectionOutcome
Overseen = Suspended | Resumed | Extended | Reassigned | Ordered | PaymentsBlocked
COLLECTED_BESIDE = (Stage.BIDDING, Stage.INSPECTION, Stage.FEEDBACK)
"""Stages beside which later instalments are collected."""
AGAIN = (VotingResult.RUN_OFF, VotingResult.SECOND_VOTE)
"""Votes that are followed by another one, which is not a new vote on the matter."""


AFTER_STEP: Mapping[str, Mapping[str, object]] = {
    "voting.scheme_revised": {"renewed": True, "wanted": None},
    "renovation.cancelled": {"cancelled": True, "suspended_at": None},
}
"""What is so after a step, whatever it answered."""


ACCOUNTS_AWAITED = "renovation.accounts_awaited"
"""What comes of an attempt to close a case in which somebody owes something again."""


class Undo(StrEnum):
    """What has to be undone when a renovation stops."""

    VOTE = "vote"
    MONEY = "money"
    CONTRACT = "contract"


class JourneyProgress(Progress):
    """How far a renovation has come.

    `entries` counts the stages entered, `attempts` those of them that were votes; the stage that was
    entered last is `stage`, carried by `stage_workflow_id`, until it is `left`. `vote`, `sharing`,
    `bidding` and `works` are the last outcomes of these stages: after a contract was terminated bidding
    and works come once more. `stage_reminds_at` is the first reminder of the stage that was entered
    last. `wanted` says whether a revised scheme may be put
    to a vote, None before that was asked.
    """

    ANSWERS: ClassVar[Mapping[str, type[Answer]]] = {
        "renovation.stage_entered": StageEntered,
        "renovation.revision_asked": Revision,
        "renovation.votes_ended": Revision,
        "voting.scheme_revised": Done,
        "renovation.corrected": Done,
        "cost_sharing.subsidy_cut": SharesChanged,
        "cost_sharing.joined_late": SharesChanged,
        "cost_sharing.relief_approved": Relieved,
        "renovation.warranty_begun": WarrantyEntered,
        "renovation.settling_begun": WarrantyEntered,
        "inspection.works_measured": TerminationStep,
        "renovation.cancelled": Done,
        "renovation.suspended": Suspended,
        "renovation.resumed": Resumed,
        "renovation.period_extended": Extended,
        "renovation.correction_ordered": Ordered,
        "renovation.correction_reported": Ordered,
        "renovation.correction_lifted": Ordered,
        "renovation.act_reassigned": Reassigned,
        "renovation.vote_annulled": Annulled,
        "cost_sharing.payments_blocked": PaymentsBlocked,
        "cost_sharing.payments_unblocked": PaymentsBlocked,
        "settlement.made_safe": Settlement,
        "settlement.contract_settled": Settlement,
        "settlement.refund_sheet_drawn": RefundSheet,
        "settlement.refunds_paid": RefundSheet,
        "settlement.vote_voided": Done,
        ACCOUNTS_AWAITED: Done,
        "renovation.closed": Done,
    }

    stage: Stage | None = None
    stage_workflow_id: str = ""
    stage_reminds_at: datetime | None = None
    left: bool = True
    entries: int = 0
    attempts: int = 0
    run_offs: int = 0
    vote: VotingResult | None = None
    follow_up: FollowUpTerms | None = None
    """When the second vote is held, where the last vote has opened one."""
    sharing: CostSharingResult | None = None
    collected: bool = False
    """The owners' money came in once, and nothing has undone that since."""
    bidding: BiddingResult | None = None
    works: InspectionOutcome | None = None
    adopted: bool = False
    """Some vote has adopted the scheme: money may have been collected since."""
    wanted: bool | None = None
    revise_until: datetime | None = None
    """After that there is no other vote: a scheme that is not revised by then is shelved (E1)."""
    renewed: bool = False
    """The scheme was revised since the last stage: it is put to a vote."""
    cancelled: bool = False
    suspended_at: datetime | None = None
    """Since then it stands still (case time)."""
    orders: int = 0
    """Orders of correction that are open."""
    blocked: bool = False
    """No money goes out but wages (E17)."""
    to_tell: tuple[str, ...] = ()
    """The workflows whose periods the last act has moved: they are told to look at the record."""
    annulments: int = 0
    """How often what the owners had adopted was annulled."""
    warranty_id: str = ""
    """The workflow of the warranty, or of the end of the money of what has stopped, once that has begun."""
    warranty_over: bool = False
    collection_id: str = ""
    """The workflow that collects later instalments beside the stages, while it does."""
    settling: bool = False
    """What was done is being undone: nothing else may be decided any more."""
    to_measure: bool = False
    """It has stopped in the middle of the works: what stands is measured before anything is settled (E42)."""
    owing: bool = False
    """After the refunds accounts are open: they are settled before the case is closed."""
    looks: int = 0
    """How often it was to be closed, and somebody owed something again."""

    @property
    def number(self) -> int:
        """Of the stage that was entered last, within its workflow id."""
        return self.attempts if self.stage is Stage.VOTING else self.entries

    @property
    def revision_awaited(self) -> bool:
        """The committee is asked for a revised scheme, and nothing has ended that."""
        return bool(self.left and self.wanted and not self.cancelled and not self.settling)

    @property
    def contracted(self) -> bool:
        """A contract was signed, whatever has become of it."""
        return self.works is not None or self.bidding is BiddingResult.SIGNED

    @property
    def carries_out(self) -> bool:
        """What the owners have adopted is being carried out, and nobody has signed a contract on it."""
        return self.stage in (Stage.COST_SHARING, Stage.BIDDING) and not self.contracted

    @property
    def goes_on_voting(self) -> bool:
        """The vote that was held last leaves something to be put again: a run-off or a second vote."""
        return self.stage is Stage.VOTING and self.vote in AGAIN

    @property
    def next_stage(self) -> Stage | None:
        """The stage to enter now; None while one is under way, and where something else follows."""
        if not self.left:
            return None
        if self.stage is None or self.goes_on_voting or self.renewed:
            return Stage.VOTING
        return {
            Stage.VOTING: Stage.COST_SHARING if self.vote is VotingResult.ADOPTED else None,
            Stage.COST_SHARING: Stage.BIDDING if self.sharing in GOES_ON else None,
            Stage.BIDDING: Stage.INSPECTION if self.bidding is BiddingResult.SIGNED else None,
            Stage.INSPECTION: self._after_works,
            Stage.FEEDBACK: None,
        }[self.stage]

    @property
    def _after_works(self) -> Stage | None:
        """What was not built is tendered again; nothing that failed is evaluated as done (E36)."""
        if self.works is None or self.works.outcome is WorksResult.ACCEPTED:
            return Stage.FEEDBACK
        return Stage.BIDDING if self.works.then is AfterTermination.RETENDER else None

    @property
    def ending(self) -> JourneyOutcome | None:
        """How the journey ends, if it does now."""
        if not self.left:
            return None
        if self.stage is Stage.FEEDBACK:
            return JourneyOutcome(state=RenovationState.COMPLETED)
        reason = self._shelved
        return JourneyOutcome(state=RenovationState.SHELVED, reason=reason) if reason else None

    @property
    def in_warranty(self) -> bool:
        """Whether the stages are over, and nothing but complaints and the end of the money goes on."""
        return bool(self.warranty_id)

    @property
    def _shelved(self) -> str:
        """Why nothing follows any more; "" where something does."""
        works = self.works if self.stage is Stage.INSPECTION else None
        if self.stage is Stage.COST_SHARING and self.sharing is CostSharingResult.SHELVED:
            return "too_little_collected"
        if self.stage is Stage.BIDDING and self.bidding is BiddingResult.FAILED:
            return "no_contractor"
        if works is not None and works.then is AfterTermination.CLOSE:
            at_fault = works.ground is not TerminationGround.VOTE
            return "contractor_default" if at_fault else "owners_terminated"
        return "vote_limit_reached" if self.wanted is False else ""

    @property
    def gives_up(self) -> bool:
        """It stops after money was asked for, if only before a later vote: what was done is undone (E13, B-20, E36)."""
        return bool(self._shelved) and (self.gives_up_at_once or self.collected)

    @property
    def gives_up_at_once(self) -> bool:
        """It stops in the stage in which money was asked for, or in a later one."""
        return (self.left and self.stage in (Stage.BIDDING, Stage.INSPECTION)) or (
            self.sharing is CostSharingResult.SHELVED
        )

    @property
    def to_undo(self) -> tuple[Undo, ...]:
        """What was done, in its order."""
        done = {
            Undo.VOTE: self.attempts > 0,
            Undo.MONEY: self.adopted,
            Undo.CONTRACT: self.sharing in GOES_ON,
        }
        return tuple(thing for thing, happened in done.items() if happened)

    def entered(self, stage: Stage, workflow_id: str) -> Self:
        """A stage has begun."""
        if workflow_id == self.stage_workflow_id:
            return self
        now = {
            "collection_id": self.collection_id if stage in COLLECTED_BESIDE else "",
            "stage": stage,
            "stage_workflow_id": workflow_id,
            "left": False,
            "wanted": None,
            "renewed": False,
            "entries": self.entries + 1,
            "attempts": self.attempts + int(stage is Stage.VOTING),
        }
        return self.model_copy(update=now)

    def moved(self, step: str, answer: Answer) -> Self:
        """Stages begin and end, schemes are revised, the whole is cancelled and settled."""
        if isinstance(answer, StageEntered):
            return self._stage_entered(answer)
        if isinstance(answer, Overseen):
            return self._overseen(answer)
        if isinstance(answer, Annulled):
            return self._annulled(answer)
        now: Mapping[str, object] = AFTER_STEP.get(step, {})
        if isinstance(answer, WarrantyOutcome):
            now = {"warranty_over": answer.settled}
        elif isinstance(answer, Collecting):
            now = _collecting(answer)
        elif isinstance(answer, Done) and answer.kind == ACCOUNTS_AWAITED:
            now = {"looks": self.looks + 1}
        elif isinstance(answer, Revision):
            now = {"wanted": answer.wanted, "revise_until": answer.until}
        elif isinstance(answer, StageOutcome):
            now = {"left": True, **self._ended(answer)}
        elif step.startswith("settlement.") or isinstance(answer, TerminationStep):
            now = {"settling": True, **_settled(answer)}
        return self.model_copy(update=now)

    def _stage_entered(self, answer: StageEntered) -> Self:
        if answer.stage is None:
            return self
        first = {"stage_reminds_at": answer.stage_reminds_at, **_collecting(answer)}
        return self.entered(answer.stage, answer.workflow_id).model_copy(update=first)

    def _annulled(self, answer: Annulled) -> Self:
        """The vote carries nothing any more, as one that has failed: a revised scheme may be put to another one."""
        if answer.ends:
            return self.model_copy(update=AFTER_STEP["renovation.cancelled"])
        now = {
            "annulments": self.annulments + 1,
            "collection_id": "",
            "left": True,
            "stage": Stage.VOTING,
            "vote": VotingResult.ANNULLED,
            "follow_up": None,
            "sharing": None,
            "collected": False,
            "bidding": None,
            "wanted": None,
            "revise_until": None,
            "renewed": False,
            "suspended_at": None,
        }
        return self.model_copy(update=now)

    def _overseen(self, answer: "Overseen") -> Self:
        """It stands still, goes on with all periods later, one ends later or is another one's, or something
        is to be put right or paid.
        """
        if isinstance(answer, PaymentsBlocked):
            return self.model_copy(update={"blocked": answer.blocked})
        if isinstance(answer, Ordered):
            return self.model_copy(update={"orders": answer.open})
        if isinstance(answer, Suspended):
            return self.model_copy(update={"suspended_at": answer.at})
        told = self.model_copy(update={"to_tell": answer.waiting})
        if not isinstance(answer, Resumed):
            return told
        moved = told.rested(answer.suspended_at, answer.resumed_at)
        return moved.model_copy(update={"suspended_at": None})

    def _ended(self, outcome: StageOutcome) -> dict[str, object]:
        if isinstance(outcome, VotingOutcome):
            return {
                "vote": outcome.outcome,
                "follow_up": outcome.follow_up,
                "run_offs": self.run_offs + int(outcome.outcome in AGAIN),
                "adopted": self.adopted or outcome.outcome is VotingResult.ADOPTED,
            }
        if isinstance(outcome, CostSharingOutcome):
            funded = self.collected or outcome.outcome in GOES_ON
            return {"sharing": outcome.outcome, "collected": funded}
        if isinstance(outcome, BiddingOutcome):
            return {"bidding": outcome.outcome}
        if isinstance(outcome, InspectionOutcome):
            return {"works": outcome}
        return {}


def _collecting(answer: "Collecting | StageEntered") -> dict[str, object]:
    """What collects beside the stages from now on; a collection that runs already goes on."""
    if isinstance(answer, CollectionOutcome):
        return {"collection_id": ""} if answer.over else {}
    begun: dict[str, object] = {}
    if isinstance(answer, WarrantyEntered):
        begun["warranty_id"] = answer.workflow_id
    if answer.collection_id:
        begun["collection_id"] = answer.collection_id
    return begun


def _settled(answer: Answer) -> dict[str, object]:
    """What a step of the settlement leaves to do. Answers of earlier releases leave nothing."""
    if isinstance(answer, Settlement | TerminationStep):
        return {"to_measure": isinstance(answer, Settlement) and answer.measure}
    return {"owing": answer.owing} if isinstance(answer, RefundSheet) else {}
