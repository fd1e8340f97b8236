"""What a unit letter says of money: the price of each answer of the announced vote, and by which factors."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox
from models.values.cost_sharing import ShareUnit
from models.values.explanation import OwnPrice
from models.values.voting import Motion
from runtime.ballots.boxes import load_running_boxes
from runtime.language import amounts
from service.reading.prices import prices_of_units
from service.reading.reasons import load_units
from service.situation import Situation

CHINESE = "zh_CN"
PRICED = "如“{title}”{choice}获通过，按概算本户为此应付 {own}，各事项均获通过合计应付 {total}。"
FACTORS = "计算依据：本户建筑面积 {area}，楼层 {floor}；每户算法和全部因素见扫码后的“费用分摊”页。"
MOST = 8
"""Answers on one sheet; the page behind the link has all of them."""


async def price_lines(session: AsyncSession, situation: Situation) -> Mapping[str, tuple[str, ...]]:
    """By unit the sentences of its letter; none before a vote is announced, or where nothing is priced."""
    units = {each.number: each for each in await load_units(session, situation.estate_id)}
    found: dict[str, tuple[str, ...]] = {}
    for box in await load_running_boxes(session, situation.id):
        motions = _motions(box)
        for unit, prices in (await prices_of_units(session, situation, box)).items():
            if prices and unit in units:
                found[unit] = (*found.get(unit, ()), *_lines(motions, prices, units[unit]))
    return found


def _motions(box: BallotBox) -> dict[str, Motion]:
    asked = box.motions if isinstance(box.motions, list) else []
    return {each.id: each for each in map(Motion.model_validate, asked)}


def _lines(
    motions: Mapping[str, Motion], prices: Sequence[OwnPrice], unit: ShareUnit
) -> Iterator[str]:
    for each in prices[:MOST]:
        motion = motions[each.motion]
        choice = _choice(motion, each.choice)
        yield PRICED.format(
            title=motion.title,
            choice=f"选“{choice}”" if choice else "",
            own=amounts.money(each.own_fen, CHINESE),
            total=amounts.money(each.total_fen, CHINESE),
        )
    yield FACTORS.format(area=amounts.area(unit.area_dm2), floor=unit.floor)


def _choice(motion: Motion, choice: str) -> str:
    """The words of an answer; "" for yes."""
    named = {each.id: each.title for each in motion.options}
    if motion.menu is not None:
        named |= {each.id: each.title for each in motion.menu.items}
    return named.get(choice, "")
