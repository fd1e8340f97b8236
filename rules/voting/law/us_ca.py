"""California: Civil Code 4070 and 5605, one vote per lot, a quorum fixed by statute."""

from datetime import date

from models.values.decisions.rules import Cap, ClassRule, MatterTable, Rule
from rules.voting.law.build import HALF, HEAD, conditions, matters

_SINCE = date(2014, 1, 1)
_5605, _4070 = "Cal. Civ. Code s. 5605(c)", "Cal. Civ. Code s. 4070"

RULES: tuple[Rule, ...] = (
    Rule(
        id="US-CA.5605",
        jurisdiction="US-CA",
        law=(
            "Civ. Code 4070 + 5605(c): more than 50% of the members take part; yes is more than "
            "half of the votes cast AND more than half of the REQUIRED quorum"
        ),
        articles=(_5605, _4070),
        confidence="V",
        valid_from=_SINCE,
        quorum=conditions("quorum", HEAD, "participating", ">", HALF, "all", _5605),
        approve=(
            *conditions("approve", HEAD, "yes", ">", HALF, "cast", _4070),
            *conditions(
                "approve_of_required_quorum", HEAD, "yes", ">", HALF, "required_quorum", _4070
            ),
        ),
        note=(
            "Secret ballot; bylaws cannot raise the quorum. A reconvened meeting with a quorum of "
            "20% exists only for the election of directors, 20 days later at the earliest."
        ),
    ),
)

CAPS: tuple[Cap, ...] = ()

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="US-CA-2014",
        region="US-CA",
        valid_from=_SINCE,
        law=_5605,
        classes=(ClassRule(cls="assessment", rule="US-CA.5605"),),
        matters=matters("assessment", _5605, "special_assessment", "assessment_increase"),
    ),
)
