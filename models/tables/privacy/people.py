"""The keys of people, what is sensitive about them, and what was asked to be erased."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Id, Table, one_of

KEYS = "person_keys"
"""A schema of its own: the ordinary backup leaves it out."""
SENSITIVE = ("hardship", "health", "bank")


class PersonKey(Table):
    """The key under which the data of one person, or of one entry without a person, are sealed.

    `wrapped` is sealed under the service's person key. Whoever deletes the row has erased what was under it.
    """

    __tablename__ = "person_key"
    __table_args__ = {"schema": KEYS}  # noqa: RUF012 - SQLAlchemy reads it once

    id: Mapped[Id] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class SensitiveEntry(Table):
    """What a household says about its hardship, health or bank account, with a consent of its own (PIPL art. 29).

    `content` is sealed under a key of this entry; without its consent it is empty and the key is gone.
    """

    __tablename__ = "sensitive"
    __table_args__ = (one_of("kind", *SENSITIVE), {"schema": PRIVATE})

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    unit_number: Mapped[Id]
    kind: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    consented_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    withdrawn_at: Mapped[datetime | None]


class Erasure(Table):
    """That somebody asked for the erasure of a person's data; another person's asking waits for a second one.

    `outcome` says of each kind of data what became of it, and until when what stayed is kept. No name.
    A home that asked on its page has `renovation_id`, and `asked_by` its unit. Who does not confirm it says
    why (`refusal`).
    """

    __tablename__ = "erasure"
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (outcome IS NULL)", name="done_whole"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> asked_by", name="four_eyes"),
        CheckConstraint(
            "(refused_at IS NULL) = (refused_by IS NULL) AND (refused_at IS NULL) = (refusal IS NULL)",
            name="refused_whole",
        ),
        CheckConstraint("done_at IS NULL OR refused_at IS NULL", name="one_end"),
        {"schema": PRIVATE},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    person_id: Mapped[Id] = mapped_column(index=True)
    asked_by: Mapped[Id]
    reason: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    expires_at: Mapped[datetime]
    confirmed_by: Mapped[Id | None]
    done_at: Mapped[datetime | None]
    outcome: Mapped[list[JsonValue] | None] = mapped_column(JSONB(none_as_null=True))
    renovation_id: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"), index=True)
    refused_by: Mapped[Id | None]
    refused_at: Mapped[datetime | None]
    refusal: Mapped[str | None]
