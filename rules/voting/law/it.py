"""Italy: codice civile art. 1136, attendees by head and all value in thousandths (millesimi).

That 1136(4) has rebuilding beside notable extraordinary repairs, and 1120(2) with it what removes
barriers or saves energy, was read second hand; the code itself could not be.
"""

from datetime import date
from fractions import Fraction

from models.values.decisions.rules import Cap, ClassRule, FollowUp, MatterTable, Rule
from models.values.voting import Condition
from rules.voting.law.build import (
    HALF,
    HEAD,
    HEAD_SHARE,
    SHARE,
    THIRD,
    TWO_THIRDS,
    conditions,
    matters,
)

_SINCE = date(2013, 6, 18)
_FIRST, _SECOND = "c.c. art. 1136(1)-(2)", "c.c. art. 1136(3)"
_NOTE = "Invalid if any owner was not convened. Who attends and does not vote for it is not yes."


def _a_third(article: str) -> tuple[Condition, ...]:
    return conditions("quorum", HEAD_SHARE, "present", ">=", THIRD, "all", article)


def _carried(value: Fraction, article: str) -> tuple[Condition, ...]:
    """A majority of those who attend, with so much of all value."""
    return (
        *conditions("approve", HEAD, "yes", ">", HALF, "present", article),
        *conditions("approve", SHARE, "yes", ">=", value, "all", article),
    )


RULES: tuple[Rule, ...] = (
    Rule(
        id="IT.1136.first",
        jurisdiction="IT",
        law="c.c. art. 1136(1)-(2), first call",
        articles=(_FIRST,),
        confidence="V",
        valid_from=_SINCE,
        quorum=(
            *conditions("quorum", HEAD, "present", ">", HALF, "all", _FIRST),
            *conditions("quorum", SHARE, "present", ">=", TWO_THIRDS, "all", _FIRST),
        ),
        approve=_carried(HALF, _FIRST),
        follow_ups=(
            FollowUp(
                kind="second_call",
                then="IT.1136.second",
                after="no_quorum",
                earliest_days=1,
                latest_days=10,
                limit="from the next day to ten days later",
                article=_SECOND,
            ),
        ),
        note=_NOTE,
    ),
    Rule(
        id="IT.1136.second",
        jurisdiction="IT",
        law="c.c. art. 1136(3), second call",
        articles=(_SECOND,),
        confidence="V",
        valid_from=_SINCE,
        quorum=_a_third(_SECOND),
        approve=_carried(THIRD, _SECOND),
        note=_NOTE,
    ),
    Rule(
        id="IT.1136.second.extraordinary",
        jurisdiction="IT",
        law=(
            "c.c. art. 1136(4): notable extraordinary repairs, rebuilding, innovations of art. "
            "1120(2) (barriers, energy), the administrator; on any call with half of the value"
        ),
        articles=("c.c. art. 1136(4)",),
        confidence="V",
        valid_from=_SINCE,
        quorum=_a_third("c.c. art. 1136(3)-(4)"),
        approve=_carried(HALF, "c.c. art. 1136(4)"),
        note=_NOTE,
    ),
    Rule(
        id="IT.1136.innovation",
        jurisdiction="IT",
        law="c.c. art. 1136(5) for innovations of art. 1120(1)",
        articles=("c.c. art. 1136(5)", "c.c. art. 1120(1)"),
        confidence="V",
        valid_from=_SINCE,
        quorum=_a_third("c.c. art. 1136(3), (5)"),
        approve=_carried(TWO_THIRDS, "c.c. art. 1136(5)"),
        note=_NOTE,
    ),
)

CAPS: tuple[Cap, ...] = ()

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="IT-2013",
        region="IT",
        valid_from=_SINCE,
        law="c.c. art. 1136",
        classes=(
            ClassRule(cls="ordinary", rule="IT.1136.first"),
            ClassRule(cls="extraordinary", rule="IT.1136.second.extraordinary"),
            ClassRule(cls="innovation", rule="IT.1136.innovation"),
        ),
        matters=(
            *matters("ordinary", _FIRST, "repair", "other"),
            *matters("extraordinary", "c.c. art. 1136(4)", "extraordinary_repair"),
            *matters("extraordinary", "c.c. art. 1136(4)", "rebuild", "manager", confidence="M"),
            *matters(
                "extraordinary",
                "c.c. art. 1136(4), 1120(2) no. 2",
                "accessibility",
                "energy",
                confidence="V2",
            ),
            # A lift removes barriers by its nature: Cass. 28920/2011 under L. 13/1989 art. 2.
            *matters(
                "extraordinary", "L. 13/1989 art. 2, c.c. art. 1136(2)", "lift", confidence="V2"
            ),
            *matters("innovation", "c.c. art. 1136(5)", "innovation"),
        ),
    ),
)
