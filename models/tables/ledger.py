"""The ledger: accounts, transfers that are never changed, and the entries that the database makes of them.

Whoever writes adds accounts, a group and its transfers; entries and balances are written by the
database's own functions (migration 0040) and by nobody else, its owner included.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import (
    PRIVATE,
    Big,
    CommandId,
    Fen,
    Id,
    Table,
    not_negative,
    one_of,
    refers,
)
from models.values.ledger import AccountKind, Phase, SumState, TransferKind, Unmatched


class LedgerAccount(Table):
    """An account of a case with its balance, in fen; a limit is a flag that a check holds to."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        one_of("kind", *AccountKind),
        CheckConstraint("kind <> 'escrow' OR never_negative", name="escrow_limited"),
        CheckConstraint("NOT never_negative OR balance_fen >= held_fen", name="not_below_zero"),
        CheckConstraint("NOT never_positive OR balance_fen <= 0", name="not_above_zero"),
        *not_negative("held_fen", "entries"),
        UniqueConstraint("renovation_id", "kind", "name"),
    )

    id: Mapped[Big] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    kind: Mapped[str]
    name: Mapped[Id] = mapped_column(server_default="")
    never_negative: Mapped[bool] = mapped_column(server_default=text("false"))
    never_positive: Mapped[bool] = mapped_column(server_default=text("false"))
    balance_fen: Mapped[Fen] = mapped_column(server_default=text("0"))
    held_fen: Mapped[Fen] = mapped_column(server_default=text("0"))
    """What pending transfers are to take from it."""
    entries: Mapped[int] = mapped_column(server_default=text("0"))


class LedgerGroup(Table):
    """The transfers of one event: all of them or none. No money moves without its event."""

    __tablename__ = "ledger_group"
    __table_args__ = (CheckConstraint("transfers > 0", name="transfers_positive"),)

    command_id: Mapped[CommandId] = mapped_column(
        ForeignKey("event.command_id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    transfers: Mapped[int]


class LedgerTransfer(Table):
    """One transfer; `event_at` is case time, `created_at` the database's clock.

    That group and accounts are there, is asked once of all rows of a statement, by `ledger_post`; nothing
    of the ledger is ever deleted.
    """

    __tablename__ = "ledger_transfer"
    __table_args__ = (
        one_of("kind", *TransferKind),
        one_of("phase", *Phase),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        CheckConstraint("from_id <> to_id", name="two_accounts"),
        CheckConstraint(
            "(pending_id IS NOT NULL) = (phase IN ('post', 'void', 'expired'))", name="decides"
        ),
        CheckConstraint("expires_at IS NULL OR phase = 'pending'", name="pending_expires"),
        CheckConstraint(
            "(reverses_id IS NOT NULL) = (kind = 'reversal') AND (kind <> 'reversal' OR phase = 'posted')",
            name="reversal_names",
        ),
        CheckConstraint(
            "kind <> 'works' OR (certificate_id IS NOT NULL AND passed IS TRUE)",
            name="works_certified",
        ),
        CheckConstraint("kind <> 'measured' OR certificate_id IS NOT NULL", name="measured"),
        CheckConstraint(
            "kind NOT IN ('retention', 'withheld', 'compensation', 'wages') OR phase = 'posted'",
            name="retention_posted",
        ),
        refers(("certificate_id", "passed"), "certificate", ("id", "passed")),
        UniqueConstraint("command_id", "number"),
        Index(
            "ix_ledger_transfer_of_retention",
            "to_id",
            postgresql_where=text("kind IN ('retention', 'withheld', 'compensation', 'wages')"),
        ),
        Index("ix_ledger_transfer_held", "from_id", postgresql_where=text("phase = 'pending'")),
        *(
            Index(
                f"ix_ledger_transfer_taken_over_{side}",
                f"{side}_id",
                postgresql_where=text("kind = 'taken_over'"),
            )
            for side in ("from", "to")
        ),
        Index(
            "ix_ledger_transfer_certificate_id",
            "certificate_id",
            postgresql_where=text("certificate_id IS NOT NULL"),
        ),
        Index(
            "uq_ledger_transfer_decided_once",
            "pending_id",
            unique=True,
            postgresql_where=text("pending_id IS NOT NULL"),
        ),
        Index(
            "uq_ledger_transfer_reversed_once",
            "reverses_id",
            unique=True,
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
    )

    id: Mapped[CommandId] = mapped_column(primary_key=True)
    command_id: Mapped[CommandId]
    number: Mapped[int]
    from_id: Mapped[Big] = mapped_column(BigInteger)
    to_id: Mapped[Big] = mapped_column(BigInteger)
    amount_fen: Mapped[Fen]
    kind: Mapped[str]
    phase: Mapped[str] = mapped_column(server_default="posted")
    pending_id: Mapped[CommandId | None] = mapped_column(ForeignKey("ledger_transfer.id"))
    reverses_id: Mapped[CommandId | None] = mapped_column(ForeignKey("ledger_transfer.id"))
    expires_at: Mapped[datetime | None]
    certificate_id: Mapped[Id | None] = mapped_column(ForeignKey("certificate.id"))
    passed: Mapped[bool | None]
    """Of the item's inspection, by the certificate: true, or the database refuses money for works."""
    event_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class LedgerEntry(Table):
    """What a transfer did to one account: its balance before and after. The database writes it."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("amount_fen <> 0", name="amount_moves"),
        CheckConstraint("after_fen = before_fen + amount_fen", name="adds_up"),
        UniqueConstraint("transfer_id", "account_id"),
    )

    account_id: Mapped[Big] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transfer_id: Mapped[CommandId]
    amount_fen: Mapped[Fen]
    before_fen: Mapped[Fen]
    after_fen: Mapped[Fen]


class UnclaimedSum(Table):
    """A sum of a bank statement that names no unit (待认领款项), in fen, until two people decide. Case time.

    `words` are the payer and the bank's words, sealed under a key of this row, and gone when it is decided:
    the statement has them.
    """

    __tablename__ = "unclaimed_sum"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_fen_positive"),
        one_of("why", *Unmatched),
        one_of("state", *SumState),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_whole"),
        CheckConstraint("state = 'open' OR words = ''", name="words_gone"),
        {"schema": PRIVATE},
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), index=True)
    reference: Mapped[Id]
    booked_on: Mapped[date]
    amount_fen: Mapped[Fen]
    why: Mapped[str]
    words: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(server_default="open")
    command_id: Mapped[CommandId]
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
