"""What else is posted for the board: how the owners' money is shared, and the candidates of a tender.

Both say what their publication says and no more: sums and ids that everybody may see, never a household's row.
"""

from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.publication import Subject
from models.tables import Firm, Publication, RoleGrant, Scheme
from models.values.cost_sharing import CostKey
from models.values.refusal import refusal
from models.values.scheme import SchemeContent
from models.values.states import PublicationState
from runtime.language.moments import CHINESE, local_moment
from service.situation import Situation

KEYS: Mapping[CostKey, str] = {
    CostKey.AREA: "按专有部分面积",
    CostKey.HOUSEHOLD: "按户均摊",
    CostKey.SHARE: "按共有份额",
    CostKey.FLOOR_COEFFICIENT: "按楼层系数（层内按面积）",
    CostKey.COEFFICIENT_AREA: "按系数乘以面积",
    CostKey.FLOOR_PERCENT: "按楼层比例（层内按面积）",
}
FEN = 100


async def share_table(session: AsyncSession, situation: Situation) -> dict[str, JsonValue]:
    """The items of the scheme with cost and key, and what all owners pay (Civil Code arts. 281, 283).

    Raises:
        Refused: `posted.no_publication`.
    """
    row = await _open(session, situation, Subject.SHARE_TABLE)
    scheme = await session.scalar(
        select(Scheme)
        .where(Scheme.renovation_id == situation.id)
        .order_by(Scheme.version.desc())
        .limit(1)
    )
    assert scheme is not None
    items = SchemeContent.model_validate(scheme.content).items
    lines: list[JsonValue] = [[each.title, yuan(each.cost_fen), KEYS[each.key]] for each in items]
    units, total = row.content.get("units"), row.content.get("total_fen")
    return {
        "title": "改造费用分摊公示",
        "opening": [
            "本项目改造费用的分摊方案已经算定，现予公示。各户应分摊的金额由该户业主登录查看，不在此公布。",
            _period(row, situation),
        ],
        "head": ["改造内容", "费用（元）", "分摊方式"],
        "motions": [
            {
                "title": "分摊项目",
                "rows": lines,
                "said": [f"参与分摊 {units} 户，业主共分摊 {yuan(total)} 元。"],
            }
        ],
        "law": ["依据：《民法典》第二百八十一条、第二百八十三条"],
    }


async def candidates(session: AsyncSession, situation: Situation) -> dict[str, JsonValue]:
    """The candidates of the last tender, best first (Regulation on Implementation of the Tendering Law art. 54).

    Raises:
        Refused: `posted.no_publication`.
    """
    row = await _open(session, situation, Subject.CANDIDATES)
    found = row.content.get("candidates")
    listed = [each for each in (found if isinstance(found, list) else ()) if isinstance(each, dict)]
    names = await _names(session, [str(each["bidder"]) for each in listed])
    lines: list[JsonValue] = [
        [f"第{rank}名", names[str(each["bidder"])], yuan(each["price_fen"])]
        for rank, each in enumerate(listed, 1)
    ]
    return {
        "title": "中标候选人公示",
        "opening": ["本项目施工招标的评标已经结束，中标候选人公示如下。", _period(row, situation)],
        "head": ["名次", "中标候选人", "投标报价（元）"],
        "motions": [
            {
                "title": "中标候选人",
                "rows": lines,
                "said": ["投标人或者其他利害关系人对评标结果有异议的，应当在公示期间提出。"],
            }
        ],
        "law": ["依据：《招标投标法实施条例》第五十四条"],
    }


async def _open(session: AsyncSession, situation: Situation, subject: Subject) -> Publication:
    row = await session.scalar(
        select(Publication)
        .where(
            Publication.renovation_id == situation.id,
            Publication.subject == subject.value,
            Publication.state == PublicationState.OPEN,
        )
        .order_by(Publication.opens_at.desc())
        .limit(1)
    )
    if row is None:
        raise refusal("posted.no_publication", subject=subject.value)
    return row


async def _names(session: AsyncSession, bidders: list[str]) -> dict[str, str]:
    """The names of bidders: as their firms registered, else as the role was given."""
    firms = await session.execute(select(Firm.id, Firm.name).where(Firm.id.in_(bidders)))
    given = await session.execute(
        select(RoleGrant.actor_id, RoleGrant.label)
        .where(RoleGrant.actor_id.in_(bidders))
        .order_by(RoleGrant.id)
    )
    known = {row.actor_id: row.label for row in given}
    known |= {row.id: row.name for row in firms}
    return {each: known.get(each, each) for each in bidders}


def _period(row: Publication, situation: Situation) -> str:
    zone = situation.timetable.zone
    opens, closes = (local_moment(each, CHINESE, zone) for each in (row.opens_at, row.closes_at))
    return f"公示期：自{opens}起至{closes}止。"


def yuan(fen: JsonValue) -> str:
    """An amount in yuan with two decimals; "－" where it is none."""
    if not isinstance(fen, int):
        return "－"
    whole, rest = divmod(fen, FEN)
    return f"{whole:,}.{rest:02d}"
