"""Whatever may go out goes out as far as the escrow holds the money, and the rest when money comes."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.publication import Subject
from models.tables import LedgerAccount as Account
from models.tables import Publication, Refund
from models.values.ledger import (
    ESCROW,
    LATE_FEES,
    PAYERS,
    AccountKind,
    LedgerAccount,
    Transfer,
    household,
)
from models.values.states import PublicationState
from rules.ledger import refunded
from runtime.ledger.blocks import is_blocked
from runtime.ledger.reading import load_balances, load_paid_out, load_taken_over

ORDERED = text("""
WITH awaited AS (
  SELECT * FROM unnest(CAST(:units AS text[]), CAST(:fen AS bigint[])) AS each (unit_number, fen)),
due AS (
  SELECT r.unit_number, r.ordered_fen AS before_fen, r.amount_fen - coalesce(awaited.fen, 0) AS ordered_fen
  FROM refund r LEFT JOIN awaited USING (unit_number) WHERE r.renovation_id = :rid)
UPDATE refund SET ordered_fen = due.ordered_fen
FROM due
WHERE refund.renovation_id = :rid AND refund.unit_number = due.unit_number AND due.ordered_fen > due.before_fen
RETURNING refund.unit_number, due.ordered_fen - due.before_fen AS fen
""")
"""Refunds are ordered up to what is owed back less what is awaited; none is ordered less than before."""


class RefundsOut(NamedTuple):
    """What goes out now, and what was owed back before, in fen."""

    transfers: tuple[Transfer, ...]
    owed_fen: int

    @property
    def paid_fen(self) -> int:
        """What goes out now."""
        return sum(transfer.amount_fen for transfer in self.transfers)


async def load_refunds_out(
    session: AsyncSession,
    renovation_id: str,
    key: str,
    more_fen: int = 0,
    *,
    of_others: bool,
) -> RefundsOut:
    """Refunds that are ordered and not paid go out, and with `of_others` what others have paid too much.

    `more_fen` is what else comes into the escrow by the same event, less what goes out of it before. The rows
    of the refunds say what has gone out.
    """
    await session.flush()
    rows = await session.scalars(
        select(Refund)
        .where(Refund.renovation_id == renovation_id, Refund.paid_fen < Refund.ordered_fen)
        # They are ordered by statement.
        .execution_options(populate_existing=True)
    )
    open_ = {household(row.unit_number): row for row in rows}
    balances = await load_balances(session, renovation_id, AccountKind.ESCROW, *PAYERS)
    owed: dict[LedgerAccount, int] = {
        account: row.ordered_fen - row.paid_fen for account, row in open_.items()
    }
    if of_others:
        owed |= {
            account: -each.balance_fen
            for account, each in balances.items()
            if account != ESCROW and each.balance_fen < 0
        }
        if LATE_FEES in owed and await _is_owed(session, renovation_id):
            # No home's money for the works goes out for a fee that another one still owes.
            del owed[LATE_FEES]
    held = (balances[ESCROW].free_fen if ESCROW in balances else 0) + more_fen
    blocked = await is_blocked(session, renovation_id)
    transfers = () if blocked else refunded(key, held, owed)
    for transfer in transfers:
        if transfer.target in open_:
            open_[transfer.target].paid_fen += transfer.amount_fen
    await session.flush()
    return RefundsOut(transfers, sum(owed.values()))


async def _is_owed(session: AsyncSession, renovation_id: str) -> bool:
    """Whether any home owes anything."""
    owing = select(Account.id).where(
        Account.renovation_id == renovation_id,
        Account.kind == AccountKind.HOUSEHOLD,
        Account.balance_fen > 0,
    )
    return await session.scalar(owing.limit(1)) is not None


async def load_owing(
    session: AsyncSession,
    renovation_id: str,
    joined: Collection[str],
    open_fen: Mapping[LedgerAccount, int],
) -> frozenset[str]:
    """Of the homes that have joined an item later those that still owe, or a fund in their place (E14, E19).

    `open_fen` is what stands on the accounts. A debt that was taken over is no money before the fund pays.
    """
    taken = await load_taken_over(session, renovation_id)
    debts = {
        unit: [household(unit), *(account for account, fen in taken.get(unit, {}).items() if fen)]
        for unit in joined
    }
    return frozenset(
        unit
        for unit, accounts in debts.items()
        if any(open_fen.get(account, 0) > 0 for account in accounts)
    )


async def order_refunds(
    session: AsyncSession, renovation_id: str, awaited_fen: Mapping[str, int]
) -> dict[str, int]:
    """What is owed back is to be paid, but by unit for what is awaited of somebody else; what was not ordered before."""
    given = {"rid": renovation_id, "units": [*awaited_fen], "fen": [*awaited_fen.values()]}
    return {unit: int(fen) for unit, fen in await session.execute(ORDERED, given)}


async def order_credits(
    session: AsyncSession, renovation_id: str, awaited_fen: Mapping[str, int]
) -> None:
    """The same, unless a sheet of refunds is posted: its end orders them."""
    posted = select(Publication.id).where(
        Publication.renovation_id == renovation_id,
        Publication.subject == Subject.REFUNDS,
        Publication.state == PublicationState.OPEN,
    )
    if await session.scalar(posted.limit(1)) is None:
        await order_refunds(session, renovation_id, awaited_fen)


async def load_going_out(
    session: AsyncSession,
    renovation_id: str,
    key: str,
    more_fen: int = 0,
    *,
    of_others: bool = False,
) -> tuple[Transfer, ...]:
    """Everything that goes out now: who built is paid first, then whoever gets money back.

    `more_fen` is what comes in by the same event.
    """
    works = await load_paid_out(session, renovation_id, key, more_fen)
    left = more_fen - sum(transfer.amount_fen for transfer in works)
    back = await load_refunds_out(session, renovation_id, key, left, of_others=of_others)
    return (*works, *back.transfers)


async def load_open_accounts(session: AsyncSession, renovation_id: str) -> dict[LedgerAccount, int]:
    """What stands on the accounts of a case that are not settled, in fen; none when all are."""
    balances = await load_balances(session, renovation_id)
    return {
        account: each.balance_fen
        for account, each in balances.items()
        if each.balance_fen or each.held_fen
    }
