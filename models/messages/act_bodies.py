"""The official acts as the doors take them: for each act its own fields, with their kinds and limits.

The gateway reads an act with these first, and a workflow's validator asks them once more (`unfit`),
because not everybody who reaches a workflow came through the gateway. The acts themselves
(`models.messages.acts`) stay as wide as what is in recorded histories: their arguments are decoded
again on every replay. A test compares fields and defaults of the two.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError

from models.fields import (
    LARGEST,
    Day,
    Fen,
    Id,
    Label,
    Note,
    Permille,
    PositiveFen,
    Reason,
    Sha256,
    Text,
    UnitNumber,
    Word,
    entries,
    label,
    line,
    text,
    whole,
    wrong_fields,
)
from models.files.certificate import CertifiedNumbers
from models.messages import acts
from models.messages.acts.bodies import (
    ActBody,
    AnnulmentBody,
    BlockBody,
    CorrectedBody,
    CorrectionBody,
    ExtensionBody,
    JoiningBody,
    LiftingBody,
    NoFields,
    OrderBody,
    ReasonBody,
    ReassignmentBody,
    SubsidyCutBody,
    SuspensionBody,
    UnblockBody,
)
from models.messages.command import Seal
from models.messages.cost_sharing import CollectionDecision
from models.values.actor import Role
from models.values.base import Value
from models.values.bidding import CandidateGround, FlagKind, Ground, Party
from models.values.inspection import InspectionKind, InspectionOutcome
from models.values.refusal import Problem
from models.values.scheme import SchemeContent

ITEMS, BIDDERS, DEFECTS, MOTIONS = 200, 200, 100, 1_000
"""Entries of a list, at most."""


class OfficialResultBody(ActBody):
    """Of `ImportOfficialResult`."""

    system: Annotated[str, *label(100)]
    certificate: Label
    """The certificate's number."""
    file_sha256: Sha256
    """Of the certificate's file."""
    results: Annotated[dict[Word, CertifiedNumbers], *entries(MOTIONS, 1)]
    """Motion id to its numbers; what is left out was not published."""


def _without_unknown(value: object) -> object:
    """What is carried passes over what it does not know; a person is told."""
    return SchemeContent.model_validate(value, extra="forbid") if isinstance(value, dict) else value


class RevisionBody(ActBody):
    """Of `ReviseScheme`. What must hold in the scheme itself, `formats.renovation_file` checks."""

    drop_items: Annotated[tuple[Id, ...], *entries(ITEMS)] = ()
    title: Annotated[str, *label(200, 0)] = ""
    scheme: Annotated[SchemeContent, BeforeValidator(_without_unknown)] | None = None
    budget_fen: PositiveFen | None = None
    owners_limit_fen: PositiveFen | None = None
    reason: Reason


class ObjectionAnswerBody(ActBody):
    """Of `AnswerObjection`."""

    publication_id: Id
    objection_id: Id
    upheld: bool
    answer: Text


class SubsidyBody(ActBody):
    """Of `GrantSubsidy`."""

    amount_fen: PositiveFen
    reason: Reason


class ReliefBody(ActBody):
    """Of `ApproveRelief`."""

    unit_number: UnitNumber
    kind: Literal["waiver", "reduction", "deferral", "grant", "pool", "claim"] = "reduction"
    amount_fen: PositiveFen
    funded_by: Annotated[str, *label(100)]


class CollectionBody(ActBody):
    """Of `DecideCollection`."""

    decision: CollectionDecision
    reason: Reason


class TenderBody(ActBody):
    """Of `PublishTender`."""

    preparation_days: Annotated[int, *whole("number", 365, 1)] | None = None
    causes: Note = ""


class ClarificationBody(ActBody):
    """Of `ClarifyTender`."""

    change: Text
    affects_bids: bool = True


class RejectionBody(Value):
    """A ground of rejection with its reason."""

    bidder_id: Id
    ground: Ground
    reason: Reason


