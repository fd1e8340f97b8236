"""China: Civil Code art. 278 and what it replaced; rule book V-CN-1 to V-CN-12.

以上 includes the number itself, 过半数 is strictly more than half (Civil Code art. 1259). Matters
are keyed by what they are: local lists add items, so that item numbers shift (V-CN-1).
"""

from datetime import date

from models.values.decisions.rules import Cap, ClassRule, MatterTable, Rule, Silence
from models.values.voting import Confidence
from rules.voting.law.build import (
    HALF,
    HEAD,
    HEAD_AREA,
    THREE_QUARTERS,
    TWO_THIRDS,
    conditions,
    matters,
)

CIVIL_CODE = "Civil Code art. 278(2)"
PROPERTY_LAW = "Property Law art. 76 (repealed)"
BEIJING = "Beijing Property Management Regs art. 35"
WEIFANG = "Weifang Property Management Regs art. 31"
_COMMITTEES = "Urban Residents Committee Organic Law art. 9"

CIVIL_CODE_TEXT = (
    "业主共同决定事项，应当由专有部分面积占比三分之二以上的业主且人数占比三分之二以上的业主"
    "参与表决。决定前款第六项至第八项规定的事项，应当经参与表决专有部分面积四分之三以上的"
    "业主且参与表决人数四分之三以上的业主同意。决定前款其他事项，应当经参与表决专有部分"
    "面积过半数的业主且参与表决人数过半数的业主同意。"
)
PROPERTY_LAW_TEXT = (
    "决定前款第五项和第六项规定的事项，应当经专有部分占建筑物总面积三分之二以上的业主且占"
    "总人数三分之二以上的业主同意。决定前款其他事项，应当经专有部分占建筑物总面积过半数的"
    "业主且占总人数过半数的业主同意。"
)

_TAKE_PART = conditions("quorum", HEAD_AREA, "participating", ">=", TWO_THIRDS, "all", CIVIL_CODE)
_SILENCE = Silence(kind="no_vote", article="rule book V-CN-5", confidence="D")
_SILENCE_NOTE = (
    "An unreturned ballot is not consent. Owners' rules that add it to the majority (从众) are a "
    "legal risk since 2021: setting `silence`, off by default."
)

RULES: tuple[Rule, ...] = (
    Rule(
        id="CN.278.ordinary",
        jurisdiction="CN",
        law="PRC Civil Code art. 278(2), items 1-5 and 9 (for example USING the maintenance fund)",
        articles=(CIVIL_CODE,),
        confidence="V",
        valid_from=date(2021, 1, 1),
        dates_confidence="V",
        quorum=_TAKE_PART,
        approve=conditions("approve", HEAD_AREA, "yes", ">", HALF, "participating", CIVIL_CODE),
        silence=_SILENCE,
        note=_SILENCE_NOTE,
    ),
    Rule(
        id="CN.278.major",
        jurisdiction="CN",
        law=(
            "PRC Civil Code art. 278(2), items 6-8 (RAISING the fund; alteration or rebuilding, "
            "lift retrofit; change of use of common parts)"
        ),
        articles=(CIVIL_CODE,),
        confidence="V",
        valid_from=date(2021, 1, 1),
        dates_confidence="V",
        quorum=_TAKE_PART,
        approve=conditions(
            "approve", HEAD_AREA, "yes", ">=", THREE_QUARTERS, "participating", CIVIL_CODE
        ),
        silence=_SILENCE,
        note=_SILENCE_NOTE,
    ),
    Rule(
        id="CN.PL76.ordinary",
        jurisdiction="CN",
        law="repealed Property Law art. 76 / Property Management Regs art. 12 (before 2021-01-01)",
        articles=(PROPERTY_LAW,),
        confidence="V",
        valid_from=date(2007, 10, 1),
        valid_until=date(2020, 12, 31),
        dates_confidence="V",
        approve=conditions("approve", HEAD_AREA, "yes", ">", HALF, "all", PROPERTY_LAW),
    ),
    Rule(
        id="CN.PL76.major",
        jurisdiction="CN",
        law="repealed Property Law art. 76 (before 2021-01-01)",
        articles=(PROPERTY_LAW,),
        confidence="V",
        valid_from=date(2007, 10, 1),
        valid_until=date(2020, 12, 31),
        dates_confidence="V",
        approve=conditions("approve", HEAD_AREA, "yes", ">=", TWO_THIRDS, "all", PROPERTY_LAW),
    ),
    Rule(
        id="CN.residents_meeting",
        jurisdiction="CN",
        law="Urban Residents Committee Organic Law art. 9 (居民会议)",
        articles=(_COMMITTEES,),
        confidence="V",
        valid_from=date(2018, 12, 29),
        quorum=conditions("quorum", HEAD, "present", ">", HALF, "all", _COMMITTEES),
        approve=conditions("approve", HEAD, "yes", ">", HALF, "present", _COMMITTEES),
        note="An opinion of the community; it does not replace an art. 278 decision (V-CN-12).",
    ),
)

