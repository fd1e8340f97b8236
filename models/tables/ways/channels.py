"""How ballots come in beside the web: paper entered twice, mandates, door visits, official results.

Every table is append-only. No choice is in any of them: lines and instructions are keyed digests.
"""

from datetime import date, datetime

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
    bytes_long,
    not_negative,
    one_of,
    refers,
    sha256,
)
from models.values.channels import PAPER_CHANNELS, VISITS


class PaperBatch(Table):
    """A stack of ballots on paper, under the committee's own reference, with its scan."""

    __tablename__ = "paper_batch"
    __table_args__ = (
        UniqueConstraint("box_id", "reference"),
        one_of("channel", *PAPER_CHANNELS),
        bytes_long("code_check", 32),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    box_id: Mapped[Id] = mapped_column(ForeignKey("ballot_box.id"))
    reference: Mapped[Id]
    channel: Mapped[str]
    scan: Mapped[str]
    code_check: Mapped[bytes]
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    opened_at: Mapped[datetime]


class PaperEntry(Table):
    """One typing of a batch, or of the lines that differed: odd numbers are first entries.

    `ballots` and `invalid` (ballots with a motion that was blank or marked twice; NULL of a few) are
    the count sheet.
    """

    __tablename__ = "paper_entry"
    __table_args__ = (
        CheckConstraint("number > 0", name="number_positive"),
        *not_negative("ballots", "invalid"),
    )

    batch_id: Mapped[Id] = mapped_column(ForeignKey("paper_batch.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entered_by: Mapped[Id]
    ballots: Mapped[int]
    invalid: Mapped[int | None]
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]


class PaperLine(Table):
    """What one entry says of one unit: a keyed digest of the choices, or that there is no ballot."""

    __tablename__ = "paper_line"
    __table_args__ = (
        refers(("batch_id", "number"), "paper_entry", ("batch_id", "number")),
        bytes_long("digest", 32),
    )

    batch_id: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_number: Mapped[Id] = mapped_column(primary_key=True, index=True)
    digest: Mapped[bytes]
    absent: Mapped[bool] = mapped_column(server_default=text("false"))


class PaperCast(Table):
    """The agreed lines of a second entry are in the box, every one of them."""

    __tablename__ = "paper_cast"
    __table_args__ = (
        refers(("batch_id", "number"), "paper_entry", ("batch_id", "number")),
        *not_negative("ballots"),
    )

    batch_id: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ballots: Mapped[int]
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]


class Mandate(Table):
    """An owner's written authority for an agent (授权委托书, Civil Code art. 165), for one vote.

    Case time. `agent_id` stands for a person, whose name is in `private.person`; `instructions`
    hold a keyed digest for each motion on which the agent is bound.
    """

    __tablename__ = "mandate"
    __table_args__ = (
        refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),
        CheckConstraint("valid_until > valid_from", name="ends_after_beginning"),
        CheckConstraint("cardinality(motions) > 0", name="covers_a_motion"),
        Index(None, "box_id", "agent_id"),
        Index(None, "box_id", "entry_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    box_id: Mapped[Id]
    entry_id: Mapped[Id]
    unit_number: Mapped[Id]
    agent_id: Mapped[Id]
    motions: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    document: Mapped[str]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    instructions: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    registered_by: Mapped[Id]
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    registered_at: Mapped[datetime]


class MandateRevocation(Table):
    """The owner took a mandate back; it stays in the register."""

    __tablename__ = "mandate_revocation"

    mandate_id: Mapped[Id] = mapped_column(ForeignKey("mandate.id"), primary_key=True)
    reason: Mapped[str]
    revoked_by: Mapped[Id]
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    revoked_at: Mapped[datetime]


class DoorVisit(Table):
    """A grid worker at a door: what happened to the envelope with the code, never what was voted."""

    __tablename__ = "door_visit"
    __table_args__ = (
        refers(("box_id", "unit_number"), "roll_unit", ("box_id", "unit_number")),
        one_of("outcome", *VISITS),
        Index(None, "box_id", "unit_number"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    box_id: Mapped[Id]
    unit_number: Mapped[Id]
    outcome: Mapped[str]
    envelope: Mapped[str]
    visited_by: Mapped[Id]
    command_id: Mapped[CommandId]
    recorded_at: Mapped[datetime]


class OwnerReplacement(Table):
    """A sale on a frozen roll: the buyer replaces the seller for one unit (rules 1.4.1).

    `generation` counts the unit's owners after the first freeze; ballots of the unit up to `up_to_seq` are
    of earlier owners. `shared`: the entry has other units, whose owner keeps them.
    """

    __tablename__ = "owner_replacement"
    __table_args__ = (
        refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),
        CheckConstraint("generation > 0", name="generation_positive"),
    )

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    box_id: Mapped[Id]
    entry_id: Mapped[Id]
    shared: Mapped[bool]
    buyer_key: Mapped[Hash]
    registered_on: Mapped[date]
    evidence: Mapped[str]
    up_to_seq: Mapped[Big]
    replaced_by: Mapped[Id]
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]


class OfficialResult(Table):
    """The result of an official e-voting system that closed a box, as its certificate has it."""

    __tablename__ = "official_result"
    __table_args__ = (sha256("file_sha256"),)

    box_id: Mapped[Id] = mapped_column(ForeignKey("ballot_box.id"), primary_key=True)
    system: Mapped[str]
    certificate: Mapped[str]
    file_sha256: Mapped[Hash]
    results: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    command_id: Mapped[CommandId]
    """Of the act; one report closes all boxes of a vote."""
    recorded_at: Mapped[datetime]
