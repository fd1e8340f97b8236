"""What each answer of a ballot would cost a home: told before it votes, from the frozen roll."""

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, RollEntry, RollUnit, Scheme, Unit
from models.values.explanation import OwnPrice
from models.values.refusal import Refused
from models.values.scheme import SchemeContent
from models.values.voting import Motion
from rules.adopted import own_prices
from rules.voting import pack_for
from service.reading.reasons import load_units
from service.situation import Situation
from service.views import BoxView, OwnPaper

OfUnits = Mapping[str, tuple[OwnPrice, ...]]
MOST_KEPT = 8
_KEPT: dict[tuple[str, str, int, int], OfUnits] = {}
"""The prices of the boxes that were asked for last: a version of a scheme and a frozen roll do not change."""


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
    return (await prices_of_units(session, situation, paper)).get(unit_number, ())


async def prices_of_units(
    session: AsyncSession, situation: Situation, paper: BoxView | BallotBox
) -> OfUnits:
    """The prices on one paper by unit, as `load_prices` says."""
    row = await session.execute(
        select(Scheme.version, *_areas(situation, paper.id))
        .where(Scheme.renovation_id == situation.id)
        .order_by(Scheme.version.desc())
        .limit(1)
    )
    version, frozen, today = row.one_or_none() or (0, None, 0)
    if frozen is None or frozen != today:
        return {}
    key = (situation.id, paper.id, int(version), int(today))
    if key not in _KEPT:
        while len(_KEPT) >= MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)))
        _KEPT[key] = await _computed(session, situation, paper, version)
    return _KEPT[key]


def by_answer(prices: Sequence[OwnPrice]) -> dict[tuple[str, str], OwnPrice]:
    """The prices of a paper by motion and answer, as its form asks for them."""
    return {(each.motion, each.choice): each for each in prices}


async def _computed(
    session: AsyncSession, situation: Situation, paper: BoxView | BallotBox, version: int
) -> OfUnits:
    content = await session.scalar(
        select(Scheme.content).where(
            Scheme.renovation_id == situation.id, Scheme.version == version
        )
    )
    scheme = SchemeContent.model_validate(content)
    motions = paper.motions if isinstance(paper.motions, list) else []
    asked = [Motion.model_validate(each) for each in motions]
    units = await load_units(session, situation.estate_id)
    counted = pack_for(situation.rule_pack).counted_kinds
    try:
        return await asyncio.to_thread(own_prices, scheme, asked, units, counted)
    except Refused:
        return {}


def _areas(situation: Situation, box_id: str) -> tuple[ScalarSelect[int], ScalarSelect[int]]:
    """The area of a box as its roll was frozen, and that of its units today."""
    frozen = select(func.sum(RollEntry.area_dm2)).where(RollEntry.box_id == box_id)
    today = (
        select(func.sum(Unit.area_dm2))
        .join(RollUnit, RollUnit.unit_number == Unit.number)
        .where(RollUnit.box_id == box_id, Unit.estate_id == situation.estate_id)
    )
    return frozen.scalar_subquery(), today.scalar_subquery()
