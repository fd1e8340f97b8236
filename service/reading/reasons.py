"""Why a home owes what it owes: the computation of the whole table again, as the record has its terms."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Event, Scheme, Unit
from models.values.cost_sharing import CostItem, ShareReason, ShareUnit
from models.values.inspection import ContractCosts
from models.values.scheme import SchemeContent
from rules.cost_sharing import award_items, share_bill, share_reasons, waterfall
from rules.voting import pack_for
from service.situation import Situation

SIGNED = "bidding.contract_signed"


async def load_reasons(
    session: AsyncSession, situation: Situation, unit_number: str, basis: str, share_fen: int
) -> tuple[ShareReason, ...]:
    """Item by item the reasons of a share; none where they would not sum to it.

    That is so when the roll has changed since, and for a settlement, which follows from what was paid.
    """
    content = await _scheme(session, situation.id)
    if content is None or basis not in ("estimate", "award"):
        return ()
    items = content.items if basis == "estimate" else await _at_award(session, situation, content)
    funded = waterfall(items, content.funding)
    units = await _units(session, situation.estate_id)
    counted = pack_for(situation.rule_pack).counted_kinds
    bill = share_bill(items, funded, units, counted, content.rounding)
    reasons = share_reasons(items, funded, bill, unit_number)
    return reasons if sum(each.amount_fen for each in reasons) == share_fen else ()


async def _scheme(session: AsyncSession, renovation_id: str) -> SchemeContent | None:
    query = select(Scheme.content).where(Scheme.renovation_id == renovation_id)
    content = await session.scalar(query.order_by(Scheme.version.desc()).limit(1))
    return None if content is None else SchemeContent.model_validate(content)


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


async def _units(session: AsyncSession, estate_id: str) -> tuple[ShareUnit, ...]:
    rows = await session.scalars(
        select(Unit).where(Unit.estate_id == estate_id).order_by(Unit.number)
    )
    return tuple(ShareUnit.model_validate(row, from_attributes=True) for row in rows)
