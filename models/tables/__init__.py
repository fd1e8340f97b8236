"""The tables of the one PostgreSQL database; every class and the metadata they share."""

from models.tables.base import GENESIS, PRIVATE, Table, metadata
from models.tables.bidding import Award, Bid, Contract, Tender, Termination
from models.tables.clock import CaseClock, CaseHold, CaseWait
from models.tables.cost_sharing import (
    Instalment,
    LateFee,
    Payment,
    Refund,
    Relief,
    Share,
    ShareTotal,
)
from models.tables.estates import Estate, Unit
from models.tables.feedback import (
    Evaluation,
    Picture,
    PublishedPicture,
    Suggestion,
    SuggestionReply,
    SuggestionSupport,
    SurveyAnswer,
    Ticket,
)
from models.tables.healing import CaseTrouble
from models.tables.identity.accounts import (
    Account,
    Invitation,
    LockOut,
    Passkey,
    PersonSession,
    SignInAttempt,
)
from models.tables.identity.clients import ApiClient, ApiKey, UsedAssertion
from models.tables.identity.firms import Firm, FirmPerson
from models.tables.identity.place_log import PlaceEvent, PlaceLog
from models.tables.identity.views import SavedView
from models.tables.inspection import (
    Certificate,
    Inspection,
    PartConsent,
    RetentionRelease,
    WorkItem,
)
from models.tables.ledger import (
    LedgerAccount,
    LedgerEntry,
    LedgerGroup,
    LedgerTransfer,
    UnclaimedSum,
)
from models.tables.log import CommandReceipt, Event, Notice, Proposal, QuotaUse
from models.tables.places import Person, Place, RoleGrant, UnitOwner
from models.tables.privacy.access import AccessEntry
from models.tables.privacy.bundles import BundleFile, BundlePiece
from models.tables.privacy.people import Erasure, PersonKey, SensitiveEntry
from models.tables.publications import Objection, Publication
from models.tables.renovations import Renovation, Scheme
from models.tables.roll_imports import RollImport
from models.tables.voting import (
    Attendance,
    Ballot,
    BallotBatch,
    BallotBox,
    BallotCheck,
    BallotRuling,
    BallotSeal,
    RollEntry,
    RollUnit,
    VoteObjection,
    VoteOpinion,
)
from models.tables.ways.access import Letter, LetterSession, PortalSession, UnitAccess
from models.tables.ways.anchors import (
    Anchor,
    AnchorCosignature,
    AnchorLeaf,
    Contradiction,
    Witnessed,
)
from models.tables.ways.channels import (
    DoorVisit,
    Mandate,
    MandateRevocation,
    OfficialResult,
    OwnerReplacement,
    PaperBatch,
    PaperCast,
    PaperEntry,
    PaperLine,
)
from models.tables.ways.feed import (
    FeedEntry,
    FeedPending,
    FeedPendingPlace,
    Webhook,
    WebhookDelivery,
)
from models.tables.ways.notices import Contact, NoticeMessage
from models.tables.ways.steps import VoteStep

__all__ = [
    "GENESIS",
    "PRIVATE",
    "AccessEntry",
    "Account",
    "Anchor",
    "AnchorCosignature",
    "AnchorLeaf",
    "ApiClient",
    "ApiKey",
    "Attendance",
    "Award",
    "Ballot",
    "BallotBatch",
    "BallotBox",
    "BallotCheck",
    "BallotRuling",
    "BallotSeal",
    "Bid",
    "BundleFile",
    "BundlePiece",
    "CaseClock",
    "CaseHold",
    "CaseTrouble",
    "CaseWait",
    "Certificate",
    "CommandReceipt",
    "Contact",
    "Contract",
    "Contradiction",
    "DoorVisit",
    "Erasure",
    "Estate",
    "Evaluation",
    "Event",
    "FeedEntry",
    "FeedPending",
    "FeedPendingPlace",
    "Firm",
    "FirmPerson",
    "Inspection",
    "Instalment",
    "Invitation",
    "LateFee",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerGroup",
    "LedgerTransfer",
    "Letter",
    "LetterSession",
    "LockOut",
    "Mandate",
    "MandateRevocation",
    "Notice",
    "NoticeMessage",
    "Objection",
    "OfficialResult",
    "OwnerReplacement",
    "PaperBatch",
    "PaperCast",
    "PaperEntry",
    "PaperLine",
    "PartConsent",
    "Passkey",
    "Payment",
    "Person",
    "PersonKey",
    "PersonSession",
    "Picture",
    "Place",
    "PlaceEvent",
    "PlaceLog",
    "PortalSession",
    "Proposal",
    "Publication",
    "PublishedPicture",
    "QuotaUse",
    "Refund",
    "Relief",
    "Renovation",
    "RetentionRelease",
    "RoleGrant",
    "RollEntry",
    "RollImport",
    "RollUnit",
    "SavedView",
    "Scheme",
    "SensitiveEntry",
    "Share",
    "ShareTotal",
    "SignInAttempt",
    "Suggestion",
    "SuggestionReply",
    "SuggestionSupport",
    "SurveyAnswer",
    "Table",
    "Tender",
    "Termination",
    "Ticket",
    "UnclaimedSum",
    "Unit",
    "UnitAccess",
    "UnitOwner",
    "UsedAssertion",
    "VoteObjection",
    "VoteOpinion",
    "VoteStep",
    "Webhook",
    "WebhookDelivery",
    "Witnessed",
    "WorkItem",
    "metadata",
]
