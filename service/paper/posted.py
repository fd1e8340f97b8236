"""Notices that are posted (公示): the announcement of a vote and its result, as housing bureaus post them,
and what is published of money and tenders (`posted_publications`).

Of every motion the roll in heads and area, who took part, who agreed of those who took part, the test of
the law with its figures, and the sentence of the article. Nobody is named. Shares are rounded down, so
that no notice shows a bound as reached that is not.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Anchor, BallotBox, Estate
from models.values.refusal import refusal
from models.values.voting import Motion
from rules.checks import recorded_check
from rules.voting.packs import pack_for
from runtime.ballots.boxes import load_running_boxes
from runtime.ballots.said import load_said
from runtime.ballots.standing import taken_part
from runtime.database import driver_connection
from runtime.language.checks import check_sentence
from runtime.language.moments import CHINESE, local_moment
from runtime.language.sentences import phrase
from service.paper.posted_publications import candidates, share_table
from service.paper.typesetting import qr_rows, typeset
from service.situation import Situation

Kind = Literal["vote-announced", "vote-result", "share-table", "candidates"]
SOURCE = """
#set page(paper: "a4", margin: (x: 24mm, y: 22mm))
#align(center, text(size: 18pt)[#data.title])
#align(center, text(size: 11pt)[#data.case])
#v(4mm)
#let body(part) = par(first-line-indent: (amount: 2em, all: true), part)
#for part in data.opening { body(part) }
#for motion in data.motions [
  #v(3mm)
  #text(size: 12.5pt)[#motion.title]
  #if motion.rows.len() > 0 {
    table(
      columns: (1.4fr,) + (1fr,) * (data.head.len() - 1),
      align: (left,) + (right,) * (data.head.len() - 1), inset: 5pt,
      stroke: 0.4pt, ..data.head, ..motion.rows.flatten(),
    )
  }
  #for part in motion.said { body(part) }
]
#v(3mm)
#for part in data.law { body(part) }
#for part in data.proof { text(size: 7.5pt, part); linebreak() }
#v(1fr)
#grid(columns: (1fr, auto), align: (left + bottom, right + bottom),
  [#for part in data.closing { par(part) }],
  grid(columns: 2, gutter: 4mm, ..data.anchor.map(rows => stack(
    spacing: 3pt, qr(rows, 28mm), align(center, text(size: 7pt)[链头存证，供核验]),
  )), qr(data.qr, 28mm)))
"""
FORM = (
    "表决方式：凭各户信函中的二维码网上表决，或填写纸质表决票并签名。期满未交表决票的，视为未参与表决，"
    "法律另有规定的除外。"
)
HEAD = ["", "人数", "人数占比", "面积（平方米）", "面积占比"]
_ROWS = (
    ("roll", "表决权总数", "roll"),
    ("participating", "参与表决（占总数）", "roll"),
    ("yes", "同意（占参与表决）", "participating"),
    ("no", "反对（占参与表决）", "participating"),
    ("abstain", "弃权（占参与表决）", "participating"),
    ("invalid", "无效票", ""),
)


async def posted_pdf(
    session: AsyncSession,
    situation: Situation,
    kind: Kind,
    address: str,
    more_fonts: Path | None = None,
) -> bytes:
    """A notice for the board: of the running vote, or of what is published now.

    Raises:
        Refused: `posted.no_vote`, `posted.not_counted`, `posted.no_publication`.
    """
    if kind == "share-table":
        made = await share_table(session, situation)
    elif kind == "candidates":
        made = await candidates(session, situation)
    else:
        made = await _of_vote(session, situation, kind)
    estate = await session.get_one(Estate, situation.estate_id)
    said: dict[str, JsonValue] = {
        "proof": [],
        "closing": _closing(situation),
        **made,
        "case": "　".join(dict.fromkeys((estate.name, situation.title))),
        "qr": qr_rows(f"{address}/v1/renovations/{situation.id}"),
        "anchor": await _anchor(session),
    }
    return typeset(SOURCE, said, more_fonts)


async def _of_vote(session: AsyncSession, situation: Situation, kind: Kind) -> dict[str, JsonValue]:
    boxes = await load_running_boxes(session, situation.id)
    if not boxes:
        raise refusal("posted.no_vote")
    if kind == "vote-result" and any(box.tally is None for box in boxes):
        raise refusal("posted.not_counted")
    made = await (_announced if kind == "vote-announced" else _result)(session, situation, boxes)
    return {**made, "head": [*HEAD], "proof": await _proof(session, boxes)}


async def _announced(
    session: AsyncSession, situation: Situation, boxes: Sequence[BallotBox]
) -> dict[str, JsonValue]:
    """Content, time, form and place of the vote (PM Regs art. 14; no vote on what was not posted)."""
    zone, first = situation.timetable.zone, boxes[0]
    opens, closes = _moment(first.opens_at, zone), _moment(first.closes_at, zone)
    motions: list[JsonValue] = []
    for box in boxes:
        roll = await taken_part(session, box.id)
        scope = (
            f"{_scope(box)}表决权总数：{roll.roll_heads} 户，{_area(roll.roll_area_dm2)} 平方米。"
        )
        motions += [
            {"title": f"事项：{motion.title}", "rows": [], "said": [scope, _choices(motion)]}
            for motion in map(Motion.model_validate, box.motions)
        ]
    return {
        "title": "业主表决公告",
        "opening": [
            f"现就下列事项组织业主表决。表决时间：自{opens}起至{closes}止。",
            FORM,
        ],
        "motions": motions,
        "law": _law(situation),
    }


async def _result(
    _session: AsyncSession, situation: Situation, boxes: Sequence[BallotBox]
) -> dict[str, JsonValue]:
    """Per motion the roll, the participation, the ballots, both ratios, and the tests of the law."""
    zone = situation.timetable.zone
    motions: list[JsonValue] = []
    for box in boxes:
        for motion in map(Motion.model_validate, box.motions):
            found = (box.tally or {}).get(motion.id)
            record: Mapping[str, JsonValue] = found if isinstance(found, dict) else {}
            outcome = str(record.get("outcome", ""))
            word = phrase(f"outcome.{outcome}", CHINESE, {}) or outcome
            motions.append(
                {
                    "title": f"事项：{_scope(box)}{motion.title}　　结果：{word}",
                    "rows": rows_of(record.get("tally")),
                    "said": _checks(record),
                }
            )
    closed = _moment(boxes[0].closes_at, zone)
    return {
        "title": "业主表决结果公示",
        "opening": [f"下列事项的业主表决已于{closed}截止，计票结果公示如下。"],
        "motions": motions,
        "law": _law(situation),
    }


def rows_of(tally: JsonValue) -> list[JsonValue]:
    """The lines of the table: the number and its share by heads and by area; "－" what is not known."""
    titles = {name: title for name, title, _ in _ROWS}
    return [
        [
            titles[each.name],
            "－" if each.heads is None else f"{each.heads:,}",
            each.share_of_heads or "－",
            "－" if each.area_dm2 is None else _area(each.area_dm2),
            each.share_of_area or "－",
        ]
        for each in figures_of(tally)
    ]


class TallyLine(NamedTuple):
    """One line of a result: how many heads and how much area, and their shares of what they are a part of.

    What was not published is None; a share of it is "".
    """

    name: str
    heads: int | None
    share_of_heads: str
    area_dm2: int | None
    share_of_area: str


def figures_of(tally: JsonValue) -> list[TallyLine]:
    """The lines of a motion's result, as a notice and a page show them."""
    if not isinstance(tally, dict):
        return []
    found: list[TallyLine] = []
    for name, _, base in _ROWS:
        heads, area = _whole(tally, f"{name}_heads"), _whole(tally, f"{name}_area_dm2")
        of_heads, of_area = _whole(tally, f"{base}_heads"), _whole(tally, f"{base}_area_dm2")
        shares = (_share(heads, of_heads), _share(area, of_area))
        found.append(TallyLine(name, heads, shares[0], area, shares[1]))
    return found


