"""Spain: Ley de Propiedad Horizontal art. 17, heads and quotas together.

Owners in arrears have no vote and leave both denominators (art. 15.2): give them as `excluded`.
Art. 17 and 9 are read in the consolidated text (BOE-A-1960-10906) as of March 2026.
"""

from datetime import date, timedelta

from models.values.decisions.rules import (
    Cap,
    ClassRule,
    Dispute,
    FollowUp,
    MatterTable,
    PayerRule,
    Rule,
    Silence,
)
from rules.voting.law.build import HALF, HEAD_SHARE, THIRD, THREE_FIFTHS, WHOLE, conditions, matters

_SINCE = date(2013, 6, 28)
_RDL_19_2021 = date(2021, 10, 6)
_LEY_10_2022 = date(2022, 6, 16)
_RDL_8_2023 = date(2023, 12, 29)
_RDL_7_2026 = date(2026, 3, 22)
_DAY = timedelta(days=1)
_1, _2, _3, _4, _6, _7, _8 = (f"LPH art. 17.{number}" for number in (1, 2, 3, 4, 6, 7, 8))
_DEEMED = Silence(kind="deemed_yes", days=30, article=_8)
_NOTE = (
    "A duly summoned absentee who does not object within 30 natural days of the notice counts as "
    "yes (17.8): the result is final only then. 17.8 speaks of what those present agreed on: that "
    "they carried it among themselves is for the minutes to show [D]."
)
_NOT_SILENT = (
    "Silence is not consent where the cost is not chargeable to who did not vote for it (17.8)."
)
_ENERGY = (
    "Works that improve the efficiency shown by an energy certificate, renewable sources for common "
    "use, and their subsidies and loans; who is against it pays all the same."
)
_SIMPLE = Dispute(
    text=(
        "17.2 asks for a 'mayoría simple' of owners and quotas without saying of whom: read here as "
        "more yes than no, else as more than half of those present"
    ),
    article=_2,
    confidence="M",
    conditions=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "present", _2),
)
_PRESUMED_COST = Dispute(
    text=(
        "17.8 leaves out silence where the cost cannot be charged to who did not vote for it: read "
        "here as 17.1, whose text says so; others read it as 17.4 too, where a dissenter is free"
    ),
    article=f"{_4}, 17.8",
    silence="no_vote",
)
_SECOND_CALL = FollowUp(
    kind="second_call",
    then="ES.LPH.17_7.second",
    after="no_quorum",
    earliest_days=0,
    latest_days=8,
    notice_days=3,
    limit="30 minutes later if so convened, else within 8 days with 3 days' notice",
    article="LPH art. 16.2-16.3",
)

