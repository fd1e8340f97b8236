"""Who owes, has paid and gets back what: the lists for owners of the scope, officials and the bank."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Event,
    Instalment,
    Payment,
    Refund,
    Relief,
    Share,
    ShareTotal,
)
from models.values.base import Carried
from models.values.cost_sharing import Balance
from models.values.cost_sharing import Instalment as Part
from rules.cost_sharing import balance, paid_in_order
from runtime.ledger.fees import load_fees
from runtime.ledger.net import load_net_paid
from service.http.keysets import behind
from service.http.paging import Slice
from service.showing import shown
from service.situation import Situation

SETTLEMENT = "settlement"
"""What a unit carries of a case that has stopped."""
BASES = (SETTLEMENT, "final", "award", "estimate")
"""Of these the first that is there is what a home owes today."""
DRAWN = "settlement.refund_sheet_drawn"
RELIEF = "relief"
"""The source of a payment that tells of hardship."""


class ShareOfItem(Carried):
    """What a unit pays of the estimate of one item of the scheme, in fen."""

    item_id: str
    scheme_version: int
    amount_fen: int


class ShareLine(Carried):
    """What a unit owes in all, and by which computation; its parts are those of the estimate."""

    unit_number: str
    basis: str
    amount_fen: int
    items: tuple[ShareOfItem, ...] = ()


class OwedLine(Carried):
    """An instalment of a unit, in fen, and what of it is not paid; case time.

    What came in, less what has gone back, pays the instalments of a unit in their order.
    """

    unit_number: str
    number: int
    due_at: datetime
    amount_fen: int
    open_fen: int
    due: bool
    """It has fallen due."""


class PaymentLine(Carried):
    """Money that came in for a unit, in fen; case time."""

    id: str
    unit_number: str
    amount_fen: int
    source: str
    received_at: datetime


class RefundLine(Carried):
    """What a unit gets back in all, what of it is ordered to be paid, and has gone out, in fen."""

    unit_number: str
    amount_fen: int
    ordered_fen: int
    paid_fen: int
    paid: bool
    """All of it has gone out."""


class ReliefView(Carried):
    """A part of a unit's share that somebody else pays because of hardship, in fen."""

    unit_number: str
    kind: str
    amount_fen: int
    approved_by: str
    funded_by: str


async def basis_of(session: AsyncSession, renovation_id: str) -> str:
    """By which computation the units owe what they owe today; "" before there is one."""
    return (await basis_and_share(session, renovation_id, ""))[0]


async def basis_and_share(session: AsyncSession, renovation_id: str, unit: str) -> tuple[str, int]:
    """`basis_of`, and what one unit owes by it in fen, 0 where it owes nothing."""
    columns: list[ColumnElement[bool] | ScalarSelect[int]] = []
    for basis in BASES:
        of_basis = ShareTotal.renovation_id == renovation_id, ShareTotal.basis == basis
        share = select(ShareTotal.amount_fen).where(*of_basis, ShareTotal.unit_number == unit)
        columns += [exists().where(*of_basis), share.scalar_subquery()]
    row = tuple((await session.execute(select(*columns))).one())
    for basis, computed, fen in zip(BASES, row[::2], row[1::2], strict=True):
        if computed:
            return basis, fen or 0
    return "", 0


