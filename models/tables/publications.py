"""Publications with an objection window (公示), shared by every stage."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import CommandId, Id, Table, one_of
from models.values.states import ObjectionState, PublicationOutcome, PublicationState


class Publication(Table):
    """One publication: what is posted, from when until when, and how it ended. Case time."""

    __tablename__ = "publication"
    __table_args__ = (
        one_of("state", *PublicationState),
        CheckConstraint("closes_at >= opens_at", name="closes_after_opening"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    subject: Mapped[str]
    content: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    state: Mapped[PublicationState] = mapped_column(server_default="open")
    outcome: Mapped[PublicationOutcome | None]


class Objection(Table):
    """One objection (异议) and its answer; whoever objects is known by a unit or not at all."""

    __tablename__ = "objection"
    __table_args__ = (
        one_of("state", *ObjectionState),
        CheckConstraint(
            "(state = 'answered') = (answer IS NOT NULL AND upheld IS NOT NULL"
            " AND answered_at IS NOT NULL AND answered_by IS NOT NULL)",
            name="answered_in_full",
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    publication_id: Mapped[Id] = mapped_column(ForeignKey("publication.id"), index=True)
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    unit_number: Mapped[Id | None]
    text: Mapped[str]
    filed_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    state: Mapped[ObjectionState] = mapped_column(server_default="open")
    upheld: Mapped[bool | None]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[Id | None]