class LowPriceBody(Value):
    """A written question about a low price, its answer ("" is none), and what follows."""

    bidder_id: Id
    question: Reason
    answer: Annotated[str, *text(4_000, 0)] = ""
    accepted: bool = False
    reason: Reason


class ClearedFlagBody(Value):
    """A red flag that is no collusion, and why."""

    kind: FlagKind
    bidders: Annotated[tuple[Id, ...], *entries(BIDDERS, 1)]
    reason: Reason


class CompetitionBody(Value):
    """Whether too few valid bids still compete, and why."""

    real: bool
    reason: Reason


class EvaluationBody(ActBody):
    """Of `RecordEvaluation`."""

    technical_milli: Annotated[dict[Id, Permille], *entries(BIDDERS)] = Field(default_factory=dict)
    report: Annotated[str, *text(4_000, 0)] = ""
    rejections: Annotated[tuple[RejectionBody, ...], *entries(BIDDERS)] = ()
    low_prices: Annotated[tuple[LowPriceBody, ...], *entries(BIDDERS)] = ()
    cleared: Annotated[tuple[ClearedFlagBody, ...], *entries(BIDDERS)] = ()
    competition: CompetitionBody | None = None
    adjustments_fen: Annotated[
        dict[Id, Annotated[int, *whole("number", LARGEST, -LARGEST)]], *entries(BIDDERS)
    ] = Field(default_factory=dict)
    lots: Annotated[tuple[Id, ...], *entries(BIDDERS)] = ()


class DirectAwardBody(ActBody):
    """Of `ApproveDirectAward`."""

    bidder_id: Id
    price_fen: PositiveFen
    reason: Reason


class WithdrawalBody(ActBody):
    """Of `WithdrawCandidate`."""

    bidder_id: Id
    reason: Reason
    ground: CandidateGround = CandidateGround.WITHDREW


class AwardBody(ActBody):
    """Of `AwardContract`."""

    bidder_id: Id


class ContractBody(ActBody):
    """Of `SignContract`."""

    value_fen: PositiveFen
    performance_bond_fen: Fen = 0
    retention_permille: Permille | None = None
    start_by: Day | None = None


class SignatureRulingBody(ActBody):
    """Of `RuleOnSignature`."""

    bidder_id: Id
    at_fault: Party
    reason: Reason


class ProgressReportBody(ActBody):
    """Of `ReportProgress`."""

    report: Text


class ItemBody(ActBody):
    """Of an act about one work item."""

    item_id: Id


class InspectionBody(ActBody):
    """Of `RecordInspection`."""

    item_id: Id
    kind: InspectionKind = "stage"
    outcome: InspectionOutcome
    defects: Annotated[tuple[Annotated[str, *text(1_000)], ...], *entries(DEFECTS)] = ()


class PaymentBody(ActBody):
    """Of `ApprovePayment`."""

    omissions_fen: Fen = 0
    note: Note = ""


class TerminationBody(ActBody):
    """Of `TerminateContract`."""

    ground: Literal["not_cured", "refuses", "assigned", "vote"] = "not_cured"
    then: Literal["retender", "close"] = "retender"
    bond_fen: Fen | None = None
    damages_fen: Fen = 0
    document: Annotated[str, *label(200, 0)] = ""
    reason: Reason


class MeasurementBody(ActBody):
    """Of `MeasureWorks`."""

    measured_fen: Annotated[dict[Id, Fen], *entries(ITEMS)] = Field(default_factory=dict)
    report: Annotated[str, *text(4_000, 0)] = ""


class WagesBody(ActBody):
    """Of `PayWages`."""

    amount_fen: PositiveFen
    worked_until: Day
    document: Annotated[str, *label(200)]


class ReleaseBody(ActBody):
    """Of `ReleaseRetention`."""

    contract_id: Id | None = None
    withheld_fen: Fen = 0
    reason: Note = ""


