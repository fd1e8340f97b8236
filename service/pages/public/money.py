"""The money of a case for everybody: who is to pay, what came in, what went out; in sums, never of a home."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contract, Event, Payment, ShareTotal
from models.values.scheme import SchemeContent
from rules.cost_sharing import JOINED
from runtime.ledger.fees import load_fees
from runtime.ledger.net import NET_PAID
from service.pages.schemes import load_scheme
from service.reading.money import BASES, RELIEF, SETTLEMENT
from service.reading.results import SettlementView, load_settlement
from service.reading.works import ContractAccount, list_contracts
from service.situation import Situation
from service.tenders import list_tenders

OWNERS = "owners"
FEW = 5
"""What fewer homes have paid is not told: among neighbours it would say who."""
PERMILLE = 1_000
INSTALMENTS = text(f"""
WITH came AS ({NET_PAID}),
line AS (
  SELECT i.number, i.due_at, i.amount_fen,
    sum(i.amount_fen) OVER (PARTITION BY i.unit_number ORDER BY i.number) - coalesce(came.fen, 0) AS behind
  FROM instalment i LEFT JOIN came USING (unit_number)
  WHERE i.renovation_id = :rid AND i.amount_fen > 0)
SELECT number, min(due_at) AS due_at, sum(amount_fen) AS fen,
  sum(least(amount_fen, greatest(behind, 0))) AS open_fen,
  count(*) FILTER (WHERE behind < amount_fen) AS paying, count(*) FILTER (WHERE behind > 0) AS owing
