"""Who pays what: shares, instalments, payments (append-only), relief and refunds."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import CommandId, Fen, Id, Table, not_negative, one_of, refers, word


class Share(Table):
    """What a unit owes for one item of one version of the scheme; the table sums to the item."""

    __tablename__ = "share"
    __table_args__ = (
        refers(("renovation_id", "scheme_version"), "scheme", ("renovation_id", "version")),
        *not_negative("amount_fen"),
    )

    renovation_id: Mapped[Id] = mapped_column(primary_key=True)
    scheme_version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    item_id: Mapped[Id] = mapped_column(primary_key=True)
    amount_fen: Mapped[Fen]


class ShareTotal(Table):
    """What a unit owes in all: by the estimate, the award, the final account, the settlement of a cancellation."""

    __tablename__ = "share_total"
    __table_args__ = (
        one_of("basis", "estimate", "award", "final", "settlement"),
        *not_negative("amount_fen"),
    )

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    basis: Mapped[Id] = mapped_column(primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    amount_fen: Mapped[Fen]


class Instalment(Table):
    """One part of a unit's share and the case time by which it is due; numbered from 1."""

    __tablename__ = "instalment"
    __table_args__ = (
        CheckConstraint("number > 0", name="number_positive"),
        *not_negative("amount_fen"),
    )

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime]
    amount_fen: Mapped[Fen]


class Payment(Table):
    """Money that came in for a unit; append-only, so a mistake is answered by a refund."""

    __tablename__ = "payment"
    __table_args__ = (
        one_of("source", "owner", "relief", "subsidy", "fund"),
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        Index(None, "renovation_id", "unit_number"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    command_id: Mapped[CommandId] = mapped_column(unique=True)
    unit_number: Mapped[Id]
    amount_fen: Mapped[Fen]
    source: Mapped[str]
    received_at: Mapped[datetime]


class LateFee(Table):
    """What a payment owes because it pays an instalment late; append-only. `counts_from` is case time.

    0 months where the bank had it in time and only told of it later. The database knows the arithmetic.
    """

    __tablename__ = "late_fee"
    __table_args__ = (
        CheckConstraint(
            "base_fen > 0 AND permille > 0 AND number > 0 AND months >= 0", name="positive"
        ),
        CheckConstraint("amount_fen = (base_fen * permille + 999) / 1000 * months", name="exact"),
        Index(None, "renovation_id", "unit_number"),
    )

    payment_id: Mapped[Id] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"))
    unit_number: Mapped[Id]
    counts_from: Mapped[datetime]
    paid_on: Mapped[date]
    base_fen: Mapped[Fen]
    permille: Mapped[int]
    months: Mapped[int]
    amount_fen: Mapped[Fen]


class Relief(Table):
    """A hardship relief for a unit: who approved it and who pays in the owner's place."""

    __tablename__ = "relief"
    __table_args__ = (word("kind"), *not_negative("amount_fen"))

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    kind: Mapped[Id] = mapped_column(primary_key=True)
    amount_fen: Mapped[Fen]
    approved_by: Mapped[Id]
    funded_by: Mapped[Id]


class Refund(Table):
    """What a unit gets back in all when a renovation ends or costs less.

    Of `amount_fen` so much is ordered to be paid, and of that so much has gone out, as far as there was money.
    """

    __tablename__ = "refund"
    __table_args__ = (
        *not_negative("amount_fen", "paid_fen"),
        CheckConstraint("paid_fen <= ordered_fen", name="paid_as_ordered"),
        CheckConstraint("ordered_fen <= amount_fen", name="ordered_within"),
    )

    renovation_id: Mapped[Id] = mapped_column(ForeignKey("renovation.id"), primary_key=True)
    unit_number: Mapped[Id] = mapped_column(primary_key=True)
    amount_fen: Mapped[Fen]
    ordered_fen: Mapped[Fen] = mapped_column(server_default=text("0"))
    paid_fen: Mapped[Fen] = mapped_column(server_default=text("0"))
    paid: Mapped[bool] = mapped_column(Computed("paid_fen = amount_fen", persisted=True))
