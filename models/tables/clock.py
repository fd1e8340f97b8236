"""Time of the cases: the clock of a told case, what every open workflow waits for, and holds."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Id, Table, WorkflowId, word


class CaseClock(Table):
    """The clock of a told case (sandbox): it moves only when told, and the database keeps it from
    going back. A case without a row runs on the wall clock. `moved_seq` is the event that set it.
    """

    __tablename__ = "case_clock"
    __table_args__ = (CheckConstraint("moved_seq > 0", name="moved_seq_positive"),)

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    now: Mapped[datetime]
    moved_seq: Mapped[int]


class CaseWait(Table):
    """One thing that a workflow of a case waits for: the agenda of the case.

    `who` is awaited (roles or audiences, "" for nobody) from `since` on; at `due_at` the engine
    does `consequence`, or nothing happens by itself where that is "". Whoever has missed a moment is
    late since then; `level` is the role that was told last. Case time.
    """

    __tablename__ = "case_wait"
    __table_args__ = (
        word("what"),
        Index(None, "renovation_id", "due_at"),
        Index(None, "due_at"),
        # The moment that was missed: by it whoever is late is found.
        Index("ix_case_wait_missed", text("COALESCE(late_since, due_at)")),
        # Who or what is awaited, as words: "the cases that wait for a street office". It is written
        # in place, or each reader would go through the rows that are still to be put in.
        Index(
            "ix_case_wait_awaited",
            text("string_to_array((what || ', '::text) || who, ', '::text)"),
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    workflow_id: Mapped[WorkflowId] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    due_at: Mapped[datetime | None]
    since: Mapped[datetime]
    who: Mapped[str]
    consequence: Mapped[str]
    late_since: Mapped[datetime | None]
    level: Mapped[str] = mapped_column(server_default="")


class CaseHold(Table):
    """A told clock stops here until somebody releases it: "the paper ballots are not typed yet"."""

    __tablename__ = "case_hold"

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    name: Mapped[Id] = mapped_column(primary_key=True)
    set_by: Mapped[Id]
