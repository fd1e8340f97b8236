"""Where the things of a renovation stand; in tables and messages by value."""

from enum import StrEnum


class Stage(StrEnum):
    """The five stages in their order; each has the same name in every room of the project."""

    VOTING = "voting"
    COST_SHARING = "cost_sharing"
    BIDDING = "bidding"
    INSPECTION = "inspection"
    FEEDBACK = "feedback"


class RenovationState(StrEnum):
    """Of a whole renovation; the first three are no end of it."""

    RUNNING = "running"
    IN_WARRANTY = "in_warranty"
    """Its works are accepted and evaluated; what is kept back of their price is still owed (保修期)."""
    SETTLING = "settling"
    """It has stopped, and somebody still owes, is owed, or something is kept back (清算)."""
    COMPLETED = "completed"
    SHELVED = "shelved"
    """Stopped, for the reason that its end names; what was not spent on accepted work has gone back."""
    CANCELLED = "cancelled"


ENDING_STATES = (RenovationState.IN_WARRANTY, RenovationState.SETTLING)
"""Of a case of which only complaints and the end of the money go on."""
OPEN_STATES = (RenovationState.RUNNING, *ENDING_STATES)
"""Of a case that a workflow carries."""


class BoxState(StrEnum):
    """Of a ballot box."""

    OPEN = "open"
    """Announced and not yet closed; ballots are taken from its opening to its closing."""
    SUSPENDED = "suspended"
    """The renovation stands still: no ballot is taken, and its periods rest until it is resumed."""
    CLOSED = "closed"


class PublicationState(StrEnum):
    """Of a publication with an objection window (公示)."""

    OPEN = "open"
    CLOSED = "closed"


class PublicationOutcome(StrEnum):
    """What a closed publication found."""

    STANDS = "stands"
    UPHELD = "upheld"
    """At least one objection was upheld."""
    WITHDRAWN = "withdrawn"
    """The renovation was stopped before anything was found."""


class ObjectionState(StrEnum):
    """Of an objection to a publication."""

    OPEN = "open"
    ANSWERED = "answered"


class TenderState(StrEnum):
    """Of one round of a tender."""

    OPEN = "open"
    """Bids are taken until the deadline."""
    CLOSED = "closed"
    """The bids are opened."""
    FAILED = "failed"
    """Too few bids, or none that may be accepted."""
    CANCELLED = "cancelled"
    AWARDED = "awarded"


class BidState(StrEnum):
    """Of a bid."""

    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    OPENED = "opened"
    REJECTED = "rejected"
    EVALUATED = "evaluated"


class AwardState(StrEnum):
    """Of a candidate of a tender (中标候选人)."""

    CANDIDATE = "candidate"
    AWARDED = "awarded"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


class ContractState(StrEnum):
    """Of the contract of the works."""

    SIGNED = "signed"
    TERMINATED = "terminated"
    COMPLETED = "completed"


class SuspensionGround(StrEnum):
    """Why a renovation stands still for a time (rules E6, E23, E38); the article is in `rules.oversight`."""

    COURT = "court"
    """A suit asks for a decision to be revoked."""
    AUTHORITY = "authority"
    """An authority looks into whether a decision was lawful."""
    BIDDING_COMPLAINT = "bidding_complaint"
    """The supervision of tenders handles a complaint."""
    SAFETY = "safety"
    """Life or limb is in danger."""
    FORCE_MAJEURE = "force_majeure"
    """Nobody could foresee, avoid or overcome what keeps people from acting."""


class TerminationGround(StrEnum):
    """Why a contract ends before its works are done (rules E36, E37, E42)."""

    NOT_CURED = "not_cured"
    """The time to cure is over: Civil Code art. 563(1)(3)."""
    REFUSES = "refuses"
    """The contractor says, or shows, that it will not perform: Civil Code art. 563(1)(2)."""
    ASSIGNED = "assigned"
    """The works were assigned or subcontracted against the law: Civil Code art. 806(1)."""
    VOTE = "vote"
    """The owners end it without the contractor's fault: Civil Code art. 787, 808."""
    CANCELLED = "cancelled"
    """The renovation is cancelled, again without fault."""


class AfterTermination(StrEnum):
    """What becomes of the works that are left."""

    RETENDER = "retender"
    CLOSE = "close"
    """Nobody builds them: the case is closed as failed."""


class LegalForm(StrEnum):
    """What kind of body a firm is, as its business licence says it (类型)."""

    LIMITED = "limited"
    JOINT_STOCK = "joint_stock"
    PARTNERSHIP = "partnership"
    SOLE = "sole"
    """个人独资企业."""
    BRANCH = "branch"
    """Of a bank or a firm, with a code of its own."""
    INSTITUTION = "institution"
    """事业单位."""
    OTHER = "other"


class CertificateState(StrEnum):
    """Of a payment certificate."""

    BLOCKED = "blocked"
    RELEASED = "released"
    SETTLED = "settled"
    """The case has ended before the chief supervising engineer signed: no money follows from it any more,
    the account of the settlement stands in its place."""


class TicketState(StrEnum):
    """Of a complaint or a suggestion."""

    OPEN = "open"
    RESOLVED = "resolved"
    """Answered; the resident may still say that it is not."""
    CLOSED = "closed"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    REFERRED = "referred"


class SuggestionState(StrEnum):
    """Of a suggestion (人民建议)."""

    SUBMITTED = "submitted"
    """Nobody has looked at its words: only its authors and the offices read them."""
    OPEN = "open"
    """Its words are public, neighbours support it, and a reply is due."""
    ANSWERED = "answered"
    MERGED = "merged"
    """It says what another one says, and is answered with that."""
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"
    """Its words break a rule, and stay unread; its authors are told why."""
    ENDED = "ended"
    """The training case that it was made in is over."""


class SuggestionOutcome(StrEnum):
    """What a reply decides (rules.md 5.3)."""

    ADOPTED = "adopted"
    PARTLY = "partly"
    REFERRED = "referred"
    """To whoever it concerns, or to the next scheme."""
    NOT_ADOPTED = "not_adopted"


class NoticeState(StrEnum):
    """Of a notice in the outbox."""

    QUEUED = "queued"
    SENDING = "sending"
    """Its messages are made, and not all of them have come to their end."""
    SENT = "sent"
    FAILED = "failed"
    """Nobody was reached by it."""
    EXPIRED = "expired"
    """It waited too long: what it tells may be over, so it is not sent any more."""


class MessageState(StrEnum):
    """Of one message or letter of a notice."""

    CREATED = "created"
    SENDING = "sending"
    DELIVERED = "delivered"
    """A server, a gateway or a letterbox has taken it."""
    FAILED_FOR_NOW = "failed_for_now"
    """It is tried again."""
    FAILED = "failed"
    RETURNED = "returned"
    """It was taken and came back."""
