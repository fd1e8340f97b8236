"""New South Wales: Strata Schemes Management Act 2015 s. 5, a cap on the votes AGAINST.

Section 5 is read in the text in force in 2026, its history in the notes to it and in the
government's guide to the changes of 2025; schedule 1 second hand.
"""

from datetime import date, timedelta
from fractions import Fraction

from models.values.decisions.decision import Operator
from models.values.decisions.rules import Cap, ClassRule, MatterTable, Rule
from models.values.voting import Condition
from rules.voting.law.build import (
    HALF,
    HEAD,
    HEAD_SHARE,
    QUARTER,
    SHARE,
    TWO_THIRDS,
    conditions,
    matters,
)

_SINCE = date(2016, 11, 30)
_SUSTAINABILITY = date(2021, 2, 24)
_ACCESSIBILITY = date(2025, 7, 1)
_DAY = timedelta(days=1)
_SCHEDULE = "SSMA 2015 Sch. 1 cl. 17"
_QUORUM = conditions("quorum", HEAD_SHARE, "present", ">=", QUARTER, "all", _SCHEDULE, "V2")
_EITHER = (("voting.quorum.head", "voting.quorum.share"),)
_NOTE = (
    "The quorum is a quarter of the persons or a quarter of the unit entitlement; two persons where "
    "that would be less than two. Who is present after 30 minutes may make the quorum [M]."
)
_CAPS = ("AU-NSW.cap.original_owner",)
_SPECIAL, _SUSTAINABLE, _ACCESSIBLE = (f"SSMA 2015 s. 5(1)(b)({n})" for n in ("i", "ii", "iii"))


def _against(op: Operator, fraction: Fraction, article: str) -> tuple[Condition, ...]:
    """So little against it, of the value of the votes cast."""
    return conditions("reject_cap", SHARE, "no", op, fraction, "cast", article)


RULES: tuple[Rule, ...] = (
    Rule(
        id="AU-NSW.special",
        jurisdiction="AU-NSW",
        law="SSMA 2015 s. 5(1)(b)(i): not more than 25% of the value of votes cast AGAINST",
        articles=(_SPECIAL,),
        confidence="V",
        valid_from=_SINCE,
        quorum=_QUORUM,
        either=_EITHER,
        reject_cap=_against("<=", QUARTER, _SPECIAL),
        caps=_CAPS,
        note=_NOTE,
    ),
    Rule(
        id="AU-NSW.sustainability",
        jurisdiction="AU-NSW",
        law="SSMA 2015 s. 5(1)(b)(ii), sustainability infrastructure: less than 50% against",
        articles=(_SUSTAINABLE, "Am 2021 No 1"),
        confidence="V",
        valid_from=_SUSTAINABILITY,
        dates_confidence="V2",
        quorum=_QUORUM,
        either=_EITHER,
        reject_cap=_against("<", HALF, _SUSTAINABLE),
        caps=_CAPS,
        note=_NOTE,
    ),
    Rule(
        id="AU-NSW.accessibility",
        jurisdiction="AU-NSW",
        law="SSMA 2015 s. 5(1)(b)(iii), accessibility infrastructure: less than 50% against",
        articles=(_ACCESSIBLE, "Am 2025 No 14"),
        confidence="V",
        valid_from=_ACCESSIBILITY,
        dates_confidence="V2",
        quorum=_QUORUM,
        either=_EITHER,
        reject_cap=_against("<", HALF, _ACCESSIBLE),
        caps=_CAPS,
        note=_NOTE,
    ),
    Rule(
        id="AU-NSW.unanimous",
        jurisdiction="AU-NSW",
        law="SSMA 2015 s. 5(3): no vote is cast against",
        articles=("SSMA 2015 s. 5(3)",),
        confidence="V",
        valid_from=_SINCE,
        quorum=_QUORUM,
        either=_EITHER,
        reject_cap=_against("<=", Fraction(0), "SSMA 2015 s. 5(3)"),
        note=_NOTE,
    ),
    Rule(
        id="AU-NSW.ordinary",
        jurisdiction="AU-NSW",
        law="SSMA 2015 Sch. 1 cl. 14: simple majority of votes, one per lot",
        articles=("SSMA 2015 Sch. 1 cl. 14",),
        confidence="V2",
        valid_from=_SINCE,
        quorum=_QUORUM,
        either=_EITHER,
        approve=conditions("approve", HEAD, "yes", ">", HALF, "cast", "SSMA 2015 Sch. 1 cl. 14"),
        note=_NOTE,
    ),
)

CAPS: tuple[Cap, ...] = (
    Cap(
        id="AU-NSW.cap.original_owner",
        jurisdiction="AU-NSW",
        kind="original_owner",
        law=(
            "the vote of an original owner who holds at least half of the unit entitlement of a "
            "scheme of more than 2 lots is reduced by two thirds"
        ),
        article="SSMA 2015 s. 5(2A)",
        confidence="V",
        valid_from=_SINCE,
        fraction=TWO_THIRDS,
        least=2,
    ),
)

_ALWAYS = (
    *matters("ordinary", "SSMA 2015 Sch. 1 cl. 14", "repair", "manager", "other"),
    *matters("special", _SPECIAL, "rules", "common_parts", confidence="M"),
)
_SUSTAINABLE_WORKS = matters("infrastructure", _SUSTAINABLE, "sustainability")
_CLASSES = (
    ClassRule(cls="ordinary", rule="AU-NSW.ordinary"),
    ClassRule(cls="infrastructure", rule="AU-NSW.sustainability"),
    ClassRule(cls="accessibility", rule="AU-NSW.accessibility"),
    ClassRule(cls="special", rule="AU-NSW.special"),
    ClassRule(cls="unanimous", rule="AU-NSW.unanimous"),
)

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="AU-NSW-2016",
        region="AU-NSW",
        valid_from=_SINCE,
        valid_until=_SUSTAINABILITY - _DAY,
        law="SSMA 2015 s. 5 as made",
        classes=(_CLASSES[0], *_CLASSES[3:]),
        matters=(*_ALWAYS, *matters("special", _SPECIAL, "sustainability", "accessibility")),
        caps=_CAPS,
    ),
    # Sustainability needs less than half against, where it was a special resolution.
    MatterTable(
        id="AU-NSW-2021",
        region="AU-NSW",
        valid_from=_SUSTAINABILITY,
        valid_until=_ACCESSIBILITY - _DAY,
        law="SSMA 2015 s. 5 (Am 2021 No 1)",
        dates_confidence="V2",
        classes=(*_CLASSES[:2], *_CLASSES[3:]),
        matters=(*_ALWAYS, *_SUSTAINABLE_WORKS, *matters("special", _SPECIAL, "accessibility")),
        caps=_CAPS,
    ),
    # So does accessibility, from the day on which this part of Act 2025 No 14 began.
    MatterTable(
        id="AU-NSW-2025",
        region="AU-NSW",
        valid_from=_ACCESSIBILITY,
        law="SSMA 2015 s. 5 (Am 2025 No 14)",
        dates_confidence="V2",
        classes=_CLASSES,
        matters=(
            *_ALWAYS,
            *_SUSTAINABLE_WORKS,
            *matters("accessibility", _ACCESSIBLE, "accessibility"),
        ),
        caps=_CAPS,
    ),
)