class ResolutionBody(ActBody):
    """Of `ResolveTicket`."""

    ticket_id: Id
    answer: Text


class ConfirmationBody(ActBody):
    """Of `ConfirmTicket`."""

    ticket_id: Id
    satisfied: bool


BODIES: dict[str, type[ActBody]] = {
    acts.OpenVote.name: NoFields,
    acts.ImportOfficialResult.name: OfficialResultBody,
    acts.ReviseScheme.name: RevisionBody,
    acts.AnswerObjection.name: ObjectionAnswerBody,
    acts.GrantSubsidy.name: SubsidyBody,
    acts.DeclineSubsidy.name: ReasonBody,
    acts.ApproveRelief.name: ReliefBody,
    acts.DecideCollection.name: CollectionBody,
    acts.PublishTender.name: TenderBody,
    acts.ClarifyTender.name: ClarificationBody,
    acts.RecordEvaluation.name: EvaluationBody,
    acts.ApproveDirectAward.name: DirectAwardBody,
    acts.WithdrawCandidate.name: WithdrawalBody,
    acts.AwardContract.name: AwardBody,
    acts.SignContract.name: ContractBody,
    acts.RuleOnSignature.name: SignatureRulingBody,
    acts.ReportProgress.name: ProgressReportBody,
    acts.ReportItem.name: ItemBody,
    acts.RecordInspection.name: InspectionBody,
    acts.ReportRectified.name: ItemBody,
    acts.AcceptWorks.name: NoFields,
    acts.ApprovePayment.name: PaymentBody,
    acts.TerminateContract.name: TerminationBody,
    acts.PayWages.name: WagesBody,
    acts.MeasureWorks.name: MeasurementBody,
    acts.ReleaseRetention.name: ReleaseBody,
    acts.ResolveTicket.name: ResolutionBody,
    acts.ConfirmTicket.name: ConfirmationBody,
    acts.CancelRenovation.name: ReasonBody,
    acts.CutSubsidy.name: SubsidyCutBody,
    acts.JoinLate.name: JoiningBody,
    acts.BlockPayments.name: BlockBody,
    acts.UnblockPayments.name: UnblockBody,
    acts.CorrectRenovation.name: CorrectionBody,
    acts.SuspendRenovation.name: SuspensionBody,
    acts.ResumeRenovation.name: ReasonBody,
    acts.ExtendPeriod.name: ExtensionBody,
    acts.OrderCorrection.name: OrderBody,
    acts.ReportCorrected.name: CorrectedBody,
    acts.LiftCorrection.name: LiftingBody,
    acts.AnnulVote.name: AnnulmentBody,
    acts.ReassignAct.name: ReassignmentBody,
}
"""The body of every official act by the act's name."""


class VerifiedActor(Value):
    """Who does an act: what the gateway took from a role that was granted, as wide as those are."""

    id: Annotated[str, *line(64)]
    role: Role
    label: Annotated[str, *text(400)]
    place: Annotated[str, *text(1_000, 0)] = ""
    on_behalf_of: Annotated[str, *line(200)] | None = None


class Sender(Value):
    """What every act has: the key under which it is done once, and who does it."""

    command_id: Annotated[str, *line(120)]
    actor: VerifiedActor
    seal: Seal | None = None


def unfit(act: acts.Act) -> tuple[Problem, ...]:
    """What in an act no door would have let in; empty for an act that may go on.

    For the validators of the workflows: it looks at the act alone, and gives the same every time.
    """
    whose = set(Sender.model_fields)
    problems: tuple[Problem, ...] = ()
    for kind, fields in (
        (BODIES[act.name], act.model_dump(exclude=whose)),
        (Sender, act.model_dump(include=whose)),
    ):
        try:
            kind.model_validate(fields)
        except ValidationError as error:
            problems += wrong_fields(error.errors(include_url=False, include_input=False))
    return problems
