"""Tickets (suggestions, complaints) with their photographs, the satisfaction survey, the evaluation."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import (
    PRIVATE,
    Big,
    CommandId,
    Hash,
    Id,
    Table,
    not_negative,
    one_of,
    sha256,
    word,
)
from models.values.states import TicketState


class Ticket(Table):
    """One suggestion, complaint or repair request and the level that has to answer it now.

    `due_at` is case time; a confidential ticket's text is never published.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        word("kind"),
        one_of("level", "grid", "community", "street", "district", "city"),
        one_of("state", *TicketState),
        *not_negative("reopened"),
        Index(None, "renovation_id", "state"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    kind: Mapped[str]
    text: Mapped[str]
    unit_number: Mapped[Id | None]
    confidential: Mapped[bool] = mapped_column(server_default=sql("false"))
    level: Mapped[str]
    state: Mapped[TicketState] = mapped_column(server_default="open")
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    reopened: Mapped[int] = mapped_column(server_default=sql("0"))
    satisfied: Mapped[bool | None]


class Picture(Table):
    """A photograph that somebody added to a ticket, written anew (`service.pictures.reading`).

    `received_sha256` is of the file as it came, `sha256` of what is kept. `received_at` is case time. It
    may show people and doors: it is for whoever wrote the ticket and those who must answer it.
    """

    __tablename__ = "picture"
    __table_args__ = (
        sha256("received_sha256"),
        sha256("sha256"),
        Index("ix_picture_of_case", "renovation_id", "ticket_id"),
        {"schema": PRIVATE},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    ticket_id: Mapped[Id] = mapped_column(ForeignKey("ticket.id"))
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    received_sha256: Mapped[Hash]
    sha256: Mapped[Hash]
    width: Mapped[int]
    height: Mapped[int]
    received_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class PublishedPicture(Table):
    """What everybody sees of a picture: somebody has looked at it and blurred `blurred` parts of it."""

    __tablename__ = "published_picture"
    __table_args__ = (sha256("sha256"), *not_negative("blurred"))

    picture_id: Mapped[Id] = mapped_column(ForeignKey("private.picture.id"), primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[Hash]
    blurred: Mapped[int]
    published_by: Mapped[Id]
    published_at: Mapped[datetime]


class SurveyAnswer(Table):
    """One household's score of the finished works, from 1 (poor) to 5 (very good)."""

    __tablename__ = "survey_answer"
    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="score_range"),
        Index(None, "renovation_id", "unit_number"),
    )

    command_id: Mapped[CommandId] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    unit_number: Mapped[Id]
    score: Mapped[int]
    recorded_at: Mapped[datetime]


class Evaluation(Table):
    """One indicator as a fraction beside its target; `missing` counts what was not answered.

    A denominator of 0 means that there was nothing to measure.
    """

    __tablename__ = "evaluation"
    __table_args__ = (
        *not_negative("denominator", "missing"),
        CheckConstraint("target_denominator > 0", name="target_denominator_positive"),
    )

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    indicator: Mapped[Id] = mapped_column(primary_key=True)
    numerator: Mapped[Big]
    denominator: Mapped[Big]
    missing: Mapped[Big]
    target_numerator: Mapped[Big]
    target_denominator: Mapped[Big]