FROM line GROUP BY number ORDER BY number
""")  # noqa: S608 - our own text
"""By number the instalments of all homes: what of them is open, how many have paid something of it, and owe some."""


class Segment(NamedTuple):
    """A part of a whole: its sum in fen, and where it begins and how wide it is, in thousandths."""

    name: str
    amount_fen: int
    begins: int
    width: int


class CameIn(NamedTuple):
    """What came from one source, in fen; None where so few homes have paid that it would say who."""

    source: str
    amount_fen: int | None


class InstalmentSum(NamedTuple):
    """An instalment of all homes together, in fen; case time.

    `came_fen` is what of it has come in; None where so few homes are on one side that it would say who.
    """

    number: int
    due_at: datetime
    amount_fen: int
    came_fen: int | None
    due: bool
    paid: bool


class Joined(NamedTuple):
    """How many homes have joined an item later (E19), and what each had to pay in all, in fen; None where few have."""

    title: str
    homes: int
    pay_fen: int | None


class LateFees(NamedTuple):
    """How many homes owe a fee for paying late, and how much together, in fen; None where so few do that it would say who."""

    homes: int
    amount_fen: int | None


class PublicMoney(NamedTuple):
    """The sums of a case."""

    planned: tuple[Segment, ...]
    """The cost of the scheme by who is to pay; the owners last. Empty before there is a scheme."""
    cost_fen: int
    basis: str
    """By which computation the owners owe `owed_fen` together; "" before there is one."""
    owed_fen: int
    homes: int
    came: tuple[CameIn, ...]
    instalments: tuple[InstalmentSum, ...]
    contracts: tuple[ContractAccount, ...]
    settlement: SettlementView
    joined: tuple[Joined, ...]
    fees: LateFees | None


async def load_money(session: AsyncSession, situation: Situation) -> PublicMoney:
    """The sums as they are today."""
    rid = situation.id
    scheme = await load_scheme(session, rid)
    totals = await session.execute(
        select(ShareTotal.basis, func.sum(ShareTotal.amount_fen), func.count())
        .where(ShareTotal.renovation_id == rid)
        .group_by(ShareTotal.basis)
    )
    owed = {basis: (int(fen), homes) for basis, fen, homes in totals}
    basis = next((each for each in BASES if each in owed), "")
    owed_fen, homes = owed.get(basis, (0, 0))
    cost = sum(item.cost_fen for item in scheme.items) if scheme else 0
    return PublicMoney(
        planned=planned(scheme) if scheme else (),
        cost_fen=cost,
        basis=basis,
        owed_fen=owed_fen,
        homes=homes,
        came=await _came_in(session, rid),
        instalments=await _instalments(session, situation) if basis != SETTLEMENT else (),
        contracts=await list_contracts(session, rid),
        settlement=await load_settlement(session, situation),
        joined=await _joined(session, rid, scheme) if scheme else (),
        fees=await _fees(session, rid) if scheme and scheme.late_fee else None,
    )


async def _fees(session: AsyncSession, renovation_id: str) -> LateFees | None:
    fees = await load_fees(session, renovation_id)
    if not fees:
        return None
    return LateFees(len(fees), None if len(fees) < FEW else sum(fees.values()))


def planned(scheme: SchemeContent) -> tuple[Segment, ...]:
    """Who is to pay the cost of a scheme; what is promised beyond it is drawn no further than it."""
    cost = sum(item.cost_fen for item in scheme.items)
    promised: dict[str, int] = {}
    for each in scheme.funding:
        promised[each.source.value] = promised.get(each.source.value, 0) + each.amount_fen
    left = max(cost - sum(promised.values()), 0)
    return tuple(segments([*promised.items(), (OWNERS, left)]))


def segments(parts: Sequence[tuple[str, int]]) -> Iterator[Segment]:
    """The parts side by side; together as wide as the whole, whatever the rounding."""
    whole, before = sum(amount for _, amount in parts), 0
    for name, amount in parts:
        begins = before * PERMILLE // whole if whole else 0
        before += amount
        ends = before * PERMILLE // whole if whole else 0
        if amount:
            yield Segment(name, amount, begins, ends - begins)


async def _came_in(session: AsyncSession, rid: str) -> tuple[CameIn, ...]:
    """By source. What was paid in an owner's place because of hardship is told with the owners' own (P-3)."""
    rows = await session.execute(
        select(Payment.source, Payment.unit_number, func.sum(Payment.amount_fen))
        .where(Payment.renovation_id == rid)
        .group_by(Payment.source, Payment.unit_number)
    )
    homes: dict[str, set[str]] = {}
    sums: dict[str, int] = {}
    for source, unit, amount in rows:
        name = OWNERS if source in {"owner", RELIEF} else source
        homes.setdefault(name, set()).add(unit)
        sums[name] = sums.get(name, 0) + int(amount)
    return tuple(
        CameIn(name, sums[name] if len(homes[name]) >= FEW else None) for name in sorted(sums)
    )


async def _instalments(session: AsyncSession, situation: Situation) -> tuple[InstalmentSum, ...]:
    """What each instalment is in all, and what of it came in; what a home pays covers its own in their order."""
    rows = await session.execute(INSTALMENTS, {"rid": situation.id})
    return tuple(
        InstalmentSum(
            number=row.number,
            due_at=row.due_at,
            amount_fen=int(row.fen),
            came_fen=None if _is_few(row.paying, row.owing) else int(row.fen - row.open_fen),
            due=row.due_at <= situation.now,
            paid=not row.open_fen,
        )
        for row in rows
    )


async def _joined(session: AsyncSession, rid: str, scheme: SchemeContent) -> tuple[Joined, ...]:
    """Of each item that homes have joined, by the record what they were charged when they did."""
    if not any(item.payers.joined for item in scheme.items):
        return ()
    said = await session.scalars(
        select(Event.details).where(Event.renovation_id == rid, Event.kind == JOINED)
    )
    paid: dict[str, int] = {}
    for each in said:
        item = str(each["item"])
        paid[item] = paid.get(item, 0) + int(str(each["pay_fen"]))
    return tuple(
        Joined(item.title, homes, paid.get(item.id, 0) if homes >= FEW else None)
        for item in scheme.items
        if (homes := len(item.payers.joined))
    )


def _is_few(*homes: int) -> bool:
    return any(0 < each < FEW for each in homes)


async def names_of_firms(session: AsyncSession, situation: Situation) -> Mapping[str, str]:
    """The firms whose bids were opened, by their ids, as they registered."""
    tenders = await list_tenders(session, situation.id, situation.timetable.zone)
    return {bid.bidder_id: bid.bidder for each in tenders for bid in each.bids if bid.bidder}


async def names_of_builders(session: AsyncSession, situation: Situation) -> Mapping[str, str]:
    """Who builds, by the contract: accounts of the ledger are named by it."""
    rows = await session.execute(
        select(Contract.id, Contract.bidder_id).where(Contract.renovation_id == situation.id)
    )
    held = {row.id: row.bidder_id for row in rows}
    firms = await names_of_firms(session, situation) if held else {}
    return {contract: firms.get(bidder, bidder) for contract, bidder in held.items()}
