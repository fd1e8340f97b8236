"""Why a home owes what it owes: the computation of the whole table again, as the record has its terms."""

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event, LateFee, Scheme, Share, ShareTotal, Unit
from models.values.cost_sharing import (
    CostItem,
    FundedItem,
    LateShare,
    Rounding,
    ShareUnit,
)
from models.values.explanation import Explanation, FeeLine, PublishedBill
from models.values.inspection import ContractCosts
from models.values.refusal import refusal
from models.values.scheme import SchemeContent
from rules.cost_sharing import (
    awaited_credits,
    awaited_when_stopped,
    award_items,
    explained,
    items_at,
    late_shares,
    published,
    share_bill,
    waterfall,
)
from rules.cost_sharing.bills import Bill
from rules.voting import pack_for
from service.reading.money import BASES, SETTLEMENT, basis_of
from service.showing import shown
from service.situation import Situation

SIGNED = "bidding.contract_signed"
DRAWN = "warranty.account_drawn"


class Computed(NamedTuple):
    """A bill as it follows from the record, and by what."""

    items: Sequence[CostItem]
    funded: Sequence[FundedItem]
    units: Sequence[ShareUnit]
    bill: Bill
    basis: tuple[str, int, Rounding]
    late: Sequence[LateShare]
    """Who has joined an item since."""

    def of(self, unit_number: str) -> Explanation | None:
        """Why a unit owes its part."""
        items, funded, units, bill, basis, late = self
        return explained(items, funded, units, bill, unit_number, basis, late)

    def charged(self) -> dict[str, int]:
        """By unit what it owes, in fen."""
        sums = dict(self.bill.totals)
        for each in self.late:
            sums[each.unit_number] = sums.get(each.unit_number, 0) + each.pay_fen
            for less in each.credits:
                sums[less.unit_number] -= less.amount_fen
        return sums


async def load_reasons(
    session: AsyncSession, situation: Situation, unit_number: str, basis: str, share_fen: int
) -> Explanation | None:
    """The explanation of a share; none where it would not come to it.

    That is so when the roll has changed since, and for a settlement, which follows from what was paid.
    """
    computed = await _computed(session, situation, basis)
    found = computed and computed.of(unit_number)
    return found if found and found.charged_fen == share_fen else None


async def explain_share(
    session: AsyncSession, situation: Situation, unit_number: str
) -> Explanation:
    """Why a unit owes what it owes today.

    Raises:
        Refused: `cost_sharing.no_shares` before there are any, `cost_sharing.unit_without_share`,
            `cost_sharing.not_explained` where roll or basis are no longer those of the computation.
    """
    basis = await basis_of(session, situation.id)
    if not basis:
        raise refusal("cost_sharing.no_shares", where=situation.id)
    share = await session.get(ShareTotal, (situation.id, basis, unit_number))
    if share is None:
        raise refusal("cost_sharing.unit_without_share", where=unit_number)
    found = await load_reasons(session, situation, unit_number, basis, share.amount_fen)
    if found is None:
        raise refusal("cost_sharing.not_explained", where=unit_number, basis=basis)
    fees = await list_fees(session, situation.id, unit_number)
    return found.model_copy(update={"fees": fees})


async def list_fees(
    session: AsyncSession, renovation_id: str, unit_number: str
) -> tuple[FeeLine, ...]:
    """The late fees of a unit, payment by payment."""
    rows = await session.scalars(
        select(LateFee)
        .where(LateFee.renovation_id == renovation_id, LateFee.unit_number == unit_number)
        .order_by(LateFee.paid_on, LateFee.payment_id, LateFee.number)
    )
    return tuple(shown(FeeLine, row) for row in rows)


async def load_published(session: AsyncSession, situation: Situation) -> PublishedBill:
    """The figures of the bill from which every home proves its part.

    Raises:
        Refused: `cost_sharing.no_shares`; `cost_sharing.not_explained` where roll or basis are no longer
            those of the computation.
    """
    basis = await basis_of(session, situation.id)
    if not basis:
        raise refusal("cost_sharing.no_shares", where=situation.id)
    computed = await _computed(session, situation, basis)
    if computed is None or not await _is_owed(session, situation.id, basis, computed):
        raise refusal("cost_sharing.not_explained", where=situation.id, basis=basis)
    return published(computed.items, computed.bill, computed.basis, computed.late)


