"""The ballot box, its frozen roll and the sealed ballots. Ballots are append-only: the last one counts.

Beside them attendance, objections after the vote, and opinions; these are append-only too.
"""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
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
from models.values.states import BoxState
from models.values.voting import CHANNELS


class BallotBox(Table):
    """The vote of those who share one part; a vote has a box for each scope of its motions.

    `building` and `entrance` name the part; both are "" where the whole estate votes.
    `opens_at` and `closes_at` are case time, which decides.

    Ballots are sealed to `public_key`. Its private half is in `wrapped_key`, which only the
    worker's box key unwraps; the closing writes it into `opened_key`, from then on anybody who may
    read the table can check the count. `roll_salt` makes the pseudonyms of the entries.
    `tree_head` is the signed head of the Merkle tree over the ballots, written by the closing.
    `format` says what leaf, receipt and bundle state of a ballot: 1 when it was recorded, 2 also when
    it was cast.
    """

    __tablename__ = "ballot_box"
    __table_args__ = (
        UniqueConstraint("renovation_id", "attempt", "building", "entrance"),
        one_of("state", *BoxState),
        sha256("roll_hash"),
        CheckConstraint("attempt > 0", name="attempt_positive"),
        CheckConstraint("entrance = '' OR building <> ''", name="entrance_of_a_building"),
        CheckConstraint("format IN (1, 2)", name="format_known"),
        CheckConstraint("closes_at >= opens_at", name="closes_after_opening"),
        bytes_long("public_key", 32),
        bytes_long("roll_salt", 32),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    attempt: Mapped[int]
    building: Mapped[Id] = mapped_column(server_default="")
    entrance: Mapped[Id] = mapped_column(server_default="")
    motions: Mapped[list[JsonValue]] = mapped_column(JSONB)
    state: Mapped[BoxState] = mapped_column(server_default="open")
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    roll_hash: Mapped[Hash]
    closed_at: Mapped[datetime | None]
    tally: Mapped[dict[str, JsonValue] | None] = mapped_column(JSONB(none_as_null=True))
    public_key: Mapped[bytes]
    wrapped_key: Mapped[bytes]
    opened_key: Mapped[bytes | None]
    roll_salt: Mapped[bytes]
    change_allowed: Mapped[bool] = mapped_column(server_default=text("true"))
    format: Mapped[int] = mapped_column(SmallInteger, server_default=text("2"))
    tree_head: Mapped[dict[str, JsonValue] | None] = mapped_column(JSONB(none_as_null=True))
    official_by: Mapped[str] = mapped_column(server_default="")
    """The article under which only the official system takes ballots on the internet; "" where they count here."""
    objections_until: Mapped[datetime | None]
    """After the close owners may object until then (case time); nothing is decided before."""


class RollEntry(Table):
    """One head of the frozen roll: the set of owners of one or more units, with its weights.

    `pseudonym` stands for the entry in everything that is published.
    """

    __tablename__ = "roll_entry"
    __table_args__ = (
        UniqueConstraint("box_id", "pseudonym"),
        CheckConstraint("heads = 1", name="one_head"),
        *not_negative("area_dm2", "shares"),
    )

    box_id: Mapped[Id] = mapped_column(ForeignKey("ballot_box.id"), primary_key=True)
    entry_id: Mapped[Id] = mapped_column(primary_key=True)
    heads: Mapped[int] = mapped_column(server_default=text("1"))
    area_dm2: Mapped[Big]
    units: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    developer: Mapped[bool] = mapped_column(server_default=text("false"))
    excluded_reason: Mapped[str | None]
    pseudonym: Mapped[Id]
    shares: Mapped[Big | None]


class RollUnit(Table):
    """Which roll entry a unit votes with: a unit is in one entry, never in two.

    `credential_version` is the copy of `unit_access.version` that ballots are compared with; it alone
    may be changed.
    """

    __tablename__ = "roll_unit"
    __table_args__ = (refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),)

    box_id: Mapped[Id] = mapped_column(primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    entry_id: Mapped[Id]
    credential_version: Mapped[int] = mapped_column(server_default=text("0"))


class BallotSeal(Table):
    """The public half of a key pair that an intake made and forgot; its ballots are sealed with it.

    The key of the ballots follows from this and the box's private key (X25519), or from the box's
    public key and what the intake has forgotten.
    """

    __tablename__ = "ballot_seal"
    __table_args__ = (bytes_long("public_key", 32),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    box_id: Mapped[Id] = mapped_column(ForeignKey("ballot_box.id"), index=True)
    public_key: Mapped[bytes]
    made_at: Mapped[datetime]


class BallotBatch(Table):
    """What an intake committed at once, signed: a ballot that is gone or changed later is missed."""

    __tablename__ = "ballot_batch"
    __table_args__ = (
        *not_negative("size"),
        CheckConstraint("number > 0", name="number_positive"),
    )

    intake: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[Big] = mapped_column(primary_key=True)
    box_id: Mapped[Id] = mapped_column(ForeignKey("ballot_box.id"), index=True)
    size: Mapped[int]
    root: Mapped[bytes]
    signature: Mapped[bytes]
    recorded_at: Mapped[datetime]


class Ballot(Table):
    """One ballot as it was cast, sealed, with the weights of the roll.

    `leaf` is its leaf in the Merkle tree, `commitment` binds its choices. The function
    `cast_ballots` is the only way in. `only_one` is true where a ballot may not be changed. It was
    cast at the tick `cast_at`, which decides, and recorded by the database's clock at `recorded_at`.
    """

    __tablename__ = "ballot"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("box_id", "unit_number", "command_id"),
        refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),
        Index(None, "box_id", "entry_id", "seq"),
        Index(
            "uq_ballot_only_one",
            "box_id",
            "entry_id",
            unique=True,
            postgresql_where=text("only_one"),
        ),
        CheckConstraint("heads = 1", name="one_head"),
        *not_negative("area_dm2"),
        bytes_long("request_hash", 32),
        bytes_long("commitment", 32),
        bytes_long("leaf", 32),
        one_of("channel", *CHANNELS),
    )

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    id: Mapped[Id]
    box_id: Mapped[Id]
    entry_id: Mapped[Id]
    unit_number: Mapped[Id]
    command_id: Mapped[CommandId]
    request_hash: Mapped[bytes]
    channel: Mapped[str]
    pseudonym: Mapped[Id]
    heads: Mapped[int]
    area_dm2: Mapped[Big]
    shares: Mapped[Big | None]
    seal_id: Mapped[Id]
    sealed: Mapped[bytes]
    commitment: Mapped[bytes]
    leaf: Mapped[bytes]
    only_one: Mapped[bool | None]
    intake: Mapped[Id]
    batch: Mapped[Big]
    cast_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class BallotRuling(Table):
    """What was recorded about the ballots of one entry, up to one of them; the last ruling holds.

    "disputed": nothing counts until somebody rules; "accepted": this ballot counts; "set_aside":
    none counts.
    """

    __tablename__ = "ballot_ruling"
    __table_args__ = (
        refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),
        one_of("kind", "disputed", "accepted", "set_aside"),
        CheckConstraint("(kind = 'accepted') = (ballot_id IS NOT NULL)", name="accepted_names_one"),
    )

    box_id: Mapped[Id] = mapped_column(primary_key=True)
    entry_id: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    ballot_id: Mapped[Id | None] = mapped_column(ForeignKey("ballot.id"))
    up_to_seq: Mapped[Big]
    reason: Mapped[str]
    command_id: Mapped[CommandId]
    recorded_at: Mapped[datetime]


class BallotCheck(Table):
    """A household that found its ballot in the published tree, with its own credential."""

    __tablename__ = "ballot_check"
    __table_args__ = (refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),)

    box_id: Mapped[Id] = mapped_column(primary_key=True)
    entry_id: Mapped[Id] = mapped_column(primary_key=True)
    ballot_id: Mapped[Id] = mapped_column(ForeignKey("ballot.id"))
    checked_at: Mapped[datetime]


class Attendance(Table):
    """An owner who came to the meeting of a vote, as the signed list says; no ballot is needed for it."""

    __tablename__ = "attendance"
    __table_args__ = (refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),)

    box_id: Mapped[Id] = mapped_column(primary_key=True)
    entry_id: Mapped[Id] = mapped_column(primary_key=True)
    unit_number: Mapped[Id]
    command_id: Mapped[CommandId]
    recorded_at: Mapped[datetime]


class VoteObjection(Table):
    """An owner's objection in the time after the vote, at the tick `objected_at`; it is not taken back."""

    __tablename__ = "vote_objection"
    __table_args__ = (refers(("box_id", "entry_id"), "roll_entry", ("box_id", "entry_id")),)

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