CAPS: tuple[Cap, ...] = (
    Cap(
        id="CN-3707.proxy_cap",
        jurisdiction="CN-3707",
        kind="proxies",
        law="Weifang Property Management Regs art. 32: an owner acts for at most 3 other owners",
        article="Weifang Property Management Regs art. 32",
        confidence="V",
        valid_from=date(2022, 1, 21),
        dates_confidence="V2",
        least=3,
    ),
)

_ITEMS = (
    *matters("ordinary", "Civil Code art. 278(1) items 1-4", "rules", "covenant", "committee"),
    *matters("ordinary", "Civil Code art. 278(1) items 4-5", "manager", "fund_use"),
    *matters("major", "Civil Code art. 278(1) items 6-8", "fund_raise", "rebuild", "common_parts"),
    *matters("ordinary", "Civil Code art. 278(1) item 9", "other"),
    *matters("major", "Civil Code art. 278(1) item 7", "lift"),
)


def _civil_code_table(
    name: str, region: str, since: date, law: str, dates: Confidence, caps: tuple[str, ...] = ()
) -> MatterTable:
    return MatterTable(
        id=name,
        region=region,
        valid_from=since,
        law=law,
        dates_confidence=dates,
        classes=(
            ClassRule(cls="ordinary", rule="CN.278.ordinary"),
            ClassRule(cls="major", rule="CN.278.major"),
        ),
        matters=_ITEMS,
        caps=caps,
    )


TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="CN-2007",
        region="CN",
        valid_from=date(2007, 10, 1),
        valid_until=date(2020, 12, 31),
        law=PROPERTY_LAW,
        dates_confidence="V",
        classes=(
            ClassRule(cls="ordinary", rule="CN.PL76.ordinary"),
            ClassRule(cls="major", rule="CN.PL76.major"),
        ),
        # Items 5 and 6 of the old list: raising AND using the fund; altering or rebuilding.
        matters=(
            *matters("ordinary", PROPERTY_LAW, "rules", "covenant", "committee", "manager"),
            *matters("major", PROPERTY_LAW, "fund_use", "fund_raise", "rebuild", "lift"),
            *matters("ordinary", PROPERTY_LAW, "common_parts", "other"),
        ),
    ),
    _civil_code_table("CN-2021", "CN", date(2021, 1, 1), CIVIL_CODE, "V"),
    # Weifang adds at most three mandates per agent (art. 32). The day is that of the text of the
    # regulation, on which the rule book relies; the thresholds are the national ones.
    _civil_code_table(
        "CN-3707-2022",
        "CN-3707",
        date(2022, 1, 21),
        f"{CIVIL_CODE}; {WEIFANG}",
        "V2",
        ("CN-3707.proxy_cap",),
    ),
    # Beijing has the national thresholds; what differs is the way ballots come in (rule book V-CN-9).
    # The day is that of the text that was read.
    _civil_code_table("CN-11-2024", "CN-11", date(2024, 3, 29), f"{CIVIL_CODE}; {BEIJING}", "V2"),
)