def _whole(tally: Mapping[str, JsonValue], name: str) -> int | None:
    value = tally.get(name)
    return value if isinstance(value, int) else None


def _share(part: int | None, whole: int | None) -> str:
    """In per cent with two decimals, rounded down; "" where it is not known."""
    if part is None or not whole:
        return ""
    percent, rest = divmod(part * 10_000 // whole, 100)
    return f"{percent}.{rest:02d}%"


def _area(dm2: int) -> str:
    metres, rest = divmod(dm2, 100)
    return f"{metres:,}.{rest:02d}"


def _checks(record: Mapping[str, JsonValue]) -> list[JsonValue]:
    return [check_sentence(recorded_check(each), CHINESE) for each in checks_in(record)]


def checks_in(record: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
    """The tests of the law behind a motion's result, as they are recorded."""
    decision = record.get("decision")
    checks = decision.get("checks") if isinstance(decision, dict) else None
    return [each for each in (checks if isinstance(checks, list) else ()) if isinstance(each, dict)]


def _choices(motion: Motion) -> str:
    if not motion.options:
        return "请选择：同意、反对或弃权。"
    options = "；".join(option.title for option in motion.options)
    return f"请选择其中一项：{options}；或弃权。"


def _scope(box: BallotBox) -> str:
    building = f"{box.building}号楼" if box.building else ""
    return building + (f"{box.entrance}单元" if box.entrance else "")


async def _proof(session: AsyncSession, boxes: Sequence[BallotBox]) -> list[JsonValue]:
    """By what anybody checks the vote later: the hash of the roll, the signer's key, the root when counted."""
    lines: list[JsonValue] = []
    driver = await driver_connection(session)
    for box in boxes:
        case = box.renovation_id
        for said in await load_said(driver, case, box.id, "voting.box_announced"):
            lines.append(f"{_scope(box)}名册指纹（SHA-256）：{said.details.get('roll_hash', '－')}")
            lines.append(f"{_scope(box)}签名公钥（Ed25519）：{said.details.get('signed_by', '－')}")
        if box.tree_head is not None:
            lines.append(f"{_scope(box)}选票树根（SHA-256）：{box.tree_head.get('root', '－')}")
    return lines


async def _anchor(session: AsyncSession) -> list[JsonValue]:
    """The last signed head of the tree of all cases as a code: what hangs on a board is not written anew.

    It is the checkpoint with the signature of its log, without what others have cosigned; none before the
    first anchor.
    """
    row = await session.scalar(select(Anchor).order_by(Anchor.size.desc()).limit(1))
    return [] if row is None else [qr_rows(row.note)]


def _law(situation: Situation) -> list[JsonValue]:
    pack = pack_for(situation.rule_pack)
    return [f"依据：{pack.text}"] if pack.text else []


def _closing(situation: Situation) -> list[JsonValue]:
    zone = situation.timetable.zone
    now = situation.now.astimezone(ZoneInfo(zone))
    told = "（演练项目，非真实公告）" if situation.clock == "told" else ""
    return [
        "如有异议，请在公示期内扫码登录提出，或书面交业主委员会、社区居民委员会。",
        f"张贴日期：{now.year}年{now.month}月{now.day}日{told}",
        "张贴单位（盖章）：",
    ]


def _moment(moment: datetime, zone: str) -> str:
    return local_moment(moment, CHINESE, zone)