RULES: tuple[Rule, ...] = (
    Rule(
        id="ES.LPH.17_1",
        jurisdiction="ES",
        law="LPH art. 17.1 (renewables, telecom): 1/3 of owners and quotas; only they pay",
        articles=(_1,),
        confidence="V",
        valid_from=_SINCE,
        valid_until=_RDL_7_2026 - _DAY,
        approve=conditions("approve", HEAD_SHARE, "yes", ">=", THIRD, "all", _1),
        payers=PayerRule(passed="yes_voters", article=_1),
        note=_NOT_SILENT,
    ),
    Rule(
        id="ES.LPH.17_1",
        jurisdiction="ES",
        law=(
            "LPH art. 17.1 (telecom; renewables, with air and ground heat): 1/3 of owners and "
            "quotas; only they pay"
        ),
        articles=(_1, "RDL 7/2026 disp. final 1"),
        confidence="V",
        valid_from=_RDL_7_2026,
        dates_confidence="V",
        version=2,
        approve=conditions("approve", HEAD_SHARE, "yes", ">=", THIRD, "all", _1),
        payers=PayerRule(passed="yes_voters", article=_1),
        note=(
            f"{_NOT_SILENT} RDL 7/2026 names aerothermal and geothermal systems; the bar is the "
            "same. RDL 7/2025 had said so for some weeks of 2025, until it was not confirmed."
        ),
    ),
    Rule(
        id="ES.LPH.17_2",
        jurisdiction="ES",
        law=(
            "LPH art. 17.2 (accessibility, lift): majority of owners and of quotas; silent "
            "absentees are deemed yes after 30 days (17.8)"
        ),
        articles=(_2, _8),
        confidence="V",
        valid_from=_SINCE,
        silence=_DEEMED,
        approve=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "all", _2),
        payers=PayerRule(passed="all", article=_2),
        note=_NOTE,
    ),
    Rule(
        id="ES.LPH.17_2.energy",
        jurisdiction="ES",
        law=(
            "LPH art. 17.2 as of RDL 19/2021: energy works and common renewables by a majority of "
            "owners and of quotas, up to nine monthly fees a year"
        ),
        articles=(f"{_2} para. 3", "RDL 19/2021 art. 2"),
        confidence="V2",
        valid_from=_RDL_19_2021,
        valid_until=_LEY_10_2022 - _DAY,
        dates_confidence="V2",
        silence=_DEEMED,
        approve=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "all", _2, "V2"),
        payers=PayerRule(passed="all", article=_2),
        note=f"{_ENERGY} Above nine monthly fees a year, net of subsidies, 17.3 or 17.4. {_NOTE}",
    ),
    Rule(
        id="ES.LPH.17_2.energy",
        jurisdiction="ES",
        law=(
            "LPH art. 17.2 as of Ley 10/2022: energy works and common renewables by a simple "
            "majority of owners and of quotas, up to twelve monthly fees a year"
        ),
        articles=(f"{_2} para. 3", "Ley 10/2022 art. 2"),
        confidence="V",
        valid_from=_LEY_10_2022,
        dates_confidence="V",
        version=2,
        silence=_DEEMED,
        approve=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "cast", _2),
        payers=PayerRule(passed="all", article=_2),
        disputed=(_SIMPLE,),
        note=f"{_ENERGY} Above twelve monthly fees a year, net of subsidies, 17.3 or 17.4. {_NOTE}",
    ),
    Rule(
        id="ES.LPH.17_3",
        jurisdiction="ES",
        law="LPH art. 17.3/17.4: three fifths of all owners and quotas",
        articles=(_3, _8),
        confidence="V",
        valid_from=_SINCE,
        silence=_DEEMED,
        approve=conditions("approve", HEAD_SHARE, "yes", ">=", THREE_FIFTHS, "all", _3),
        payers=PayerRule(passed="all", article=_3),
        note=_NOTE,
    ),
    Rule(
        id="ES.LPH.17_4",
        jurisdiction="ES",
        law=(
            "LPH art. 17.4 (works that nothing requires): three fifths; above three monthly fees "
            "a dissenter does not pay"
        ),
        articles=(_4, _8),
        confidence="V",
        valid_from=_SINCE,
        silence=_DEEMED,
        approve=conditions("approve", HEAD_SHARE, "yes", ">=", THREE_FIFTHS, "all", _4),
        payers=PayerRule(
            passed="all",
            above="all_but_dissenters",
            bound="three ordinary monthly fees for an owner's part of the installation",
            article=_4,
        ),
        disputed=(_PRESUMED_COST,),
        note=(
            f"{_NOTE} A dissenter may join later at the updated cost. A part of the building that "
            "becomes useless to an owner needs that owner's express consent."
        ),
    ),
    Rule(
        id="ES.LPH.17_6",
        jurisdiction="ES",
        law=(
            "LPH art. 17.6: unanimity of all owners and quotas for the title and the statutes, "
            "where art. 17 says nothing else; silent absentees are deemed yes after 30 days (17.8)"
        ),
        articles=(_6, _8),
        confidence="V",
        valid_from=_SINCE,
        silence=_DEEMED,
        approve=conditions("approve", HEAD_SHARE, "yes", ">=", WHOLE, "all", _6),
        payers=PayerRule(passed="all", article=_6),
        note=_NOTE,
    ),
    Rule(
        id="ES.LPH.17_7.first",
        jurisdiction="ES",
        law="LPH art. 17.7 first call: majority of all owners representing a majority of quotas",
        articles=(_7, "LPH art. 16.2"),
        confidence="V",
        valid_from=_SINCE,
        quorum=conditions("quorum", HEAD_SHARE, "present", ">", HALF, "all", "LPH art. 16.2"),
        approve=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "all", _7),
        follow_ups=(_SECOND_CALL,),
    ),
    Rule(
        id="ES.LPH.17_7.second",
        jurisdiction="ES",
        law="LPH art. 17.7 second call: majority of attendees with more than half of their quotas",
        articles=(_7,),
        confidence="V",
        valid_from=_SINCE,
        approve=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "present", _7),
        note=(
            "Ordinary matters only. An attendee who abstains is not yes [D]. Without either "
            "majority a judge decides in equity on application within a month."
        ),
    ),
)

