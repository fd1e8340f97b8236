"""Tenders, bids, awards and contracts. Money in fen, moments in case time."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import CommandId, Fen, Id, Table, not_negative, one_of, word
from models.values.states import (
    AfterTermination,
    AwardState,
    BidState,
    ContractState,
    TenderState,
    TerminationGround,
)


class Tender(Table):
    """One round of tendering; `ceiling_fen` is the highest price a bid may have (最高投标限价).

    `round` counts the tenders of the renovation, `works_round` what they are for: 1 is the works as
    planned, each later one what was left when a contract had been terminated.
    """

    __tablename__ = "tender"
    __table_args__ = (
        UniqueConstraint("renovation_id", "round"),
        one_of("state", *TenderState),
        word("method"),
        CheckConstraint("round > 0", name="round_positive"),
        CheckConstraint("works_round > 0", name="works_round_positive"),
        CheckConstraint("deadline_at >= notice_at", name="deadline_after_notice"),
        *not_negative("ceiling_fen", "estimate_fen"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    round: Mapped[int]
    state: Mapped[TenderState] = mapped_column(server_default="open")
    notice_at: Mapped[datetime]
    deadline_at: Mapped[datetime]
    ceiling_fen: Mapped[Fen]
    estimate_fen: Mapped[Fen]
    method: Mapped[str]
    criteria: Mapped[dict[str, JsonValue]] = mapped_column(JSONB)
    works_round: Mapped[int] = mapped_column(server_default=text("1"))


class Bid(Table):
    """One bid; a bidder has at most one that is not withdrawn. `technical_milli` is 0.001 points.

    Until the opening what was handed in lies in the `envelope` (`runtime.bidding.envelopes`), and only there:
    `sealed_name` tells bidders apart without naming them. The opening writes it out. Bids of before
    envelopes have none, and were readable from the start.
    """

    __tablename__ = "bid"
    __table_args__ = (
        one_of("state", *BidState),
        CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_when"
        ),
        CheckConstraint(
            "price_fen IS NOT NULL OR (envelope IS NOT NULL AND sealed_name IS NOT NULL)",
            name="sealed_or_read",
        ),
        CheckConstraint(
            "state NOT IN ('opened', 'evaluated') OR (price_fen IS NOT NULL AND bidder_id IS NOT NULL)",
            name="opened_is_read",
        ),
        *not_negative("price_fen", "technical_milli", "bond_fen"),
        Index(
            "uq_bid_one_envelope_per_bidder",
            "tender_id",
            "sealed_name",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
        Index(
            "uq_bid_one_per_bidder",
            "tender_id",
            "bidder_id",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    tender_id: Mapped[Id] = mapped_column(ForeignKey("tender.id"), index=True)
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    bidder_id: Mapped[Id | None]
    price_fen: Mapped[Fen | None]
    technical_milli: Mapped[int] = mapped_column(server_default=text("0"))
    bond_fen: Mapped[Fen | None]
    bond_account: Mapped[str | None]
    flags: Mapped[dict[str, JsonValue] | None] = mapped_column(JSONB)
    sealed_name: Mapped[Id | None]
    envelope: Mapped[bytes | None]
    submitted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    state: Mapped[BidState] = mapped_column(server_default="submitted")
    grounds: Mapped[list[JsonValue]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """Why it was rejected: ground (Tendering Regs art. 51) and reason of each finding."""


class Award(Table):
    """A ranked candidate (中标候选人) of a tender and what became of it; rank counts from 1."""

    __tablename__ = "award"
    __table_args__ = (
        UniqueConstraint("tender_id", "rank"),
        one_of("state", *AwardState),
        CheckConstraint("rank > 0", name="rank_positive"),
        *not_negative("price_fen"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    tender_id: Mapped[Id] = mapped_column(ForeignKey("tender.id"))
    rank: Mapped[int]
    bidder_id: Mapped[Id]
    price_fen: Mapped[Fen]
    state: Mapped[AwardState] = mapped_column(server_default="candidate")


class Contract(Table):
    """The works contract; `retention_permille` of each payment is kept until the warranty ends.

    The works begin until `start_by`; `moved_at` is when anything of them was last reported or inspected
    (both None in contracts of earlier releases). `cure_until` ends the notice to cure of works that
    stand still. `decide_by` stands while that time, or the time to cure a default, is over and nobody
    has decided what follows.
    """

    __tablename__ = "contract"
    __table_args__ = (
        UniqueConstraint("renovation_id", "works_round"),
        Index(None, "bidder_id", "renovation_id"),
        one_of("state", *ContractState),
        CheckConstraint("retention_permille BETWEEN 0 AND 1000", name="retention_permille_share"),
        CheckConstraint("works_round > 0", name="works_round_positive"),
        *not_negative("value_fen", "contingency_fen", "performance_bond_fen"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    tender_id: Mapped[Id] = mapped_column(ForeignKey("tender.id"), index=True)
    bidder_id: Mapped[Id]
    value_fen: Mapped[Fen]
    contingency_fen: Mapped[Fen]
    retention_permille: Mapped[int]
    signed_at: Mapped[datetime]
    state: Mapped[ContractState] = mapped_column(server_default="signed")
    works_round: Mapped[int] = mapped_column(server_default=text("1"))
    performance_bond_fen: Mapped[Fen] = mapped_column(server_default=text("0"))
    decide_by: Mapped[datetime | None]
    start_by: Mapped[datetime | None]
    moved_at: Mapped[datetime | None]
    cure_until: Mapped[datetime | None]


class Termination(Table):
    """How a contract ended before its works were done; `settled_at` None while it is measured.

    `bond_fen` of the performance bond is called, `damages_fen` are owed to a contractor without fault.
    """

    __tablename__ = "termination"
    __table_args__ = (
        one_of("ground", *TerminationGround),
        one_of("after", *AfterTermination),
        *not_negative("bond_fen", "damages_fen"),
    )

    contract_id: Mapped[Id] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    ground: Mapped[TerminationGround]
    after: Mapped[AfterTermination]
    bond_fen: Mapped[Fen]
    damages_fen: Mapped[Fen]
    decided_by: Mapped[Id]
    decided_at: Mapped[datetime]
    measured_by: Mapped[Id | None]
    settled_at: Mapped[datetime | None]
