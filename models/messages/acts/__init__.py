"""Every official act: those of the stages, and those on a whole renovation."""

from models.messages.acts.oversight import (
    AnnulVote,
    BlockPayments,
    CancelRenovation,
    CorrectRenovation,
    CutSubsidy,
    ExtendPeriod,
    JoinLate,
    LiftCorrection,
    OrderCorrection,
    ReassignAct,
    ReportCorrected,
    ResumeRenovation,
    SuspendRenovation,
    UnblockPayments,
)
from models.messages.acts.stages import (
    AcceptWorks,
    Act,
    AnswerObjection,
    ApproveDirectAward,
    ApprovePayment,
    ApproveRelief,
    AwardContract,
    ClarifyTender,
    ConfirmTicket,
    DecideCollection,
    DeclineSubsidy,
    GrantSubsidy,
    ImportOfficialResult,
    MeasureWorks,
    OpenVote,
    PayWages,
    PublishTender,
    RecordEvaluation,
    RecordInspection,
    ReleaseRetention,
    ReportItem,
    ReportProgress,
    ReportRectified,
    ResolveTicket,
    ReviseScheme,
    RuleOnSignature,
    SignContract,
    Target,
    TerminateContract,
    WithdrawCandidate,
)
from models.messages.journey import Answer

__all__ = [
    "ACTS",
    "AcceptWorks",
    "Act",
    "AnnulVote",
    "AnswerObjection",
    "ApproveDirectAward",
    "ApprovePayment",
    "ApproveRelief",
    "AwardContract",
    "BlockPayments",
    "CancelRenovation",
    "ClarifyTender",
    "ConfirmTicket",
    "CorrectRenovation",
    "CutSubsidy",
    "DecideCollection",
    "DeclineSubsidy",
    "Done",
    "ExtendPeriod",
    "GrantSubsidy",
    "ImportOfficialResult",
    "JoinLate",
    "LiftCorrection",
    "MeasureWorks",
    "OpenVote",
    "OrderCorrection",
    "PayWages",
    "PublishTender",
    "ReassignAct",
    "RecordEvaluation",
    "RecordInspection",
    "ReleaseRetention",
    "ReportCorrected",
    "ReportItem",
    "ReportProgress",
    "ReportRectified",
    "ResolveTicket",
    "ResumeRenovation",
    "ReviseScheme",
    "RuleOnSignature",
    "SharesChanged",
    "SignContract",
    "SuspendRenovation",
    "Target",
    "TerminateContract",
    "UnblockPayments",
    "WithdrawCandidate",
]

ACTS: dict[str, type[Act]] = {act.name: act for act in Act.__subclasses__()}
"""Every official act by its name."""


class Done(Answer):
    """What the person gets back for an act: its place in the record.

    `request_hash` is that of the act (`proof.commands.act_hash`), "" from earlier releases.
    """

    command_id: str
    kind: str
    text: str = ""
    request_hash: str = ""


class SharesChanged(Done):
    """A subsidy was cut, or a home has joined an item; `collection_id` is the workflow that collects what is owed more by that, "" for none new."""

    collection_id: str = ""
