"""British Columbia: Strata Property Act, votes as the schedule of voting rights has them.

The 3/4 and the 80% vote are read in section 1(1); the rest is quoted second hand. What a matter
needs is from memory: a default to be confirmed.
"""

from datetime import date

from models.values.decisions.rules import Cap, ClassRule, MatterTable, Rule
from rules.voting.law.build import (
    FOUR_FIFTHS,
    HALF,
    SHARE,
    THIRD,
    THREE_QUARTERS,
    WHOLE,
    conditions,
    matters,
)

_SINCE = date(2000, 7, 1)
_WINDING_UP = date(2016, 7, 28)
_DEFINITIONS, _48 = "Strata Property Act s. 1(1)", "Strata Property Act s. 48(2)"
# The Act's own default, which bylaws may change: a setting.
_QUORUM = conditions("quorum", SHARE, "present", ">=", THIRD, "all", _48, "D")
_NOTE = (
    "The quorum is a third of the votes unless bylaws say otherwise, two thirds where there are fewer "
    "than four lots or owners. Abstentions are not votes cast."
)

RULES: tuple[Rule, ...] = (
    Rule(
        id="CA-BC.majority",
        jurisdiction="CA-BC",
        law="SPA s. 1(1) majority vote: more than 1/2 of the votes cast, abstentions left out",
        articles=(_DEFINITIONS, _48),
        confidence="V2",
        valid_from=_SINCE,
        dates_confidence="V",
        quorum=_QUORUM,
        approve=conditions("approve", SHARE, "yes", ">", HALF, "cast", _DEFINITIONS, "V2"),
        note=_NOTE,
    ),
    Rule(
        id="CA-BC.three_quarters",
        jurisdiction="CA-BC",
        law="SPA s. 1(1) 3/4 vote: at least 3/4 of the votes cast, abstentions left out",
        articles=(_DEFINITIONS, _48),
        confidence="V",
        valid_from=_SINCE,
        dates_confidence="V",
        quorum=_QUORUM,
        approve=conditions("approve", SHARE, "yes", ">=", THREE_QUARTERS, "cast", _DEFINITIONS),
        note=_NOTE,
    ),
    Rule(
        id="CA-BC.eighty",
        jurisdiction="CA-BC",
        law="SPA s. 1(1) 80% vote: at least 80% of the votes of all eligible voters",
        articles=(_DEFINITIONS,),
        confidence="V",
        valid_from=_WINDING_UP,
        dates_confidence="V2",
        approve=conditions("approve", SHARE, "yes", ">=", FOUR_FIFTHS, "all", _DEFINITIONS),
        note="A resolution to wind up also needs the confirmation of the supreme court.",
    ),
    Rule(
        id="CA-BC.unanimous",
        jurisdiction="CA-BC",
        law="SPA s. 1(1) unanimous vote: all the votes of all the eligible voters",
        articles=(_DEFINITIONS,),
        confidence="V2",
        valid_from=_SINCE,
        dates_confidence="V",
        approve=conditions("approve", SHARE, "yes", ">=", WHOLE, "all", _DEFINITIONS, "V2"),
    ),
)

CAPS: tuple[Cap, ...] = ()

_ALWAYS = (
    *matters("majority", "SPA s. 103", "budget", "other", confidence="M"),
    *matters("three_quarters", "SPA s. 71", "common_parts", "lift", confidence="M"),
    *matters("three_quarters", "SPA s. 108", "fund_raise", confidence="V2"),
    *matters("three_quarters", "SPA s. 128", "rules", confidence="V2"),
)
_CLASSES = (
    ClassRule(cls="majority", rule="CA-BC.majority"),
    ClassRule(cls="three_quarters", rule="CA-BC.three_quarters"),
    ClassRule(cls="eighty", rule="CA-BC.eighty"),
    ClassRule(cls="unanimous", rule="CA-BC.unanimous"),
)

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="CA-BC-2000",
        region="CA-BC",
        valid_from=_SINCE,
        valid_until=date(2016, 7, 27),
        law="Strata Property Act s. 1(1)",
        confidence="V2",
        dates_confidence="V",
        classes=(*_CLASSES[:2], *_CLASSES[3:]),
        matters=(*_ALWAYS, *matters("unanimous", "SPA Part 16", "winding_up", confidence="V2")),
    ),
    # Bill 40 of 2015, in force by OIC 592/2016: four fifths of all votes wind a strata up.
    MatterTable(
        id="CA-BC-2016",
        region="CA-BC",
        valid_from=_WINDING_UP,
        law="Strata Property Act s. 1(1) and Part 16 as amended by Bill 40 of 2015",
        confidence="V2",
        dates_confidence="V2",
        classes=_CLASSES,
        matters=(*_ALWAYS, *matters("eighty", "SPA Part 16", "winding_up", confidence="V2")),
    ),
)
