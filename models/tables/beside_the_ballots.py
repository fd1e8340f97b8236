"""What stands beside the ballots of a box: attendance, objections after the vote, opinions."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import CommandId, Id, Table, refers

_ENTRY = (("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id"))


class Attendance(Table):
    """An owner who came to the meeting of a vote, as the signed list says; no ballot is needed for it."""

    __tablename__ = "attendance"
    __table_args__ = (refers(*_ENTRY),)

    box_id: Mapped[Id] = mapped_column(primary_key=True)
    entry_id: Mapped[Id] = mapped_column(primary_key=True)
    unit_number: Mapped[Id]
    command_id: Mapped[CommandId]
    recorded_at: Mapped[datetime]


class VoteObjection(Table):
    """An owner's objection in the time after the vote, at the tick `objected_at`; it is not taken back."""

    __tablename__ = "vote_objection"
    __table_args__ = (refers(*_ENTRY),)

    box_id: Mapped[Id] = mapped_column(primary_key=True)
    entry_id: Mapped[Id] = mapped_column(primary_key=True)
    unit_number: Mapped[Id]
    command_id: Mapped[CommandId]
    objected_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class VoteOpinion(Table):
    """What a unit said here where only the city's system may take its ballot: it counts for nothing.

    The last one of a unit is its opinion.
    """

    __tablename__ = "vote_opinion"
    __table_args__ = (
        Index(None, "box_id", "unit_number", "seq"),
        refers(("box_id", "unit_number"), "roll_unit", ("box_id", "unit_number")),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    box_id: Mapped[Id]
    unit_number: Mapped[Id]
    choices: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    command_id: Mapped[CommandId]
    said_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
