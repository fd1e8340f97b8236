"""The official acts: what a committee, an office, a contractor or a supervisor tells a workflow.

One class per act; its `name` is the update's name, `target` the workflow that hears it. Who may do
it is in `rules.authority`, when it may be done is in the workflow's validator. The page or the
calling system makes `command_id`; the gateway fills in the verified `actor`.
"""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from models.messages.command import Seal
from models.messages.cost_sharing import CollectionDecision
from models.values.actor import Actor
from models.values.base import Growing, Value
from models.values.bidding import (
    CandidateGround,
    ClearedFlag,
    Competition,
    LowPriceAnswer,
    Party,
    Rejection,
)
from models.values.scheme import SchemeContent
from models.values.voting import ReportedNumbers

Target = Literal["renovation", "stage", "publication", "ticket"]


class Act(Growing, Value):
    """An official act. Idempotent by `command_id` (1 to 120 characters).

    `LATER` are the fields that its first release did not have: unsaid they are not sent and not hashed, so
    that an act of before an upgrade is the same one when it is sent again.
    """

    name: ClassVar[str]
    target: ClassVar[Target] = "stage"
    stage: ClassVar[str] = ""
    """The stage it belongs to; empty when it may be done at every stage."""
    also: ClassVar[tuple[str, ...]] = ()
    """Other parts of the course in which it may be done as well."""
    settles: ClassVar[bool] = False
    """When no stage is under way any more, the renovation's own workflow takes it: it is being settled."""
    beside: ClassVar[bool] = False
    """In other stages than its own the renovation's own workflow takes it."""
    LATER = frozenset({"seal"})
    command_id: str = Field(min_length=1, max_length=120)
    actor: Actor
    seal: Seal | None = None
    """Of the gateway; no part of what is asked."""


class OpenVote(Act):
    """Announce the vote on the current scheme (Civil Code art. 278; notice, then the open box)."""

    name = "open_vote"
    stage = "voting"


class ImportOfficialResult(Act):
    """Take over the result of an official e-voting system for the open vote; the box closes with it."""

    name = "import_official_result"
    stage = "voting"
    system: str = Field(min_length=1, max_length=100)
    certificate: str = Field(min_length=1, max_length=200)
    """The certificate's number."""
    file_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the certificate's file."""
    results: dict[str, ReportedNumbers] = Field(min_length=1, max_length=1_000)
    """Motion id to its numbers; what is left out was not published."""


class ReviseScheme(Act):
    """Put a changed scheme to the owners: after a failed vote, or when no money closes the gap.

    Either items to leave out, or a whole `scheme`, which is checked like that of an opening; or only an
    extra levy: `owners_limit_fen` is the most that the owners carry if the vote adopts it (E12).
    """

    name = "revise_scheme"
    target = "renovation"
    LATER = frozenset({"scheme", "budget_fen", "owners_limit_fen"})
    drop_items: tuple[str, ...] = ()
    title: str = Field(default="", max_length=200)
    scheme: SchemeContent | None = None
    budget_fen: int | None = None
    """Of a whole scheme; without it the budget stays."""
    owners_limit_fen: int | None = None
    reason: str = Field(min_length=1, max_length=2000)


class AnswerObjection(Act):
    """Answer one objection of a publication; upheld means the published thing must change."""

    name = "answer_objection"
    target = "publication"
    publication_id: str
    objection_id: str
    upheld: bool
    answer: str = Field(min_length=1, max_length=4000)


class GrantSubsidy(Act):
    """Close a funding gap with extra public money."""

    name = "grant_subsidy"
    stage = "cost_sharing"
    amount_fen: int = Field(gt=0)
    reason: str = Field(min_length=1, max_length=2000)


class DeclineSubsidy(Act):
    """Say that no extra public money will come: the gap goes back to the owners in a new vote."""

    name = "decline_subsidy"
    stage = "cost_sharing"
    reason: str = Field(min_length=1, max_length=2000)


class ApproveRelief(Act):
    """Relieve a household in hardship of part of its share; the named fund pays instead."""

    name = "approve_relief"
    stage = "cost_sharing"
    also = ("warranty", "bidding", "inspection", "feedback")
    beside = True
    unit_number: str
    kind: Literal["waiver", "reduction", "deferral", "grant", "pool", "claim"] = "reduction"
    amount_fen: int = Field(gt=0)
    funded_by: str = Field(min_length=1, max_length=100)


class DecideCollection(Act):
    """After the deadline, below the threshold: start with what is there, wait once more, or stop."""

    name = "decide_collection"
    stage = "cost_sharing"
    decision: CollectionDecision
    reason: str = Field(min_length=1, max_length=2000)


class PublishTender(Act):
    """Publish the tender (招标公告) of the adopted scheme; bids close at the legal earliest or later."""

    name = "publish_tender"
    stage = "bidding"
    LATER = frozenset({"causes"})
    preparation_days: int | None = Field(default=None, ge=1, le=365)
    causes: str = ""
    """Why the tender before has failed, and what was changed; needed when it is held again (E20)."""


class ClarifyTender(Act):
    """Answer questions on the tender documents or change them, for all bidders, before the deadline.

    What affects bids and comes less than 15 days before the deadline moves it (Tendering Law art. 23).
    """

    name = "clarify_tender"
    stage = "bidding"
    change: str
    affects_bids: bool = True


