"""The log of each place: who was given which role there, and when it ended. Append-only."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import GENESIS, CommandId, Hash, Id, Table, sha256, word


class PlaceLog(Table):
    """The head of the log of a place; `id` is the place's, or "*" for the whole installation."""

    __tablename__ = "place_log"
    __table_args__ = (
        sha256("head_hash"),
        CheckConstraint("head_seq >= 0", name="head_seq_not_negative"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    head_seq: Mapped[int] = mapped_column(server_default=text("0"))
    head_hash: Mapped[Hash] = mapped_column(server_default=GENESIS)


class PlaceEvent(Table):
    """One link of a place's hash chain; the database refuses to change or delete it.

    `request_hash` is of what was asked: the same command asks the same again.
    """

    __tablename__ = "place_event"
    __table_args__ = (
        CheckConstraint("seq > 0", name="seq_positive"),
        word("kind"),
        sha256("prev_hash"),
        sha256("hash"),
    )

    log_id: Mapped[Id] = mapped_column(ForeignKey("place_log.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]
    actor_id: Mapped[Id]
    actor_role: Mapped[Id]
    actor_label: Mapped[str]
    actor_place: Mapped[str]
    kind: Mapped[str]
    details: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    request_hash: Mapped[Hash]
    prev_hash: Mapped[Hash]
    hash: Mapped[Hash]
