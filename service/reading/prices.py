"""What each answer of a ballot would cost a home: told before it votes, from the frozen roll."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import RollEntry, RollUnit, Scheme, Unit
from models.values.explanation import OwnPrice
from models.values.refusal import Refused
from models.values.scheme import SchemeContent
from models.values.voting import Motion
from rules.adopted import own_prices
from rules.voting import pack_for
from service.reading.reasons import load_units
from service.situation import Situation
from service.views import BoxView, OwnPaper

Prices = Mapping[tuple[str, str], OwnPrice]


async def with_prices(
    session: AsyncSession, situation: Situation, papers: Sequence[OwnPaper], unit_number: str
) -> tuple[OwnPaper, ...]:
    """The papers of a unit, each answer with its price."""
    return tuple(
        [
            paper.model_copy(
                update={"prices": await load_prices(session, situation, paper, unit_number)}
            )
            for paper in papers
        ]
    )


async def load_prices(
    session: AsyncSession, situation: Situation, paper: BoxView, unit_number: str
) -> tuple[OwnPrice, ...]:
    """The prices on one paper; none where the units are no longer those of the frozen roll, or no key fits them."""
    content = await session.scalar(
        select(Scheme.content)
        .where(Scheme.renovation_id == situation.id)
        .order_by(Scheme.version.desc())
        .limit(1)
    )
    if content is None or not await _is_frozen(session, situation, paper.id):
        return ()
    asked = [Motion.model_validate(each) for each in _listed(paper.motions)]
    units = await load_units(session, situation.estate_id)
    counted = pack_for(situation.rule_pack).counted_kinds
    scheme = SchemeContent.model_validate(content)
    try:
        return own_prices(scheme, asked, units, counted, unit_number)
    except Refused:
        return ()


def by_answer(prices: Sequence[OwnPrice]) -> dict[tuple[str, str], OwnPrice]:
    """The prices of a paper by motion and answer, as its form asks for them."""
    return {(each.motion, each.choice): each for each in prices}


async def _is_frozen(session: AsyncSession, situation: Situation, box_id: str) -> bool:
    """Whether the units of the frozen roll have the area today that they were frozen with."""
    frozen = select(func.sum(RollEntry.area_dm2)).where(RollEntry.box_id == box_id)
    today = (
        select(func.sum(Unit.area_dm2))
        .join(RollUnit, RollUnit.unit_number == Unit.number)
        .where(RollUnit.box_id == box_id, Unit.estate_id == situation.estate_id)
    )
    return await session.scalar(frozen) == await session.scalar(today)


def _listed(motions: object) -> Sequence[object]:
    return motions if isinstance(motions, list) else ()