async def list_shares(
    session: AsyncSession, situation: Situation, part: Slice
) -> tuple[ShareLine, ...]:
    """What each unit owes today, by unit.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    basis = await basis_of(session, situation.id)
    query = select(ShareTotal).where(
        ShareTotal.renovation_id == situation.id, ShareTotal.basis == basis
    )
    order = (ShareTotal.unit_number,)
    query = query.where(*behind(order, part)).order_by(*order).limit(part.limit)
    rows = (await session.scalars(query)).all()
    items = await shares_of(session, situation.id, [row.unit_number for row in rows])
    return tuple(
        ShareLine(
            unit_number=row.unit_number,
            basis=basis,
            amount_fen=row.amount_fen,
            items=items.get(row.unit_number, ()),
        )
        for row in rows
    )


async def shares_of(
    session: AsyncSession, renovation_id: str, units: Sequence[str]
) -> dict[str, tuple[ShareOfItem, ...]]:
    """By unit the parts of its estimate, of the version of the scheme that was computed last."""
    last = select(func.max(Share.scheme_version)).where(Share.renovation_id == renovation_id)
    rows = await session.scalars(
        select(Share)
        .where(
            Share.renovation_id == renovation_id,
            Share.scheme_version == last.scalar_subquery(),
            Share.unit_number.in_(units),
        )
        .order_by(Share.unit_number, Share.item_id)
    )
    found: dict[str, tuple[ShareOfItem, ...]] = {}
    for row in rows:
        found[row.unit_number] = (*found.get(row.unit_number, ()), shown(ShareOfItem, row))
    return found


async def list_instalments(
    session: AsyncSession, situation: Situation, *, owed: bool = False
) -> tuple[OwedLine, ...]:
    """The instalments of every unit, by unit and number; `owed`: those due and not paid in full."""
    units = await session.scalars(
        select(Instalment.unit_number).where(Instalment.renovation_id == situation.id).distinct()
    )
    lines = await instalments_of(session, situation, units.all())
    return tuple(line for line in lines if not owed or (line.due and line.open_fen))


async def instalments_of(
    session: AsyncSession, situation: Situation, units: Sequence[str]
) -> tuple[OwedLine, ...]:
    """The instalments of these units as computed today, with what of each is open.

    Of a case that has stopped nothing is left of them: what a unit owes of its settlement and of its late fees
    is one line.
    """
    rid = situation.id
    settled = await _settled(session, rid, units)
    rows = await session.scalars(
        select(Instalment)
        .where(Instalment.renovation_id == rid, Instalment.unit_number.in_(units))
        .order_by(Instalment.unit_number, Instalment.number)
    )
    by_unit: dict[str, list[Instalment]] = {}
    for row in rows:
        by_unit.setdefault(row.unit_number, []).append(row)
    if not by_unit and not settled:
        return ()
    paid = await load_net_paid(session, rid, units)
    left = {unit: each.fen for unit, each in paid.items()}
    if settled:
        return await _debts(session, situation, settled, left)
    return tuple(
        _owed(row, covered, situation.now)
        for unit, parts in by_unit.items()
        for row, covered in zip(
            parts, paid_in_order([_part(each) for each in parts], left.get(unit, 0)), strict=True
        )
    )


async def _settled(
    session: AsyncSession, renovation_id: str, units: Sequence[str]
) -> dict[str, int]:
    """By unit what it carries of a case that has stopped, in fen; nothing before it is settled."""
    rows = await session.execute(
        select(ShareTotal.unit_number, ShareTotal.amount_fen)
        .where(
            ShareTotal.renovation_id == renovation_id,
            ShareTotal.basis == SETTLEMENT,
            ShareTotal.unit_number.in_(units),
        )
        .order_by(ShareTotal.unit_number)
    )
    return {row.unit_number: row.amount_fen for row in rows}


async def _debts(
    session: AsyncSession,
    situation: Situation,
    settled: Mapping[str, int],
    paid: Mapping[str, int],
) -> tuple[OwedLine, ...]:
    """What is left to pay of a settlement, since its sheet was drawn."""
    fees = await load_fees(session, situation.id)
    due_at = await _drawn_at(session, situation.id) or situation.now
    owed = {unit: fen + fees.get(unit, 0) for unit, fen in settled.items()}
    lines = (
        OwedLine(
            unit_number=unit,
            number=1,
            due_at=due_at,
            amount_fen=fen,
            open_fen=fen - paid.get(unit, 0),
            due=True,
        )
        for unit, fen in owed.items()
    )
    return tuple(line for line in lines if line.open_fen > 0)


async def _drawn_at(session: AsyncSession, renovation_id: str) -> datetime | None:
    """When the sheet of a settlement was drawn for the first time."""
    drawn_at: datetime | None = await session.scalar(
        select(func.min(Event.happened_at)).where(
            Event.renovation_id == renovation_id, Event.kind == DRAWN
        )
    )
    return drawn_at


async def balance_of(
    session: AsyncSession, renovation_id: str, unit: str, now: datetime
) -> Balance | None:
    """The certificate of balance of a unit that is sold now (E18); None before anything was computed.

    What it has paid is without its late fees: they are no part of the share.
    """
    mine = Instalment.renovation_id == renovation_id, Instalment.unit_number == unit
    rows = (
        await session.scalars(select(Instalment).where(*mine).order_by(Instalment.number))
    ).all()
    if not rows:
        return None
    table = [(_part(row), row.due_at) for row in rows]
    settled = await _settled(session, renovation_id, [unit])
    if unit in settled:
        charge = Part(unit_number=unit, number=1, amount_fen=settled[unit])
        table = [(charge, await _drawn_at(session, renovation_id) or now)]
    paid = (await load_net_paid(session, renovation_id, [unit])).get(unit)
    fees = (await load_fees(session, renovation_id)).get(unit, 0)
    left = max((paid.fen if paid else 0) - fees, 0)
    return balance(unit, table, left, now)


def _part(row: Instalment) -> Part:
    return Part(unit_number=row.unit_number, number=row.number, amount_fen=row.amount_fen)


def _owed(row: Instalment, covered_fen: int, now: datetime) -> OwedLine:
    return OwedLine(
        unit_number=row.unit_number,
        number=row.number,
        due_at=row.due_at,
        amount_fen=row.amount_fen,
        open_fen=row.amount_fen - covered_fen,
        due=row.due_at <= now,
    )


async def list_payments(
    session: AsyncSession, situation: Situation, part: Slice, *, relief: bool
) -> tuple[PaymentLine, ...]:
    """What came in, in the order in which it did; what tells of hardship only where `relief` says so.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    query = select(Payment).where(Payment.renovation_id == situation.id)
    if not relief:
        query = query.where(Payment.source != RELIEF)
    order = (Payment.received_at, Payment.id)
    rows = await session.scalars(
        query.where(*behind(order, part)).order_by(*order).limit(part.limit)
    )
    return tuple(shown(PaymentLine, row) for row in rows)


async def list_refunds(
    session: AsyncSession, situation: Situation, part: Slice
) -> tuple[RefundLine, ...]:
    """What goes back to whom, by unit.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    query = select(Refund).where(Refund.renovation_id == situation.id)
    order = (Refund.unit_number,)
    rows = await session.scalars(
        query.where(*behind(order, part)).order_by(*order).limit(part.limit)
    )
    return tuple(shown(RefundLine, row) for row in rows)


async def list_reliefs(session: AsyncSession, situation: Situation) -> tuple[ReliefView, ...]:
    """Every relief of a case, by unit."""
    query = select(Relief).where(Relief.renovation_id == situation.id)
    rows = await session.scalars(query.order_by(Relief.unit_number, Relief.kind))
    return tuple(shown(ReliefView, row) for row in rows)
