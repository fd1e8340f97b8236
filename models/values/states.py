"""Where the things of a renovation stand; in tables and messages by value."""

from enum import StrEnum


class RenovationState(StrEnum):
    """Of a whole renovation; every state but the first is its end."""

    RUNNING = "running"
    COMPLETED = "completed"
    SHELVED = "shelved"
    """Stopped without blame; what was paid has gone back."""
    CANCELLED = "cancelled"


class BoxState(StrEnum):
    """Of a ballot box."""

    OPEN = "open"
    """Announced and not yet closed; ballots are taken from its opening to its closing."""
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


class CertificateState(StrEnum):
    """Of a payment certificate."""

    BLOCKED = "blocked"
    RELEASED = "released"


class TicketState(StrEnum):
    """Of a complaint or a suggestion."""

    OPEN = "open"
    RESOLVED = "resolved"
    """Answered; the resident may still say that it is not."""
    CLOSED = "closed"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    REFERRED = "referred"


class NoticeState(StrEnum):
    """Of a notice in the outbox."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
