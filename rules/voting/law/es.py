"""Spain: Ley de Propiedad Horizontal art. 17, heads and quotas together.

Owners in arrears have no vote and leave both denominators (art. 15.2): give them as `excluded`.
"""

from datetime import date

from models.values.decisions.rules import (
    Cap,
    ClassRule,
    FollowUp,
    MatterTable,
    PayerRule,
    Rule,
    Silence,
)
from rules.voting.law.build import HALF, HEAD_SHARE, THIRD, THREE_FIFTHS, conditions, matters

_SINCE = date(2013, 6, 28)
_DEEMED = Silence(kind="deemed_yes", days=30, article="LPH art. 17.8")
_NOTE = (
    "A duly summoned absentee who does not object within 30 natural days of the notice counts as "
    "yes (17.8): the result is final only then."
)
_NOT_THEM = PayerRule(passed="yes_voters", article="LPH art. 17.1, 17.4")

RULES: tuple[Rule, ...] = (
    Rule(
        id="ES.LPH.17_1",
        jurisdiction="ES",
        law="LPH art. 17.1 (renewables, telecom): 1/3 of owners and quotas; only they pay",
        articles=("LPH art. 17.1",),
        confidence="V",
        valid_from=_SINCE,
        approve=conditions("approve", HEAD_SHARE, "yes", ">=", THIRD, "all", "LPH art. 17.1"),
        payers=_NOT_THEM,
        note="Silence is not consent where the cost is not chargeable to who did not vote (17.8).",
    ),
    Rule(
        id="ES.LPH.17_2",
        jurisdiction="ES",
        law=(
            "LPH art. 17.2 (accessibility, lift): majority of owners and of quotas; silent "
            "absentees are deemed yes after 30 days (17.8)"
        ),
        articles=("LPH art. 17.2", "LPH art. 17.8"),
        confidence="V",
        valid_from=_SINCE,
        silence=_DEEMED,
        approve=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "all", "LPH art. 17.2"),
        payers=PayerRule(passed="all", article="LPH art. 17.2"),
        note=_NOTE,
    ),
    Rule(
        id="ES.LPH.17_3",
        jurisdiction="ES",
        law="LPH art. 17.3/17.4: three fifths of all owners and quotas",
        articles=("LPH art. 17.3", "LPH art. 17.8"),
        confidence="V",
        valid_from=_SINCE,
        silence=_DEEMED,
        approve=conditions(
            "approve", HEAD_SHARE, "yes", ">=", THREE_FIFTHS, "all", "LPH art. 17.3"
        ),
        payers=PayerRule(passed="all", article="LPH art. 17.3"),
        note=_NOTE,
    ),
    Rule(
        id="ES.LPH.17_4",
        jurisdiction="ES",
        law="LPH art. 17.4 (works that nothing requires): three fifths; who is not for it pays not",
        articles=("LPH art. 17.4", "LPH art. 17.8"),
        confidence="V",
        valid_from=_SINCE,
        approve=conditions(
            "approve", HEAD_SHARE, "yes", ">=", THREE_FIFTHS, "all", "LPH art. 17.4"
        ),
        payers=_NOT_THEM,
        note="Silence is not consent where the cost is not chargeable to who did not vote (17.8).",
    ),
    Rule(
        id="ES.LPH.17_7.first",
        jurisdiction="ES",
        law="LPH art. 17.7 first call: majority of all owners representing a majority of quotas",
        articles=("LPH art. 17.7", "LPH art. 16.2"),
        confidence="V",
        valid_from=_SINCE,
        quorum=conditions("quorum", HEAD_SHARE, "present", ">", HALF, "all", "LPH art. 16.2"),
        approve=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "all", "LPH art. 17.7"),
        follow_ups=(
            FollowUp(
                kind="second_call",
                then="ES.LPH.17_7.second",
                after="no_quorum",
                earliest_days=0,
                latest_days=8,
                notice_days=3,
                limit="30 minutes later if so convened, else within 8 days with 3 days' notice",
                article="LPH art. 16.2-16.3",
            ),
        ),
    ),
    Rule(
        id="ES.LPH.17_7.second",
        jurisdiction="ES",
        law="LPH art. 17.7 second call: majority of attendees with more than half of their quotas",
        articles=("LPH art. 17.7",),
        confidence="V",
        valid_from=_SINCE,
        approve=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "present", "LPH art. 17.7"),
        note=(
            "Ordinary matters only. An attendee who abstains is not yes [D]. Without either "
            "majority a judge decides in equity on application within a month."
        ),
    ),
)

CAPS: tuple[Cap, ...] = ()

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="ES-2013",
        region="ES",
        valid_from=_SINCE,
        law="LPH art. 17",
        classes=(
            ClassRule(cls="third", rule="ES.LPH.17_1"),
            ClassRule(cls="ordinary", rule="ES.LPH.17_7.first"),
            ClassRule(cls="accessibility", rule="ES.LPH.17_2"),
            ClassRule(cls="three_fifths", rule="ES.LPH.17_3"),
            ClassRule(cls="improvement", rule="ES.LPH.17_4"),
        ),
        matters=(
            *matters("third", "LPH art. 17.1", "renewables", "telecom"),
            *matters("accessibility", "LPH art. 17.2", "accessibility", "lift"),
            *matters("three_fifths", "LPH art. 17.3", "common_parts"),
            *matters("improvement", "LPH art. 17.4", "improvement"),
            *matters("ordinary", "LPH art. 17.7", "repair", "manager", "other"),
        ),
    ),
)
