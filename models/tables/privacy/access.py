"""Who has read what is not for everybody. Append-only; the old lines are forgotten by their own function."""

from datetime import datetime

from sqlalchemy import Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Big, Id, Table


class AccessEntry(Table):
    """Somebody has read, or asked for, what is not public. Real time.

    `door` is the route as a template, or the command; `subject` is the id of what was read where the
    door names one (a box, a person, a unit), "" for a list.
    """

    __tablename__ = "access"
    __table_args__ = (
        Index("ix_access_of_case", "renovation_id", "id"),
        Index("ix_access_of_subject", "subject", "id", postgresql_where=text("subject <> ''")),
        Index("ix_access_at", "at"),
        {"schema": PRIVATE},
    )

    id: Mapped[Big] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    reader_id: Mapped[Id]
    reader_role: Mapped[Id]
    door: Mapped[str]
    renovation_id: Mapped[Id | None]
    subject: Mapped[Id] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(server_default="")
