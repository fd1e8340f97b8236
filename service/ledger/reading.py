"""The ledger as people read it: the accounts of a case, and the entries of one with the balance after each."""

from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.tables import Event, LedgerAccount, LedgerEntry, LedgerTransfer
from models.values.base import Carried
from models.values.ledger import AccountKind, household
from models.values.refusal import refusal
from runtime.ledger.reading import account_of
from service.http.keysets import behind
from service.http.paging import Slice
from service.situation import Situation


class AccountLine(Carried):
    """An account of a case: what stands on it, what of that is held, and by how many entries; in fen."""

    account: str
    kind: AccountKind
    name: str
    balance_fen: int
    held_fen: int
    entries: int


class EntryLine(Carried):
    """What one transfer did to an account, in fen: its balance before and after; case time.

    `seq` and `event` are the event in whose transaction it was booked.
    """

    number: int
    transfer_id: str
    happened_at: datetime
    kind: str
    other: str
    """The account on the other side."""
    amount_fen: int
    before_fen: int
    after_fen: int
    seq: int
    event: str


async def list_accounts(
    session: AsyncSession, situation: Situation, part: Slice
) -> tuple[AccountLine, ...]:
    """The accounts of a case, by kind and name; their balances sum to zero.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    order = (LedgerAccount.kind, LedgerAccount.name)
    rows = await session.scalars(
        select(LedgerAccount)
        .where(LedgerAccount.renovation_id == situation.id, *behind(order, part))
        .order_by(*order)
        .limit(part.limit)
    )
    return tuple(
        AccountLine(
            account=account_of(row).code,
            kind=AccountKind(row.kind),
            name=row.name,
            balance_fen=row.balance_fen,
            held_fen=row.held_fen,
            entries=row.entries,
        )
        for row in rows
    )


async def list_entries(
    session: AsyncSession, situation: Situation, account: str, part: Slice
) -> tuple[EntryLine, ...]:
    """The entries of an account in their order; an account is named as `AccountLine.account`.

    Raises:
        Refused: `ledger.account_unknown`, `service.cursor_invalid`.
    """
    kind, _, name = account.partition("/")
    of_case = (
        LedgerAccount.renovation_id == situation.id,
        LedgerAccount.kind == kind,
        LedgerAccount.name == name,
    )
    own = await session.scalar(select(LedgerAccount.id).where(*of_case))
    if own is None:
        raise refusal("ledger.account_unknown", where="account", account=account)
    return await _entries(session, own, part)


async def entries_of_home(
    session: AsyncSession, situation: Situation, unit: str, limit: int
) -> tuple[EntryLine, ...]:
    """The first entries of a home's account; none before anything was charged or paid."""
    account = household(unit)
    own = (
        select(LedgerAccount.id)
        .where(
            LedgerAccount.renovation_id == situation.id,
            LedgerAccount.kind == account.kind,
            LedgerAccount.name == account.name,
        )
        .scalar_subquery()
    )
    return await _entries(session, own, Slice(limit=limit))


async def _entries(session: AsyncSession, own: object, part: Slice) -> tuple[EntryLine, ...]:
    other = aliased(LedgerAccount)
    far = case(
        (LedgerTransfer.from_id == LedgerEntry.account_id, LedgerTransfer.to_id),
        else_=LedgerTransfer.from_id,
    )
    rows = await session.execute(
        select(LedgerEntry, LedgerTransfer, other, Event.seq, Event.kind)
        .join(LedgerTransfer, LedgerTransfer.id == LedgerEntry.transfer_id)
        .join(other, other.id == far)
        .join(Event, Event.command_id == LedgerTransfer.command_id)
        .where(LedgerEntry.account_id == own, LedgerEntry.number > (part.after_number or 0))
        .order_by(LedgerEntry.number)
        .limit(part.limit)
    )
    return tuple(
        EntryLine(
            number=entry.number,
            transfer_id=transfer.id,
            happened_at=transfer.event_at,
            kind=transfer.kind,
            other=account_of(far_side).code,
            amount_fen=entry.amount_fen,
            before_fen=entry.before_fen,
            after_fen=entry.after_fen,
            seq=seq,
            event=event,
        )
        for entry, transfer, far_side, seq, event in rows
    )
