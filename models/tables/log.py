"""The event log, the receipts and the outbox of notices. Events and receipts are append-only."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import (
    CommandId,
    Hash,
    Id,
    Table,
    WorkflowId,
    bytes_long,
    not_negative,
    one_of,
    refers,
    sha256,
    word,
)
from models.values.states import NoticeState


class Event(Table):
    """One link of a renovation's hash chain; the database refuses to change or delete it.

    `happened_at` is case time, `recorded_at` the database's clock; `details` hold no personal data.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("seq > 0", name="seq_positive"),
        word("kind"),
        sha256("prev_hash"),
        sha256("hash"),
        bytes_long("head_signature", 68),
        CheckConstraint("salt ~ '^[0-9a-f]{32}$'", name="salt_random"),
        Index("ix_event_recorded_at", "recorded_at"),
    )

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[Id]
    actor_role: Mapped[Id]
    actor_label: Mapped[str]
    actor_place: Mapped[str]
    on_behalf_of: Mapped[str | None]
    kind: Mapped[str]
    details: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    rule_pack: Mapped[str]
    workflow_id: Mapped[WorkflowId]
    run_id: Mapped[WorkflowId]
    signature: Mapped[dict[str, JsonValue] | None] = mapped_column(JSONB(none_as_null=True))
    """The gateway's (`models.messages.command`), for what a person did; the hash does not cover it."""
    prev_hash: Mapped[Hash]
    hash: Mapped[Hash]
    head_signature: Mapped[bytes | None]
    """Of the head that this event makes: 4 bytes of key id, 64 of signature; None before 0018."""
    row_hashes: Mapped[dict[str, JsonValue] | None] = mapped_column(JSONB(none_as_null=True))
    """By table and key the hashes of the rows that were written with it (`proof.tables`), which the hash
    covers; None where there are none, and before 0043."""
    salt: Mapped[str | None] = mapped_column(String(32))
    """16 random bytes that the hash covers (ADR 24): shown with the whole event only; None before 0055b."""


class CommandReceipt(Table):
    """What a command was answered, so that a retry gets the same answer; append-only."""

    __tablename__ = "receipt"
    __table_args__ = (
        refers(("renovation_id", "seq"), "event", ("renovation_id", "seq")),
        word("kind"),
        sha256("request_hash"),
    )

    command_id: Mapped[CommandId] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id]
    seq: Mapped[int]
    kind: Mapped[str]
    request_hash: Mapped[Hash]
    result: Mapped[JsonValue] = mapped_column(JSONB, nullable=False)
    recorded_at: Mapped[datetime]


class Notice(Table):
    """A notice to be sent, written in the transaction of the act it tells of (outbox).

    `audience_id` names the one contractor or person where the audience is one; the address is
    looked up when the notice is sent and never stored here. What is of no case is of such a person.
    """

    __tablename__ = "notice"
    __table_args__ = (
        one_of("state", *NoticeState),
        word("audience"),
        CheckConstraint(
            "renovation_id IS NOT NULL OR audience_id IS NOT NULL", name="of_case_or_person"
        ),
        *not_negative("attempts", "unreached"),
        Index("ix_notice_queued", "created_at", postgresql_where=text("state = 'queued'")),
        Index("ix_notice_sending", "id", postgresql_where=text("state = 'sending'")),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"), index=True)
    command_id: Mapped[CommandId]
    audience: Mapped[str]
    audience_id: Mapped[Id | None]
    template: Mapped[str]
    params: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    state: Mapped[NoticeState] = mapped_column(server_default="queued")
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    """Real time; `created_at` is case time."""
    unreached: Mapped[int] = mapped_column(server_default=text("0"))
    """Whom it concerns and who has given no address that it could be sent to."""


class QuotaUse(Table):
    """That somebody sent something of which only so many are taken; the old ones are deleted.

    It is counted in a case, or in an estate without one. `sender` is an actor of the record, or a keyed
    hash where the record does not say who it was. `sent_at` is case time, in an estate real time.
    """

    __tablename__ = "quota_use"
    __table_args__ = (
        word("what"),
        CheckConstraint("num_nonnulls(renovation_id, estate_id) = 1", name="in_case_or_estate"),
        Index(None, "renovation_id", "what", "sender"),
        Index("ix_quota_use_of_estate", "estate_id", "what", "sender"),
    )

    command_id: Mapped[CommandId] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"))
    estate_id: Mapped[Id | None] = mapped_column(ForeignKey("estate.id"))
    sender: Mapped[str]
    sent_at: Mapped[datetime]


class Proposal(Table):
    """A write or act that waits for a second person. Case time.

    `id` is that of what comes of it. `content` is what will be done, without a name or number of a
    person, and `content_sha256` binds the confirmation to it. `stage` is the workflow of the stage in
    which it was made: in another one it is void. `decision` is NULL as long as nobody has decided.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        word("act"),
        sha256("content_sha256"),
        one_of("decision", "confirmed", "withdrawn"),
        CheckConstraint(
            "(decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL)",
            name="decided_whole",
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    act: Mapped[str]
    content: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    content_sha256: Mapped[Hash]
    stage: Mapped[WorkflowId]
    proposed_by: Mapped[Id]
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decision: Mapped[str | None]
    decided_by: Mapped[Id | None]
    decided_at: Mapped[datetime | None]
