"""What stands in the ledger of a case, as the database keeps it."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from formats.journals import Booked
from models.tables import Event, LedgerEntry, LedgerTransfer, Renovation, RetentionRelease
from models.tables import LedgerAccount as Account
from models.tables.base import spelled
from models.values.ledger import AccountBalance, AccountKind, LedgerAccount, Transfer, TransferKind
from models.values.refusal import refusal
from models.values.timetable import Timetable
from rules.ledger import MOVES, Payable, paid_out
from runtime.ledger.blocks import is_blocked

PAYABLE = text("""
SELECT kind, contract_id, certificate_id, amount_fen FROM (
  SELECT 1 AS turn, c.id AS certificate_id, c.contract_id,
    CASE WHEN c.passed THEN 'works' ELSE 'measured' END AS kind,
    c.payable_fen - coalesce((
      SELECT sum(t.amount_fen) FROM ledger_transfer t
      WHERE t.certificate_id = c.id AND (t.phase IN ('posted', 'post') OR (t.phase = 'pending' AND NOT EXISTS (
        SELECT 1 FROM ledger_transfer d WHERE d.pending_id = t.id)))), 0)::bigint AS amount_fen
  FROM certificate c
  WHERE c.renovation_id = :case AND c.state = 'released' AND c.contract_id IS NOT NULL AND (
    c.passed OR EXISTS (
      SELECT 1 FROM termination e WHERE e.contract_id = c.contract_id AND e.measured_by IS NOT NULL))
  UNION ALL
  SELECT 2, NULL, e.contract_id, 'compensation', e.damages_fen - went.fen
  FROM termination e CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.amount_fen), 0)::bigint AS fen
    FROM ledger_transfer t JOIN ledger_account a ON a.id = t.to_id
    WHERE t.kind = 'compensation' AND a.renovation_id = :case AND a.kind = 'contractor' AND a.name = e.contract_id) went
  WHERE e.renovation_id = :case AND e.settled_at IS NOT NULL
  UNION ALL
  SELECT 3, NULL, r.contract_id, 'retention', r.released_fen - went.fen
  FROM retention_release r CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.amount_fen), 0)::bigint AS fen
    FROM ledger_transfer t JOIN ledger_account a ON a.id = t.to_id
    WHERE t.kind = 'retention' AND a.renovation_id = :case AND a.kind = 'retention' AND a.name = r.contract_id) went
  WHERE r.renovation_id = :case
) payable ORDER BY turn, length(certificate_id), certificate_id, contract_id
""")
"""What may still go out: by certificates of passed items and of measured ones, then damages that a
settlement found, then what was kept back and is released."""


async def load_balances(
    session: AsyncSession, renovation_id: str, *kinds: AccountKind
) -> dict[LedgerAccount, AccountBalance]:
    """The balances of a case, of some kinds of accounts or of all; by account."""
    query = select(Account).where(Account.renovation_id == renovation_id)
    if kinds:
        query = query.where(Account.kind.in_([kind.value for kind in kinds]))
    rows = await session.scalars(
        query.order_by(Account.kind, Account.name).execution_options(populate_existing=True)
    )
    return {
        (account := account_of(row)): AccountBalance(
            account=account,
            balance_fen=row.balance_fen,
            held_fen=row.held_fen,
            entries=row.entries,
        )
        for row in rows
    }


async def load_kept_back(session: AsyncSession, renovation_id: str) -> dict[str, int]:
    """By contract what is kept back of it and not paid out, in fen; nothing of those without."""
    balances = await load_balances(session, renovation_id, AccountKind.RETENTION)
    return {
        account.name: -each.balance_fen
        for account, each in balances.items()
        if each.balance_fen < 0
    }


async def load_undecided(session: AsyncSession, renovation_id: str) -> dict[str, int]:
    """The same of the contracts of which nobody has decided what becomes of it."""
    found = await session.scalars(
        select(RetentionRelease.contract_id).where(RetentionRelease.renovation_id == renovation_id)
    )
    kept, decided = await load_kept_back(session, renovation_id), frozenset(found)
    return {name: fen for name, fen in kept.items() if name not in decided}


async def load_moved(
    session: AsyncSession, renovation_id: str, kind: TransferKind
) -> dict[LedgerAccount, int]:
    """What transfers of one kind have brought to each account of a case so far, in fen."""
    rows = await session.execute(
        select(Account.kind, Account.name, func.sum(LedgerEntry.amount_fen))
        .join(LedgerEntry, LedgerEntry.account_id == Account.id)
        .join(LedgerTransfer, LedgerTransfer.id == LedgerEntry.transfer_id)
        .where(
            Account.renovation_id == renovation_id,
            Account.kind != AccountKind.PROJECT,
            LedgerTransfer.kind == kind,
        )
        .group_by(Account.kind, Account.name)
    )
    return {LedgerAccount(kind=AccountKind(each), name=name): int(fen) for each, name, fen in rows}


async def load_taken_over(
    session: AsyncSession, renovation_id: str
) -> dict[str, dict[LedgerAccount, int]]:
    """By unit what others have taken over of its debt, less what they got back, in fen."""
    unit, payer = aliased(Account), aliased(Account)
    source, target, fen = LedgerTransfer.from_id, LedgerTransfer.to_id, LedgerTransfer.amount_fen
    moved = union_all(
        *(
            select(one.label("unit"), other.label("payer"), signed.label("fen")).where(
                LedgerTransfer.kind == spelled(TransferKind.TAKEN_OVER)
            )
            for one, other, signed in ((source, target, fen), (target, source, -fen))
        )
    ).subquery()
    rows = await session.execute(
        select(unit.name, payer.kind, payer.name, func.sum(moved.c.fen))
        .join(moved, moved.c.unit == unit.id)
        .join(payer, payer.id == moved.c.payer)
        .where(unit.renovation_id == renovation_id, unit.kind == AccountKind.HOUSEHOLD)
        .group_by(unit.name, payer.kind, payer.name)
    )
    taken: dict[str, dict[LedgerAccount, int]] = {}
    for number, kind, name, fen in rows:
        account = LedgerAccount(kind=AccountKind(kind), name=name)
        taken.setdefault(number, {})[account] = max(int(fen), 0)
    return taken


async def load_transfers(session: AsyncSession, command_ids: Sequence[str]) -> list[Transfer]:
    """The transfers of some events, in their order within each."""
    source, target = aliased(Account), aliased(Account)
    rows = await session.execute(
        select(LedgerTransfer, source, target)
        .join(source, source.id == LedgerTransfer.from_id)
        .join(target, target.id == LedgerTransfer.to_id)
        .where(LedgerTransfer.command_id.in_(command_ids))
        .order_by(LedgerTransfer.command_id, LedgerTransfer.number)
    )
    return [transfer_of(row, one, other) for row, one, other in rows]


async def load_booked(session: AsyncSession, renovation_id: str) -> tuple[Booked, ...]:
    """Every transfer that has moved money, with the event that it belongs to, in the record's order.

    Raises:
        Refused: `renovation.unknown`.
    """
    terms = await session.scalar(select(Renovation.timetable).where(Renovation.id == renovation_id))
    if terms is None:
        raise refusal("renovation.unknown", where=renovation_id, renovation=renovation_id)
    zone = ZoneInfo(Timetable.model_validate(terms).zone)
    source, target = aliased(Account), aliased(Account)
    rows = await session.execute(
        select(Event.seq, Event.kind, LedgerTransfer, source, target)
        .join(LedgerTransfer, LedgerTransfer.command_id == Event.command_id)
        .join(source, source.id == LedgerTransfer.from_id)
        .join(target, target.id == LedgerTransfer.to_id)
        .where(
            Event.renovation_id == renovation_id,
            LedgerTransfer.phase.in_([phase.value for phase in MOVES]),
        )
        .order_by(Event.seq, LedgerTransfer.number)
    )
    return tuple(
        Booked(
            on=row.event_at.astimezone(zone).date(),
            seq=seq,
            kind=kind,
            transfer=transfer_of(row, one, other),
        )
        for seq, kind, row, one, other in rows
    )


async def load_paid_out(
    session: AsyncSession, renovation_id: str, key: str, more_fen: int = 0
) -> tuple[Transfer, ...]:
    """Money that goes out now: whatever certificates have released, as far as the escrow holds it.

    `more_fen` is what comes in by the same event. What lacked the money goes out when money comes; nothing
    does while the payments are blocked.
    """
    await session.flush()
    if await is_blocked(session, renovation_id):
        return ()
    escrow = await load_balances(session, renovation_id, AccountKind.ESCROW)
    held = sum(balance.free_fen for balance in escrow.values()) + more_fen
    rows = (await session.execute(PAYABLE, {"case": renovation_id})).mappings()
    return paid_out(key, held, [Payable.model_validate(dict(row)) for row in rows])


def account_of(row: Account) -> LedgerAccount:
    """The value of a row."""
    return LedgerAccount(kind=AccountKind(row.kind), name=row.name)


def transfer_of(row: LedgerTransfer, source: Account, target: Account) -> Transfer:
    """The value of a row, with its two accounts."""
    return Transfer.model_validate(
        {
            "id": row.id,
            "source": account_of(source),
            "target": account_of(target),
            "amount_fen": row.amount_fen,
            "kind": row.kind,
            "phase": row.phase,
            "pending_id": row.pending_id,
            "reverses_id": row.reverses_id,
            "expires_at": row.expires_at,
            "certificate_id": row.certificate_id,
        }
    )