async def load_awaited(
    session: AsyncSession, situation: Situation, owing: Collection[str]
) -> dict[str, int]:
    """By unit what of its refund comes of those who have joined an item later and are `owing`: not paid out yet.

    In fen, by the computation of today; as the activities count it with their writes.
    """
    rows = await session.execute(
        select(ShareTotal.basis, func.sum(ShareTotal.amount_fen))
        .where(ShareTotal.renovation_id == situation.id)
        .group_by(ShareTotal.basis)
    )
    sums = {basis: int(fen) for basis, fen in rows}
    charged = next((each for each in BASES if each != SETTLEMENT and each in sums), "")
    computed = await _computed(session, situation, charged)
    if computed is None:
        return {}
    if SETTLEMENT not in sums:
        return awaited_credits(computed.late, owing)
    return awaited_when_stopped(sums[SETTLEMENT], computed.charged(), computed.late, owing)


async def _is_owed(
    session: AsyncSession, renovation_id: str, basis: str, computed: Computed
) -> bool:
    rows = await session.execute(
        select(ShareTotal.unit_number, ShareTotal.amount_fen).where(
            ShareTotal.renovation_id == renovation_id, ShareTotal.basis == basis
        )
    )
    return {row.unit_number: row.amount_fen for row in rows} == computed.charged()


async def _computed(session: AsyncSession, situation: Situation, basis: str) -> Computed | None:
    scheme = await _scheme(session, situation.id)
    if scheme is None or basis not in ITEMS:
        return None
    version, content = scheme
    items = await ITEMS[basis](session, situation, content)
    funded = waterfall(items, content.funding)
    units = await load_units(session, situation.estate_id)
    counted = pack_for(situation.rule_pack).counted_kinds
    bill = share_bill(items, funded, units, counted, content.rounding)
    late = late_shares(items, units, bill, counted)
    return Computed(items, funded, units, bill, (basis, version, content.rounding), late)


async def _scheme(session: AsyncSession, renovation_id: str) -> tuple[int, SchemeContent] | None:
    """That by which the shares were computed last: a later one is only put to the vote."""
    billed = select(func.max(Share.scheme_version)).where(Share.renovation_id == renovation_id)
    query = select(Scheme).where(
        Scheme.renovation_id == renovation_id,
        Scheme.version <= func.coalesce(billed.scalar_subquery(), Scheme.version),
    )
    row = await session.scalar(query.order_by(Scheme.version.desc()).limit(1))
    return None if row is None else (row.version, SchemeContent.model_validate(row.content))


async def _at_award(
    session: AsyncSession, situation: Situation, content: SchemeContent
) -> tuple[CostItem, ...]:
    """The items at the prices of the contract that was signed last, as its event says them."""
    query = select(Event.details).where(Event.renovation_id == situation.id, Event.kind == SIGNED)
    signed = await session.scalar(query.order_by(Event.seq.desc()).limit(1))
    if signed is None:
        return content.items
    earlier = ContractCosts.model_validate(signed.get("earlier_contracts") or {})
    return award_items(content, int(str(signed["value_fen"])), earlier.net_fen)


async def _at_estimate(
    _session: AsyncSession, _situation: Situation, content: SchemeContent
) -> tuple[CostItem, ...]:
    return content.items


async def _at_the_end(
    session: AsyncSession, situation: Situation, content: SchemeContent
) -> tuple[CostItem, ...]:
    """The items at what the works have cost, as the last account says it."""
    query = select(Event.details).where(Event.renovation_id == situation.id, Event.kind == DRAWN)
    drawn = await session.scalar(query.order_by(Event.seq.desc()).limit(1))
    return content.items if drawn is None else items_at(content, int(str(drawn["cost_fen"])))


Priced = Callable[
    [AsyncSession, Situation, SchemeContent], Coroutine[None, None, tuple[CostItem, ...]]
]
ITEMS: Mapping[str, Priced] = {
    "estimate": _at_estimate,
    "award": _at_award,
    "final": _at_the_end,
}
"""By the basis of a computation the items at its prices."""


async def load_units(session: AsyncSession, estate_id: str) -> tuple[ShareUnit, ...]:
    """The units of an estate as the keys of the cost need them, by number."""
    rows = await session.scalars(
        select(Unit).where(Unit.estate_id == estate_id).order_by(Unit.number)
    )
    return tuple(ShareUnit.model_validate(row, from_attributes=True) for row in rows)
