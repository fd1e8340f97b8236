"""Hong Kong: Building Management Ordinance (Cap. 344), votes weighed by undivided shares."""

from datetime import date, timedelta
from fractions import Fraction

from models.values.decisions.rules import Cap, ClassRule, MatterTable, Rule
from rules.voting.law.build import (
    FIFTH,
    HALF,
    HEAD,
    SHARE,
    TENTH,
    THREE_TENTHS,
    TWENTIETH,
    conditions,
    matters,
)

_SCHEDULE = "Cap. 344 Sch. 3 para. 3 and 5"
_LARGE = "Cap. 344 as amended by the Building Management (Amendment) Ordinance 2024"
_SECTION_3 = "Cap. 344 s. 3(2)"
_LARGE_WORKS = date(2025, 7, 13)
_PRESUMPTION = (
    "Minutes are kept of a meeting that could only resolve with a quorum (Cap. 344 Sch. 3 para. 3: "
    "'at which a quorum is present'), so a minuted resolution is presumed to have had one "
    "(presumption of regularity, omnia praesumuntur rite esse acta) until attendance is shown. "
    "A choice of this product [D], not a provision of the ordinance."
)
_MAJORITY = conditions("approve", SHARE, "yes", ">", HALF, "cast", _SCHEDULE, "V2")

RULES: tuple[Rule, ...] = (
    Rule(
        id="HK.BMO.general",
        jurisdiction="HK",
        law=(
            "Cap. 344 Third Schedule: quorum 10% of owners; majority of votes (shares) of owners "
            "voting in person or by proxy"
        ),
        articles=(_SCHEDULE,),
        confidence="V2",
        valid_from=date(2007, 8, 1),
        quorum=conditions("quorum", HEAD, "present", ">=", TENTH, "all", _SCHEDULE, "V2"),
        approve=_MAJORITY,
        quorum_unknown="presumed",
        quorum_presumption=_PRESUMPTION,
        note="A tie fails; the chair's casting vote of the older text is not counted here.",
    ),
    Rule(
        id="HK.BMO.first_MC",
        jurisdiction="HK",
        law=(
            "Cap. 344 s. 3(2): majority of votes AND supported by owners of at least 30% of the "
            "shares in aggregate"
        ),
        articles=(_SECTION_3,),
        confidence="V",
        valid_from=date(2007, 8, 1),
        approve=(
            *conditions("approve", SHARE, "yes", ">", HALF, "cast", _SECTION_3),
            *conditions("approve_of_all", SHARE, "yes", ">=", THREE_TENTHS, "all", _SECTION_3),
        ),
    ),
    Rule(
        id="HK.BMO.dissolve_MC",
        jurisdiction="HK",
        law="Cap. 344 Third Schedule: quorum 20% of owners for dissolving the committee",
        articles=(_SCHEDULE,),
        confidence="M",
        valid_from=date(2007, 8, 1),
        quorum=conditions("quorum", HEAD, "present", ">=", FIFTH, "all", _SCHEDULE, "M"),
        approve=_MAJORITY,
        quorum_unknown="presumed",
        quorum_presumption=_PRESUMPTION,
    ),
    Rule(
        id="HK.BMO.large_works",
        jurisdiction="HK",
        law=(
            "Cap. 344 as amended 2024, large-scale maintenance: as the general rule; besides, at "
            "least 5% of the owners, or 100 owners if that is less, vote in person"
        ),
        articles=(_SCHEDULE, _LARGE),
        confidence="V2",
        valid_from=_LARGE_WORKS,
        dates_confidence="V2",
        quorum=(
            *conditions("quorum", HEAD, "present", ">=", TENTH, "all", _SCHEDULE, "V2"),
            *conditions("in_person", HEAD, "in_person", ">=", TWENTIETH, "all", _LARGE, "V2"),
            *conditions(
                "in_person_number", HEAD, "in_person", ">=", Fraction(100), "number", _LARGE, "V2"
            ),
        ),
        either=(("voting.in_person.head", "voting.in_person_number.head"),),
        approve=_MAJORITY,
        quorum_unknown="presumed",
        quorum_presumption=_PRESUMPTION,
        note=(
            "How many owners voted in person is counted apart from proxies and recorded in the "
            "minutes; attendance may be presumed, that number may not. 5% or 100 as the government "
            "announced it on 2024-07-04; the schedule itself could not be read."
        ),
    ),
)

CAPS: tuple[Cap, ...] = ()

_CLASSES = (
    ClassRule(cls="general", rule="HK.BMO.general"),
    ClassRule(cls="dissolve_committee", rule="HK.BMO.dissolve_MC"),
    ClassRule(cls="first_committee", rule="HK.BMO.first_MC"),
)
_MATTERS = (
    *matters("general", _SCHEDULE, "repair", "manager", "fund_raise", "other"),
    *matters("first_committee", _SECTION_3, "first_committee"),
    *matters("dissolve_committee", _SCHEDULE, "dissolve_committee", confidence="M"),
)

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="HK-2007",
        region="HK",
        valid_from=date(2007, 8, 1),
        valid_until=_LARGE_WORKS - timedelta(days=1),
        law="Cap. 344 (Building Management Ordinance)",
        confidence="V2",
        classes=_CLASSES,
        matters=(*_MATTERS, *matters("general", _SCHEDULE, "large_works")),
    ),
    MatterTable(
        id="HK-2025",
        region="HK",
        valid_from=_LARGE_WORKS,
        law="Cap. 344 with the amendment on large-scale maintenance",
        confidence="V2",
        dates_confidence="V2",
        classes=(
            _CLASSES[0],
            ClassRule(cls="large_works", rule="HK.BMO.large_works"),
            *_CLASSES[1:],
        ),
        matters=(*_MATTERS, *matters("large_works", _SCHEDULE, "large_works", confidence="V2")),
    ),
)
