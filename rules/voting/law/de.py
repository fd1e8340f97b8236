"""Germany: Wohnungseigentumsgesetz since 2020-12-01, no quorum, votes cast decide.

Whether works are decided (s. 20, 25) and who pays for them (s. 21) are two results of one vote.
"""

from datetime import date

from models.values.decisions.rules import Cap, ClassRule, Dispute, MatterTable, PayerRule, Rule
from rules.voting.law.build import HALF, HEAD, SHARE, TWO_THIRDS, conditions, matters

_SINCE = date(2020, 12, 1)
_SECTION_25 = "WEG s. 25(1)-(2)"
_SECTION_21 = "WEG s. 21(2) no. 1"
_SIMPLE = conditions("approve", HEAD, "yes", ">", HALF, "cast", _SECTION_25)
_HALF = Dispute(
    text=(
        "'half of all co-ownership shares' is read here as at least half (Prütting/Wegen/Weinreich "
        "s. 21 Rn. 7), by others as more than half (Haufe, Rz. 107)"
    ),
    article=_SECTION_21,
    conditions=conditions("approve", SHARE, "yes", ">", HALF, "all", _SECTION_21),
)

RULES: tuple[Rule, ...] = (
    Rule(
        id="DE.WEG.25",
        jurisdiction="DE",
        law="WEG s. 25(1)-(2) (in force since 2020-12-01; no quorum; one vote per owner)",
        articles=(_SECTION_25,),
        confidence="V",
        valid_from=_SINCE,
        dates_confidence="V",
        approve=_SIMPLE,
        note="A tie fails. Another weight of votes may have been agreed.",
    ),
    Rule(
        id="DE.WEG.20_1",
        jurisdiction="DE",
        law="WEG s. 20(1): works are decided as s. 25 says; s. 21 says who pays",
        articles=("WEG s. 20(1)", _SECTION_25),
        confidence="V",
        valid_from=_SINCE,
        dates_confidence="V",
        approve=_SIMPLE,
        payers=PayerRule(passed="all", by="DE.WEG.21_2_1", article="WEG s. 21(2)-(3)"),
    ),
    Rule(
        id="DE.WEG.21_2_1",
        jurisdiction="DE",
        law=(
            "WEG s. 21(2) no. 1: decides WHO PAYS, not validity: more than 2/3 of the votes cast "
            "and half of all co-ownership shares"
        ),
        articles=(_SECTION_21,),
        confidence="V",
        valid_from=_SINCE,
        dates_confidence="V",
        effect="payer_set",
        approve=(
            *conditions("approve", HEAD, "yes", ">", TWO_THIRDS, "cast", _SECTION_21),
            *conditions("approve", SHARE, "yes", ">=", HALF, "all", _SECTION_21),
        ),
        payers=PayerRule(passed="all", failed="yes_voters", article="WEG s. 21(2)-(3)"),
        disputed=(_HALF,),
        note=(
            "Not where the cost is out of "
            "proportion; where it amortises all pay in any case; late joiners may buy in (21(4))."
        ),
    ),
)

CAPS: tuple[Cap, ...] = ()

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="DE-2020",
        region="DE",
        valid_from=_SINCE,
        law="WEG s. 20, 25",
        dates_confidence="V",
        classes=(
            ClassRule(cls="ordinary", rule="DE.WEG.25"),
            ClassRule(cls="works", rule="DE.WEG.20_1"),
        ),
        matters=(
            *matters("ordinary", _SECTION_25, "repair", "manager", "other"),
            *matters("works", "WEG s. 20(1)", "works", "lift", "rebuild"),
        ),
    ),
)
