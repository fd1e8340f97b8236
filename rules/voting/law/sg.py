"""Singapore: Building Maintenance and Strata Management Act, votes by share value on a poll.

The proxy cap is verified; the thresholds are from memory and therefore defaults.
"""

from datetime import date
from fractions import Fraction

from models.values.decisions.rules import Cap, ClassRule, MatterTable, Rule
from rules.voting.law.build import HALF, SHARE, THREE_QUARTERS, THREE_TENTHS, conditions, matters

_SINCE = date(2019, 2, 1)
_SCHEDULE = "BMSMA First Schedule art. 5"
_QUORUM = conditions("quorum", SHARE, "present", ">=", THREE_TENTHS, "all", _SCHEDULE, "M")

RULES: tuple[Rule, ...] = (
    Rule(
        id="SG.BMSMA.ordinary",
        jurisdiction="SG",
        law="BMSMA ordinary resolution: more than half of the share value cast, by poll",
        articles=(_SCHEDULE,),
        confidence="M",
        valid_from=_SINCE,
        quorum=_QUORUM,
        approve=conditions("approve", SHARE, "yes", ">", HALF, "cast", _SCHEDULE, "M"),
        caps=("SG.proxy_cap",),
        note="Who is present after 30 minutes makes the quorum [M]; 14 days' notice.",
    ),
    Rule(
        id="SG.BMSMA.special",
        jurisdiction="SG",
        law="BMSMA special resolution: at least 75% of the share value cast, by poll",
        articles=(_SCHEDULE,),
        confidence="M",
        valid_from=_SINCE,
        quorum=_QUORUM,
        approve=conditions("approve", SHARE, "yes", ">=", THREE_QUARTERS, "cast", _SCHEDULE, "M"),
        caps=("SG.proxy_cap",),
    ),
)

CAPS: tuple[Cap, ...] = (
    Cap(
        id="SG.proxy_cap",
        jurisdiction="SG",
        kind="proxies",
        law="BMSMA as amended 2019: a proxy acts for 2 lots or 2% of the lots, whichever is more",
        article="BMSMA First Schedule art. 17",
        confidence="V",
        valid_from=_SINCE,
        fraction=Fraction(2, 100),
        least=2,
    ),
)

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="SG-2019",
        region="SG",
        valid_from=_SINCE,
        law="BMSMA First Schedule",
        confidence="M",
        classes=(
            ClassRule(cls="ordinary", rule="SG.BMSMA.ordinary"),
            ClassRule(cls="special", rule="SG.BMSMA.special"),
        ),
        matters=(
            *matters("ordinary", _SCHEDULE, "repair", "other", confidence="M"),
            *matters("special", _SCHEDULE, "improvement", confidence="M"),
        ),
    ),
)
