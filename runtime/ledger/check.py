"""Every balance again from the transfers alone, and whether anything of the ledger was changed."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.tables import LedgerAccount as Account
from models.tables import LedgerGroup, LedgerTransfer, Renovation
from models.values.base import Value
from models.values.ledger import AccountBalance, LedgerAccount, Transfer, TransferKind
from models.values.refusal import Problem, Refused, problem, refusal
from rules.ledger import posted, sum_fen
from runtime.database import Database, driver_connection
from runtime.ledger.fees import load_fees
from runtime.ledger.reading import load_balances, transfer_of
from runtime.ledger.shape import load_shape, shape_faults
from runtime.record.audit.ledger import first_bad_transfers

CHAINS = text("""
SELECT a.kind || CASE a.name WHEN '' THEN '' ELSE '/' || a.name END AS code FROM (
  SELECT e.account_id,
    e.number <> row_number() OVER w OR e.before_fen <> lag(e.after_fen, 1, 0::bigint) OVER w
      OR e.amount_fen IS DISTINCT FROM CASE e.account_id
        WHEN t.from_id THEN -t.amount_fen WHEN t.to_id THEN t.amount_fen END AS wrong
  FROM ledger_entry e
  JOIN ledger_transfer t ON t.id = e.transfer_id
  JOIN ledger_account own ON own.id = e.account_id
  WHERE own.renovation_id = :case
  WINDOW w AS (PARTITION BY e.account_id ORDER BY e.number)
) entries JOIN ledger_account a ON a.id = entries.account_id
WHERE wrong GROUP BY a.kind, a.name ORDER BY 1
""")
"""Accounts with an entry that does not follow the one before it, or says another sum than its transfer."""
UNBOOKED = text("""
SELECT id FROM payment p WHERE renovation_id = :case
  AND NOT EXISTS (SELECT 1 FROM ledger_transfer t WHERE t.id = p.id) ORDER BY id
""")


class LedgerReport(Value):
    """What was looked at, and what is wrong."""

    cases: int
    accounts: int
    transfers: int
    held_fen: int
    """What is in the escrows of these cases."""
    faults: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Every balance is what its transfers make of it, and nothing was changed."""
        return not self.faults


async def check_ledger(database: Database, renovation_id: str | None = None) -> LedgerReport:
    """Check one case, or all of them, in one snapshot.

    Raises:
        Refused: `renovation.unknown`.
    """
    async with database.held() as session:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        faults = [
            problem(f"ledger.object_{how}", where=name)
            for name, how in shape_faults(await load_shape(session))
        ]
        accounts = transfers = held = 0
        cases = await _cases(session, renovation_id)
        for case in cases:
            booked = await load_case(session, case)
            owing = await load_fees(session, case)
            bad = await first_bad_transfers(await driver_connection(session), case)
            balances = await load_balances(session, case)
            accounts, transfers = accounts + len(balances), transfers + len(booked)
            held += sum(
                each.balance_fen for a, each in balances.items() if a.kind.value == "escrow"
            )
            faults += balance_faults(case, balances, booked)
            faults += fee_faults(case, owing, booked)
            faults += [
                problem("ledger.entries_other", where=f"{case} {code}")
                for code in await session.scalars(CHAINS, {"case": case})
            ]
            if bad is not None:
                faults.append(problem("ledger.group_other", where=f"{case} #{bad}"))
            faults += [
                problem("ledger.payment_unbooked", where=name)
                for name in await session.scalars(UNBOOKED, {"case": case})
            ]
    return LedgerReport(
        cases=len(cases),
        accounts=accounts,
        transfers=transfers,
        held_fen=held,
        faults=tuple(faults),
    )


def balance_faults(
    case: str, kept: dict[LedgerAccount, AccountBalance], booked: Sequence[Transfer]
) -> list[Problem]:
    """Where the database keeps another balance than the transfers make, or the sum is not zero."""
    try:
        again = posted(booked)
    except Refused as refused:
        return list(refused.problems)
    faults = []
    for account in sorted(kept.keys() | again.keys(), key=lambda each: each.code):
        have = kept.get(account, AccountBalance(account=account))
        need = again.get(account, AccountBalance(account=account))
        if have != need:
            faults.append(
                problem(
                    "ledger.balance_other",
                    where=f"{case} {account.code}",
                    have=have.balance_fen,
                    need=need.balance_fen,
                    held=have.held_fen,
                    held_needed=need.held_fen,
                )
            )
    if (total := sum_fen(kept.values())) != 0:
        faults.append(problem("ledger.sum_not_zero", where=case, have=total))
    return faults


def fee_faults(case: str, owing: Mapping[str, int], booked: Sequence[Transfer]) -> list[Problem]:
    """Where a home was charged another late fee than its late payments make."""
    have: dict[str, int] = {}
    for each in booked:
        if each.kind is TransferKind.LATE_FEE:
            have[each.target.name] = have.get(each.target.name, 0) + each.amount_fen
    return [
        problem(
            "ledger.fee_other",
            where=f"{case} {unit}",
            have=have.get(unit, 0),
            need=owing.get(unit, 0),
        )
        for unit in sorted(have.keys() | owing.keys())
        if have.get(unit, 0) != owing.get(unit, 0)
    ]


async def load_case(session: AsyncSession, renovation_id: str) -> list[Transfer]:
    """Every transfer of a case, in the order in which they were written."""
    source, target = aliased(Account), aliased(Account)
    rows = await session.execute(
        select(LedgerTransfer, source, target)
        .join(LedgerGroup, LedgerGroup.command_id == LedgerTransfer.command_id)
        .join(source, source.id == LedgerTransfer.from_id)
        .join(target, target.id == LedgerTransfer.to_id)
        .where(LedgerGroup.renovation_id == renovation_id)
        .order_by(LedgerTransfer.created_at, LedgerTransfer.command_id, LedgerTransfer.number)
    )
    return [transfer_of(row, one, other) for row, one, other in rows]


async def _cases(session: AsyncSession, renovation_id: str | None) -> Sequence[str]:
    query = select(Renovation.id).order_by(Renovation.id)
    if renovation_id is not None:
        query = query.where(Renovation.id == renovation_id)
    found = (await session.scalars(query)).all()
    if renovation_id is not None and not found:
        raise refusal("renovation.unknown", where=renovation_id, renovation=renovation_id)
    return found
