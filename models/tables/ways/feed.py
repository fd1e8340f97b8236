"""The feed: every event of every case in one order; and the addresses to which it is sent."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Big, Id, Table, not_negative, one_of, refers


class FeedPending(Table):
    """An event that has no place in the feed yet. A trigger writes it with the event, `feed_advance` takes it away."""

    __tablename__ = "feed_pending"

    renovation_id: Mapped[Id] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class FeedPendingPlace(Table):
    """The same for an event of the log of a place that is about a suggestion of an estate."""

    __tablename__ = "feed_pending_place"

    log_id: Mapped[Id] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class FeedEntry(Table):
    """The place of an event in the feed: whoever has read up to `position` has missed nothing before it.

    It is an event of a case, or of the log of a place (`log_id`).
    """

    __tablename__ = "feed_entry"
    __table_args__ = (
        refers(("renovation_id", "seq"), "event", ("renovation_id", "seq")),
        refers(("log_id", "seq"), "place_event", ("log_id", "seq")),
        CheckConstraint("(renovation_id IS NULL) <> (log_id IS NULL)", name="of_one"),
        Index("uq_feed_entry_event", "renovation_id", "seq", unique=True),
        Index("uq_feed_entry_place_event", "log_id", "seq", unique=True),
    )

    position: Mapped[Big] = mapped_column(Identity(always=True), primary_key=True)
    renovation_id: Mapped[Id | None]
    seq: Mapped[int]
    log_id: Mapped[Id | None]


class Webhook(Table):
    """An address that is told of the events below a place, one after the other.

    `secret` signs what is sent, sealed under the session key. `position` is the last entry of the feed
    that was taken there or does not concern it. A paused one keeps its position: nothing is lost.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        one_of("state", "active", "paused", "ended"),
        *not_negative("failures", "position"),
        CheckConstraint(
            "(previous_secret IS NULL) = (previous_until IS NULL)", name="previous_until_an_end"
        ),
        Index("ix_webhook_due", "next_at", postgresql_where=text("state = 'active'")),
        {"schema": PRIVATE},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    actor_id: Mapped[Id] = mapped_column(index=True)
    place_path: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    training: Mapped[bool]
    url: Mapped[str]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None]
    """Until then messages have a signature of the secret of before, too."""
    state: Mapped[str]
    position: Mapped[Big]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failing_since: Mapped[datetime | None]
    next_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]


class WebhookDelivery(Table):
    """One attempt to tell an address: `status` is what it answered, None where it did not. `position` 0: a test."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_webhook", "webhook_id", "id"),
        {"schema": PRIVATE},
    )

    id: Mapped[Big] = mapped_column(Identity(always=True), primary_key=True)
    webhook_id: Mapped[Id] = mapped_column(ForeignKey(f"{PRIVATE}.webhook.id"))
    position: Mapped[Big]
    attempt: Mapped[int]
    sent_at: Mapped[datetime]
    milliseconds: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str]
