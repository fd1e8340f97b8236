"""What somebody who has signed in keeps for themselves: lists of cases that they look at again."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import PRIVATE, Id, Table


class SavedView(Table):
    """A list of cases under a name of its owner's: `wanted` is what it is narrowed to. Real time.

    It gives nobody anything to read: whoever opens it sees the cases that they may see.
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        {"schema": PRIVATE},
    )

    actor_id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[Id] = mapped_column(primary_key=True)
    wanted: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    saved_at: Mapped[datetime]