CAPS: tuple[Cap, ...] = ()

_CLASSES = (
    ClassRule(cls="third", rule="ES.LPH.17_1"),
    ClassRule(cls="ordinary", rule="ES.LPH.17_7.first"),
    ClassRule(cls="accessibility", rule="ES.LPH.17_2"),
    ClassRule(cls="three_fifths", rule="ES.LPH.17_3"),
    ClassRule(cls="improvement", rule="ES.LPH.17_4"),
    ClassRule(cls="unanimity", rule="ES.LPH.17_6"),
)
_WITH_ENERGY = (_CLASSES[0], ClassRule(cls="energy", rule="ES.LPH.17_2.energy"), *_CLASSES[1:])
_ALWAYS = (
    *matters("third", _1, "telecom"),
    *matters("accessibility", _2, "accessibility", "lift"),
    *matters("three_fifths", _3, "common_parts"),
    *matters("improvement", _4, "improvement"),
    *matters("unanimity", _6, "rules", "covenant"),
    *matters("ordinary", _7, "repair", "manager", "other"),
)
# 17.1 stays beside 17.2: a third may decide, but only for who pays for it.
_SINCE_ENERGY = (
    *_ALWAYS,
    *matters("energy", f"{_2} para. 3", "renewables", "energy"),
    *matters("third", _1, "renewables_of_some"),
)
_SINCE_STRUCTURE = (
    *_SINCE_ENERGY,
    *matters("three_fifths", f"{_4} para. 3", "rebuild", "alteration"),
)

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="ES-2013",
        region="ES",
        valid_from=_SINCE,
        valid_until=_RDL_19_2021 - _DAY,
        law="LPH art. 17 (Ley 8/2013)",
        classes=_CLASSES,
        matters=(*_ALWAYS, *matters("third", _1, "renewables")),
    ),
    MatterTable(
        id="ES-2021",
        region="ES",
        valid_from=_RDL_19_2021,
        valid_until=_RDL_8_2023 - _DAY,
        law="LPH art. 17 (RDL 19/2021, Ley 10/2022)",
        dates_confidence="V2",
        classes=_WITH_ENERGY,
        matters=_SINCE_ENERGY,
    ),
    # The day of RDL 8/2023 is the one after its publication; its own closing clause was not read.
    MatterTable(
        id="ES-2023",
        region="ES",
        valid_from=_RDL_8_2023,
        valid_until=_RDL_7_2026 - _DAY,
        law="LPH art. 17 (RDL 8/2023)",
        classes=_WITH_ENERGY,
        matters=_SINCE_STRUCTURE,
    ),
    MatterTable(
        id="ES-2026",
        region="ES",
        valid_from=_RDL_7_2026,
        law="LPH art. 17 (RDL 7/2026)",
        dates_confidence="V",
        classes=_WITH_ENERGY,
        matters=(*_SINCE_STRUCTURE, *matters("third", _1, "heat_pump")),
    ),
)
