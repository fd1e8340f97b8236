"""The ballot box, its frozen roll and the ballots. Ballots are append-only: the last one counts."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from models.tables.base import (
    Big,
    CommandId,
    Hash,
    Id,
    Table,
    not_negative,
    one_of,
    refers,
    sha256,
    word,
)


class BallotBox(Table):
    """One vote of the owners: `closes_at` is real time and decides, `case_closes_at` is shown."""

    __tablename__ = "ballot_box"
    __table_args__ = (
        UniqueConstraint("renovation_id", "attempt"),
        one_of("state", "open", "closed"),
        sha256("roll_hash"),
        CheckConstraint("attempt > 0", name="attempt_positive"),
        CheckConstraint("closes_at >= opens_at", name="closes_after_opening"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    attempt: Mapped[int]
    motions: Mapped[list[JsonValue]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default="open")
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    case_closes_at: Mapped[datetime]
    roll_hash: Mapped[Hash]
    closed_at: Mapped[datetime | None]
    tally: Mapped[dict[str, JsonValue] | None] = mapped_column(JSONB(none_as_null=True))


class RollEntry(Table):
    """One head of the frozen roll: the set of owners of one or more units, with its weights."""

    __tablename__ = "roll_entry"
    __table_args__ = (
        CheckConstraint("heads = 1", name="one_head"),
        *not_negative("area_dm2"),
    )

    box_id: Mapped[Id] = mapped_column(ForeignKey("ballot_box.id"), primary_key=True)
    entry_id: Mapped[Id] = mapped_column(primary_key=True)
    heads: Mapped[int] = mapped_column(server_default=text("1"))
    area_dm2: Mapped[Big]
    units: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    developer: Mapped[bool] = mapped_column(server_default=text("false"))
    excluded_reason: Mapped[str | None]


class RollUnit(Table):
    """Which roll entry a unit votes with: a unit is in one entry, never in two."""

    __tablename__ = "roll_unit"
    __table_args__ = (refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),)

    box_id: Mapped[Id] = mapped_column(primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    entry_id: Mapped[Id]


class Ballot(Table):
    """One ballot as it was cast, with the weights of the roll; the effective one has the highest
    `seq` of its entry. `choices` is {motion_id: "yes" | "no" | "abstain"}.
    """

    __tablename__ = "ballot"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("box_id", "command_id"),
        refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),
        Index(None, "box_id", "entry_id", "seq"),
        CheckConstraint("jsonb_typeof(choices) = 'object'", name="choices_object"),
        CheckConstraint("heads = 1", name="one_head"),
        *not_negative("area_dm2"),
        sha256("request_hash"),
        sha256("leaf_hash"),
        word("channel"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    id: Mapped[Id]
    box_id: Mapped[Id]
    entry_id: Mapped[Id]
    command_id: Mapped[CommandId]
    request_hash: Mapped[Hash]
    choices: Mapped[dict[str, str]] = mapped_column(JSONB)
    channel: Mapped[str]
    heads: Mapped[int]
    area_dm2: Mapped[Big]
    leaf_hash: Mapped[Hash]
    recorded_at: Mapped[datetime]
