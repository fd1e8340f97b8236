"""Tickets with their photographs, suggestions, the satisfaction survey, the evaluation."""

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
from models.values.states import SuggestionOutcome, SuggestionState, TicketState


class Ticket(Table):
    """One suggestion, complaint or repair request and the level that has to answer it now.

    `due_at` is case time; a confidential ticket's text is never published. `about_unit` or `about_firm`
    is whom it complains about, who reads nothing of it (P-6).
    """

    __tablename__ = "ticket"
    __table_args__ = (
        word("kind"),
        one_of("level", "grid", "community", "street", "district", "city"),
        one_of("state", *TicketState),
        *not_negative("reopened"),
        CheckConstraint("about_unit IS NULL OR about_firm IS NULL", name="about_one"),
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
    about_unit: Mapped[Id | None]
    about_firm: Mapped[Id | None]


class SuggestionReply(Table):
    """A reasoned reply to one suggestion, or to several that ask for the same (rules.md 5.3).

    What is adopted may name the `item` or the `motion` of a version of a case's scheme in which it stands.
    """

    __tablename__ = "suggestion_reply"
    __table_args__ = (
        one_of("outcome", *SuggestionOutcome),
        CheckConstraint(
            "(scheme_version IS NOT NULL) = (item <> '' OR motion <> '') AND (item = '' OR motion = '')"
            " AND (scheme_version IS NULL OR renovation_id IS NOT NULL)",
            name="stands_in_a_scheme",
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    estate_id: Mapped[Id] = mapped_column(ForeignKey("estate.id"))
    renovation_id: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"))
    outcome: Mapped[SuggestionOutcome]
    reason: Mapped[str]
    scheme_version: Mapped[int | None]
    item: Mapped[Id] = mapped_column(server_default="")
    motion: Mapped[Id] = mapped_column(server_default="")
    replied_by: Mapped[Id]
    replied_at: Mapped[datetime]


class Suggestion(Table):
    """What residents suggest for their estate (人民建议), before a renovation exists or in one.

    Moments are of the clock of the case that it belongs to now, `renovation_id`; without one they are real
    time. `only_case` is the training case in which alone it lives. `words_sha256` is of what is proposed, so
    that repeats find each other. `due_at` is until when it is reviewed, and then answered.
    """

    __tablename__ = "suggestion"
    __table_args__ = (
        one_of("state", *SuggestionState),
        sha256("words_sha256"),
        sha256("sheet_sha256"),
        CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name="merged_into_one"),
        CheckConstraint("state <> 'answered' OR reply_id IS NOT NULL", name="answered_by_a_reply"),
        CheckConstraint("state <> 'hidden' OR hidden_because <> ''", name="hidden_for_a_reason"),
        Index("ix_suggestion_of_estate", "estate_id", "submitted_at", "id"),
        Index("ix_suggestion_of_case", "renovation_id"),
        Index("ix_suggestion_due", "due_at", postgresql_where=sql("due_at IS NOT NULL")),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    estate_id: Mapped[Id] = mapped_column(ForeignKey("estate.id"))
    renovation_id: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"))
    only_case: Mapped[Id | None] = mapped_column(ForeignKey("renovation.id"))
    theme: Mapped[str]
    reason: Mapped[str]
    proposal: Mapped[str]
    words_sha256: Mapped[Hash]
    written_by: Mapped[Id | None]
    """The official who wrote down what was said or signed on paper."""
    sheet_sha256: Mapped[Hash | None]
    state: Mapped[SuggestionState] = mapped_column(server_default="submitted")
    submitted_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    reviewed_by: Mapped[Id | None]
    reviewed_at: Mapped[datetime | None]
    hidden_because: Mapped[str] = mapped_column(server_default="")
    merged_into: Mapped[Id | None] = mapped_column(ForeignKey("suggestion.id"))
    qualified_at: Mapped[datetime | None]
    """When its support passed the threshold; taken back support does not undo it."""
    reply_id: Mapped[Id | None] = mapped_column(ForeignKey("suggestion_reply.id"))


class SuggestionSupport(Table):
    """A unit stands behind a suggestion, as an author or as a neighbour who joins; once, until withdrawn."""

    __tablename__ = "suggestion_support"

    suggestion_id: Mapped[Id] = mapped_column(ForeignKey("suggestion.id"), primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    author: Mapped[bool] = mapped_column(server_default=sql("false"))
    command_id: Mapped[CommandId]
    supported_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


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
