"""By which addresses people want to be told, and every message that was made of a notice."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Hash, Id, Table, not_negative, one_of, sha256
from models.values.states import MessageState

CHANNELS = ("email", "sms")
SENT_BY_US = "channel IN ('email', 'sms', 'training')"


class Contact(Table):
    """An address that somebody gave with their consent: a unit's household in one case, or an official.

    `address` is sealed under the person key. A unit's counts for one version of its access: who comes
    after a sale or a new letter gives an own one. Real time.
    """

    __tablename__ = "contact"
    __table_args__ = (
        one_of("channel", *CHANNELS),
        one_of("language", "en", "zh_CN"),
        CheckConstraint(
            "CASE WHEN actor_id IS NULL THEN renovation_id IS NOT NULL AND unit_number IS NOT NULL"
            " ELSE renovation_id IS NULL AND unit_number IS NULL END",
            name="of_unit_or_actor",
        ),
        *not_negative("access_version"),
        Index("ix_contact_of_unit", "renovation_id", "unit_number"),
        Index("ix_contact_of_actor", "actor_id"),
        {"schema": PRIVATE},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"))
    unit_number: Mapped[Id | None]
    access_version: Mapped[int] = mapped_column(server_default=text("0"))
    actor_id: Mapped[Id | None]
    channel: Mapped[str]
    address: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str]
    consented_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    """Since then nothing is sent there: the last message came back for good."""


class NoticeMessage(Table):
    """One message to one address, or one letter; `id` is its Message-ID in every attempt. Real time.

    While it is being sent, `next_at` is until when the process that took it has it for itself.
    """

    __tablename__ = "notice_message"
    __table_args__ = (
        sha256("id"),
        one_of("channel", *CHANNELS, "paper", "training"),
        one_of("state", *MessageState),
        *not_negative("attempts"),
        CheckConstraint(
            "renovation_id IS NOT NULL OR actor_id IS NOT NULL", name="of_case_or_person"
        ),
        Index("ix_notice_message_notice_id", "notice_id"),
        Index("ix_notice_message_of_unit", "renovation_id", "unit_number"),
        Index(
            "ix_notice_message_due",
            "next_at",
            postgresql_where=text(
                f"state IN ('created', 'sending', 'failed_for_now') AND {SENT_BY_US}"
            ),
        ),
        {"schema": PRIVATE},
    )

    id: Mapped[Hash] = mapped_column(primary_key=True)
    notice_id: Mapped[Id] = mapped_column(ForeignKey("notice.id"))
    renovation_id: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"))
    unit_number: Mapped[Id | None]
    actor_id: Mapped[Id | None]
    contact_id: Mapped[Id | None] = mapped_column(ForeignKey(f"{PRIVATE}.contact.id"))
    channel: Mapped[str]
    state: Mapped[MessageState] = mapped_column(server_default="created")
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
