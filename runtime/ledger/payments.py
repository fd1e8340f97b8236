"""Payments come in by one function: their rows, and what they mean in the ledger."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Payment
from models.values.base import Value
from models.values.ledger import AccountKind, LedgerAccount, Transfer
from rules.ledger import received, short_name, taken_over

RELIEF = "relief"


class NewPayment(Value):
    """Money for a unit, in fen. `funded_by`: of a relief, whoever owes it from now on."""

    id: str
    command_id: str
    unit_number: str
    amount_fen: int
    source: str
    funded_by: str = ""
    reference: str = ""
    """By which whoever reported it knows it; for what is said of it, not kept."""
    paid_on: date | None = None
    """The day on which the bank had it, where that is known; a late fee counts by it (rules 2.5)."""


async def add_payments(
    session: AsyncSession,
    renovation_id: str,
    received_at: datetime,
    payments: Sequence[NewPayment],
) -> tuple[Transfer, ...]:
    """Write the rows of payments and return their transfers, which the caller books with its event.

    A relief is no money: its fund takes the household's debt over, and owes it.
    """
    await session.flush()
    same = {"renovation_id": renovation_id, "received_at": received_at}
    rows = [
        {**each.model_dump(exclude={"funded_by", "reference", "paid_on"}), **same}
        for each in payments
    ]
    await session.execute(insert(Payment), rows)
    return tuple(transfer for each in payments for transfer in _transfers(each))


def _transfers(payment: NewPayment) -> tuple[Transfer, ...]:
    unit, fen = payment.unit_number, payment.amount_fen
    if payment.funded_by:
        fund = LedgerAccount(kind=AccountKind.RELIEF, name=short_name(payment.funded_by))
        return (taken_over(payment.id, unit, fen, fund),)
    return received(payment.id, unit, fen, payment.source)
