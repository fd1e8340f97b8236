"""New South Wales: Strata Schemes Management Act 2015 s. 5, a cap on the votes AGAINST."""

from datetime import date
from fractions import Fraction

from models.values.decisions.decision import Operator
from models.values.decisions.rules import Cap, ClassRule, MatterTable, Rule
from models.values.voting import Condition
from rules.voting.law.build import HALF, HEAD, QUARTER, SHARE, TWO_THIRDS, conditions, matters

_SINCE = date(2016, 11, 30)
_SUSTAINABILITY = date(2021, 2, 24)
_SCHEDULE = "SSMA 2015 Sch. 1 cl. 17"
_QUORUM = conditions("quorum", HEAD, "present", ">=", QUARTER, "all", _SCHEDULE, "V2")
_NOTE = (
    "The quorum may also be met by a quarter of the unit entitlement. Who is present after 30 "
    "minutes may make the quorum [M]."
)
_CAPS = ("AU-NSW.cap.original_owner",)
_SPECIAL, _INFRASTRUCTURE = "SSMA 2015 s. 5(1)(b)(i)", "SSMA 2015 s. 5(1)(b)(ii)-(iii)"


def _against(op: Operator, fraction: Fraction, article: str) -> tuple[Condition, ...]:
    """So little against it, of votes that were cast: of no votes nothing is a part [D]."""
    return (
        *conditions("reject_cap", SHARE, "no", op, fraction, "cast", article),
        *conditions("votes_cast", SHARE, "cast", ">", Fraction(0), "number", article, "D"),
    )


RULES: tuple[Rule, ...] = (
    Rule(
        id="AU-NSW.special",
        jurisdiction="AU-NSW",
        law="SSMA 2015 s. 5(1)(b)(i): not more than 25% of the value of votes cast AGAINST",
        articles=(_SPECIAL,),
        confidence="V",
        valid_from=_SINCE,
        quorum=_QUORUM,
        reject_cap=_against("<=", QUARTER, _SPECIAL),
        caps=_CAPS,
        note=_NOTE,
    ),
    Rule(
        id="AU-NSW.sustainability",
        jurisdiction="AU-NSW",
        law=(
            "SSMA 2015 s. 5(1)(b)(ii)-(iii), sustainability and accessibility infrastructure: "
            "less than 50% against"
        ),
        articles=(_INFRASTRUCTURE,),
        confidence="V",
        valid_from=_SUSTAINABILITY,
        dates_confidence="V2",
        quorum=_QUORUM,
        reject_cap=_against("<", HALF, _INFRASTRUCTURE),
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

_ORDINARY = matters("ordinary", "SSMA 2015 Sch. 1 cl. 14", "repair", "manager", "other")
_BY_SPECIAL = matters("special", _SPECIAL, "rules", "common_parts", confidence="M")
_GREEN = ("sustainability", "accessibility")

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="AU-NSW-2016",
        region="AU-NSW",
        valid_from=_SINCE,
        valid_until=date(2021, 2, 23),
        law="SSMA 2015 s. 5 as made",
        classes=(
            ClassRule(cls="ordinary", rule="AU-NSW.ordinary"),
            ClassRule(cls="special", rule="AU-NSW.special"),
            ClassRule(cls="unanimous", rule="AU-NSW.unanimous"),
        ),
        matters=(*_ORDINARY, *matters("special", _SPECIAL, *_GREEN), *_BY_SPECIAL),
        caps=_CAPS,
    ),
    # Am 2021 No 1: infrastructure needs no more than half, where it was a special resolution.
    MatterTable(
        id="AU-NSW-2021",
        region="AU-NSW",
        valid_from=_SUSTAINABILITY,
        law="SSMA 2015 s. 5 (Am 2021 No 1)",
        dates_confidence="V2",
        classes=(
            ClassRule(cls="ordinary", rule="AU-NSW.ordinary"),
            ClassRule(cls="infrastructure", rule="AU-NSW.sustainability"),
            ClassRule(cls="special", rule="AU-NSW.special"),
            ClassRule(cls="unanimous", rule="AU-NSW.unanimous"),
        ),
        matters=(*_ORDINARY, *matters("infrastructure", _INFRASTRUCTURE, *_GREEN), *_BY_SPECIAL),
        caps=_CAPS,
    ),
)
