"""A renovation and the versions of its scheme (改造方案)."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import (
    GENESIS,
    Fen,
    Hash,
    Id,
    Table,
    WorkflowId,
    not_negative,
    one_of,
    sha256,
    word,
)
from models.values.states import RenovationState


class Renovation(Table):
    """One case from the first vote to the end of the warranty, as the pages show it.

    `head_seq` and `head_hash` are the last event's. `clock` is {}, but for the sandboxes of an
    earlier release, whose time was an image of real time. Moments are case time.
    """

    __tablename__ = "renovation"
    __table_args__ = (
        one_of("state", *RenovationState),
        word("stage"),
        sha256("head_hash"),
        CheckConstraint("head_seq >= 0", name="head_seq_not_negative"),
        # Pages of the list: of all, of everything below a place, and of the running ones in a stage.
        Index(None, "opened_at", "id"),
        Index(
            None,
            "place_path",
            "opened_at",
            "id",
            postgresql_ops={"place_path": "text_pattern_ops"},
        ),
        Index(
            "ix_renovation_running",
            "stage",
            "opened_at",
            "id",
            postgresql_where=text("state = 'running'"),
        ),
        # Of those that ended in a way, and of those under a law.
        Index(
            "ix_renovation_ended",
            "state",
            "opened_at",
            "id",
            postgresql_where=text("state <> 'running'"),
        ),
        Index(None, "rule_pack", "opened_at", "id"),
        # Counts by place and stage are read from this index alone.
        Index(
            None,
            "place_path",
            "state",
            "stage",
            postgresql_ops={"place_path": "text_pattern_ops"},
        ),
        Index(
            "ix_renovation_text",
            text("bigrams(search_text)"),
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    estate_id: Mapped[Id] = mapped_column(ForeignKey("estate.id"), index=True)
    title: Mapped[str]
    stage: Mapped[str]
    state: Mapped[RenovationState]
    workflow_id: Mapped[WorkflowId] = mapped_column(server_default="")
    stage_workflow_id: Mapped[WorkflowId] = mapped_column(server_default="")
    place_id: Mapped[Id] = mapped_column(ForeignKey("place.id"), index=True)
    place_path: Mapped[str]
    rule_pack: Mapped[str]
    timetable: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    clock: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    head_seq: Mapped[int] = mapped_column(server_default=text("0"))
    head_hash: Mapped[Hash] = mapped_column(server_default=GENESIS)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    waiting_for: Mapped[str] = mapped_column(server_default="")
    due_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    """Since then it stands still (case time), its periods with it; None while it goes on."""
    rests: Mapped[list[JsonValue]] = mapped_column(JSONB, server_default=text("'[]'"))
    """Each time that it stood still, as [since, until]: periods that began before end later by as long."""
    v1_letters: Mapped[bool] = mapped_column(server_default=text("false"))
    """Opened while letters held a credential of the first kind: those are good until replaced."""
    search_text: Mapped[str] = mapped_column(server_default="")
    """What it is called, as the database keeps it: title, estate, places, who builds. Nobody writes it."""


class Scheme(Table):
    """One adopted or proposed version of the scheme; a version is never changed, only followed."""

    __tablename__ = "scheme"
    __table_args__ = (
        CheckConstraint("version > 0", name="version_positive"),
        *not_negative("budget_fen"),
    )

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    content: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    budget_fen: Mapped[Fen]
    created_at: Mapped[datetime]