class RecordEvaluation(Act):
    """The evaluation committee's report: what it found, as data, and the text that nobody parses.

    A bid that is named nowhere was found to be in order. Points (0…1000) are by bidder, adjustments in
    fen are added to prices for comparison, lots name bidders in the order that was drawn.
    """

    name = "record_evaluation"
    stage = "bidding"
    LATER = frozenset(
        {"rejections", "low_prices", "cleared", "competition", "adjustments_fen", "lots"}
    )
    technical_milli: dict[str, int] = Field(default_factory=dict)
    report: str = Field(default="", max_length=4000)
    rejections: tuple[Rejection, ...] = ()
    low_prices: tuple[LowPriceAnswer, ...] = ()
    cleared: tuple[ClearedFlag, ...] = ()
    competition: Competition | None = None
    adjustments_fen: dict[str, int] = Field(default_factory=dict)
    lots: tuple[str, ...] = ()


class ApproveDirectAward(Act):
    """After two failed tenders: the approval route, with the contractor and the approved price."""

    name = "approve_direct_award"
    stage = "bidding"
    bidder_id: str = Field(min_length=1, max_length=64)
    price_fen: int = Field(gt=0)
    reason: str = Field(min_length=1, max_length=2000)


class WithdrawCandidate(Act):
    """The first candidate gives up the award, or is struck out: the next one follows."""

    name = "withdraw_candidate"
    stage = "bidding"
    LATER = frozenset({"ground"})
    bidder_id: str
    reason: str = Field(min_length=1, max_length=2000)
    ground: CandidateGround = CandidateGround.WITHDREW


class AwardContract(Act):
    """Give the award (中标通知书) to the first remaining candidate."""

    name = "award_contract"
    stage = "bidding"
    bidder_id: str


class SignContract(Act):
    """Sign the contract on the terms of tender and bid."""

    name = "sign_contract"
    stage = "bidding"
    LATER = frozenset({"retention_permille", "start_by"})
    value_fen: int = Field(gt=0)
    performance_bond_fen: int = Field(default=0, ge=0)
    retention_permille: int | None = None
    """Of each payment, until the warranty ends; None is that of the tender documents."""
    start_by: date | None = None  # The last day to begin the works; None is that of the timetable.


class RuleOnSignature(Act):
    """Name who is responsible that a contract is not signed in time: its bond is lost, or back double."""

    name = "rule_on_signature"
    stage = "bidding"
    bidder_id: str
    at_fault: Party
    reason: str


class ReportProgress(Act):
    """The contractor, or who supervises, reports that the works have begun or go on."""

    name = "report_progress"
    stage = "inspection"
    report: str = Field(min_length=1, max_length=4000)


class ReportItem(Act):
    """The contractor reports a work item as done and asks for its inspection."""

    name = "report_item"
    stage = "inspection"
    item_id: str


class RecordInspection(Act):
    """An inspection with its outcome; a FAIL names its defects."""

    name = "record_inspection"
    stage = "inspection"
    item_id: str
    kind: Literal["material", "concealed", "stage", "completion"] = "stage"
    outcome: Literal["PASS", "PASS_WITH_MINOR", "FAIL"]
    defects: tuple[str, ...] = ()


class ReportRectified(Act):
    """The contractor reports the defects of a failed inspection as put right."""

    name = "report_rectified"
    stage = "inspection"
    item_id: str


class AcceptWorks(Act):
    """Completion acceptance (竣工验收), signed by the chief supervising engineer."""

    name = "accept_works"
    stage = "inspection"


class ApprovePayment(Act):
    """Release the money of the accepted works, less omissions and retention."""

    name = "approve_payment"
    stage = "inspection"
    omissions_fen: int = Field(default=0, ge=0)
    note: str = Field(default="", max_length=2000)


class TerminateContract(Act):
    """End the contract before its works are done: Civil Code art. 563, 787, 806.

    When a default was not cured in time, for another breach, or by the owners' vote without fault. What
    is left is tendered again, or the case is closed as failed.
    """

    name = "terminate_contract"
    stage = "inspection"
    ground: Literal["not_cured", "refuses", "assigned", "vote"] = "not_cured"
    then: Literal["retender", "close"] = "retender"
    bond_fen: int | None = Field(default=None, ge=0)
    """Of the performance bond that is called; None is all of it with fault, nothing without."""
    damages_fen: int = Field(default=0, ge=0)
    """Owed to a contractor that is not at fault."""
    document: str = Field(default="", max_length=200)
    """The decision of the owners, for `vote`."""
    reason: str = Field(min_length=1, max_length=2000)


class PayWages(Act):
    """Pay labour costs of the works into the wage account, ahead of what is certified (rules 4.2)."""

    name = "pay_wages"
    stage = "inspection"
    amount_fen: int = Field(gt=0)
    worked_until: date
    """The last day of the month that is paid."""
    document: str = Field(min_length=1, max_length=200)
    """The payroll that those who worked have signed."""


class MeasureWorks(Act):
    """Measure what stands of a terminated contract's open items, in fen at the contract's prices."""

    name = "measure_works"
    stage = "inspection"
    settles = True
    measured_fen: dict[str, int] = Field(default_factory=dict)
    """Item id to the value of its acceptable work; what is left out is worth nothing."""
    report: str = Field(default="", max_length=4000)


class ReleaseRetention(Act):
    """Release what was kept back of a contract (质量保证金), or withhold a part of it with a reason."""

    name = "release_retention"
    stage = "warranty"
    contract_id: str | None = None
    """Unsaid it is the only one of which something is kept back."""
    withheld_fen: int = Field(default=0, ge=0)
    reason: str = Field(default="", max_length=2000)


class ResolveTicket(Act):
    """Whoever holds the complaint says what was done about it."""

    name = "resolve_ticket"
    target = "ticket"
    ticket_id: str
    answer: str = Field(min_length=1, max_length=4000)


class ConfirmTicket(Act):
    """The resident's word in the call-back (回访): satisfied closes the ticket, not satisfied reopens it."""

    name = "confirm_ticket"
    target = "ticket"
    ticket_id: str
    satisfied: bool
