"""The law as data: every rule dated and cited; matter to class to rule; what may be set."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from models.values.decisions.rules import RecordedDecision
from models.values.refusal import Refused
from models.values.voting import Matter, Motion, MotionKind, Tally
from rules.voting import configured, decide, kind_of, pack_for, rule_for, rule_named
from rules.voting.law import CAPS, RULES, TABLES
from rules.voting.packs import PACKS, strict_kind
from rules.voting.registry import cap_named, rule_in, table_in_force
from rules.voting.settings import settings_of

THE_25 = (
    "CN.278.ordinary",
    "CN.278.major",
    "CN.PL76.ordinary",
    "CN.PL76.major",
    "CN.residents_meeting",
    "HK.BMO.general",
    "HK.BMO.first_MC",
    "DE.WEG.25",
    "DE.WEG.21_2_1",
    "ES.LPH.17_1",
    "ES.LPH.17_2",
    "ES.LPH.17_3",
    "ES.LPH.17_7.second",
    "FR.24",
    "FR.25",
    "FR.26",
    "IT.1136.first",
    "IT.1136.second",
    "IT.1136.second.extraordinary",
    "IT.1136.innovation",
    "US-CA.5605",
    "AU-NSW.special",
    "AU-NSW.sustainability",
    "TW.31",
    "TW.32",
)
TODAY = date(2026, 1, 1)


def refusal(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.problems[0].code


def test_all_25_rules_of_the_book_are_there() -> None:
    assert len(THE_25) == 25
    assert set(THE_25) <= {rule.id for rule in RULES}


def test_every_id_and_version_is_once() -> None:
    keys = [(each.id, each.version) for book in (RULES, CAPS, TABLES) for each in book]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_and_every_test_of_it_is_cited(rule) -> None:
    assert rule.law
    assert rule.articles
    tests = (*rule.quorum, *rule.approve, *rule.reject_cap)
    assert tests
    assert all(each.article for each in tests)
    assert len({each.code for each in tests}) == len(tests)


def test_every_reference_of_the_data_leads_somewhere() -> None:
    for rule in RULES:
        for follow_up in rule.follow_ups:
            assert rule_named(follow_up.then)
        if rule.payers and rule.payers.by:
            assert rule_named(rule.payers.by).payers
        assert all(cap_named(cap) for cap in rule.caps)
    for table in TABLES:
        classes = {each.cls: each.rule for each in table.classes}
        assert all(rule_named(rule_id, table.valid_from) for rule_id in classes.values())
        assert {entry.cls for entry in table.matters} <= set(classes)
        assert all(cap_named(cap) for cap in table.caps)


@pytest.mark.parametrize(
    ("place", "matter", "on", "rule_id"),
    [
        ("CN", "fund_use", date(2021, 1, 1), "CN.278.ordinary"),
        ("CN", "fund_use", date(2020, 12, 31), "CN.PL76.major"),
        ("CN", "fund_raise", TODAY, "CN.278.major"),
        ("CN", "common_parts", date(2020, 12, 31), "CN.PL76.ordinary"),
        ("CN-3707", "lift", TODAY, "CN.278.major"),
        ("CN-4401", "rebuild", TODAY, "CN.278.major"),
        ("ES", "lift", TODAY, "ES.LPH.17_2"),
        ("DE", "lift", TODAY, "DE.WEG.20_1"),
        ("US-CA", "special_assessment", TODAY, "US-CA.5605"),
        ("AU-NSW", "sustainability", TODAY, "AU-NSW.sustainability"),
        ("AU-NSW", "sustainability", date(2021, 2, 23), "AU-NSW.special"),
        ("AU-NSW", "sustainability", date(2021, 2, 24), "AU-NSW.sustainability"),
        ("AU-NSW", "accessibility", date(2021, 2, 24), "AU-NSW.special"),
        ("AU-NSW", "accessibility", date(2025, 6, 30), "AU-NSW.special"),
        ("AU-NSW", "accessibility", date(2025, 7, 1), "AU-NSW.accessibility"),
        ("ES", "renewables", date(2021, 10, 5), "ES.LPH.17_1"),
        ("ES", "renewables", date(2021, 10, 6), "ES.LPH.17_2.energy"),
        ("ES", "renewables", TODAY, "ES.LPH.17_2.energy"),
        ("ES", "renewables_of_some", TODAY, "ES.LPH.17_1"),
        ("ES", "heat_pump", date(2026, 3, 22), "ES.LPH.17_1"),
        ("ES", "improvement", TODAY, "ES.LPH.17_4"),
        ("ES", "covenant", TODAY, "ES.LPH.17_6"),
        ("ES", "rebuild", TODAY, "ES.LPH.17_3"),
        ("IT", "rebuild", TODAY, "IT.1136.second.extraordinary"),
        ("IT", "accessibility", TODAY, "IT.1136.second.extraordinary"),
        ("IT", "lift", TODAY, "IT.1136.second.extraordinary"),
        ("IT", "innovation", TODAY, "IT.1136.innovation"),
        ("CA-BC", "winding_up", date(2016, 7, 27), "CA-BC.unanimous"),
        ("CA-BC", "winding_up", date(2016, 7, 28), "CA-BC.eighty"),
        ("CA-BC", "fund_raise", TODAY, "CA-BC.three_quarters"),
        ("HK", "large_works", TODAY, "HK.BMO.large_works"),
        ("HK", "large_works", date(2024, 1, 28), "HK.BMO.general"),
        ("HK", "first_committee", TODAY, "HK.BMO.first_MC"),
    ],
)
def test_a_matter_has_the_rule_of_its_place_and_day(
    place: str, matter: str, on: date, rule_id: str
) -> None:
    assert rule_for(place, matter, on).rule.id == rule_id


@pytest.mark.parametrize(
    ("matter", "on", "version"),
    [
        ("renewables", date(2022, 6, 15), 1),
        ("renewables", date(2022, 6, 16), 2),
        ("telecom", date(2026, 3, 21), 1),
        ("telecom", date(2026, 3, 22), 2),
    ],
)
def test_a_change_of_the_law_is_another_version(matter: str, on: date, version: int) -> None:
    assert rule_for("ES", matter, on).rule.version == version


def test_the_versions_of_a_rule_and_the_tables_of_a_place_follow_on_each_other() -> None:
    """No day without a version, none with two."""
    books: dict[str, list[tuple[date, date | None]]] = {}
    for rule in RULES:
        books.setdefault(rule.id, []).append((rule.valid_from, rule.valid_until))
    for table in TABLES:
        books.setdefault(table.region, []).append((table.valid_from, table.valid_until))
    for name, spans in books.items():
        for (_, until), (start, _) in pairwise(sorted(spans, key=lambda span: span[0])):
            assert until is not None, name
            assert start - until == timedelta(days=1), name


def test_where_no_law_is_known_none_is_invented() -> None:
    with pytest.raises(Refused) as error:
        rule_for("XX", "lift", TODAY)
    assert refusal(error) == "voting.pack_unknown"
    with pytest.raises(Refused) as error:
        rule_for("CN", "lift", date(1999, 1, 1))
    assert refusal(error) == "voting.pack_unknown"


def test_an_unknown_matter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused) as error:
        rule_for("CN", "swimming", TODAY)
    assert "fund_use" in str(error.value.problems[0].params["known"])


def test_a_rule_asked_for_outside_of_its_time_is_refused() -> None:
    assert rule_named("CN.PL76.major", date(2020, 12, 31)).id == "CN.PL76.major"
    with pytest.raises(Refused) as error:
        rule_named("CN.PL76.major", date(2021, 1, 1))
    assert refusal(error) == "decide.not_in_force"


def test_a_later_version_leaves_earlier_days_their_law() -> None:
    old = rule_named("FR.25")
    change = date(2030, 1, 1)
    until = old.model_copy(update={"valid_until": change - timedelta(days=1)})
    new = old.model_copy(update={"valid_from": change, "version": 2})
    assert rule_named("FR.25", date(2029, 12, 31), (until, new)).version == 1
    assert rule_named("FR.25", change, (until, new)).version == 2
    assert rule_named("FR.25", None, (until, new)).version == 2


# Recorded decisions


def decided(cls: str, on: date = date(2025, 6, 1)) -> RecordedDecision:
    return RecordedDecision(
        cls=cls, decided_by="owners' assembly", decided_on=on, document="minutes 2025-3"
    )


def test_a_recorded_decision_may_choose_a_stricter_class_and_stays_on_record() -> None:
    chosen = rule_for("CN", "fund_use", TODAY, decided("major"))
    assert (chosen.rule.id, chosen.cls, chosen.legal_cls) == (
        "CN.278.major",
        "major",
        "ordinary",
    )
    assert chosen.override is not None
    assert chosen.override.document == "minutes 2025-3"


def test_no_decision_undercuts_the_law() -> None:
    with pytest.raises(Refused) as error:
        rule_for("CN", "fund_raise", TODAY, decided("ordinary"))
    assert refusal(error) == "decide.undercut"


def test_a_place_whose_law_leaves_it_to_the_owners_may_be_undercut() -> None:
    table = table_in_force("CN", TODAY).model_copy(update={"may_undercut": True})
    assert rule_in(table, "fund_raise", TODAY, decided("ordinary")).rule.id == "CN.278.ordinary"


def test_a_decision_after_the_vote_comes_too_late() -> None:
    with pytest.raises(Refused) as error:
        rule_for("CN", "fund_use", TODAY, decided("major", TODAY + timedelta(days=1)))
    assert refusal(error) == "decide.decided_later"


def test_a_decision_needs_a_known_class_and_a_document() -> None:
    with pytest.raises(Refused) as error:
        rule_for("CN", "fund_use", TODAY, decided("whatever"))
    assert refusal(error) == "decide.class_unknown"
    with pytest.raises(ValueError, match="document"):
        RecordedDecision(cls="major", decided_by="x", decided_on=TODAY, document="")


# Settings


def test_what_is_from_memory_may_be_set() -> None:
    rule = configured(rule_named("TW.31"), {"approve.head": "2/3", "quorum.share": "1/2"})
    assert [str(each.fraction) for each in (*rule.quorum, *rule.approve)] == [
        "2/3",
        "1/2",
        "2/3",
        "3/4",
    ]


@pytest.mark.parametrize(
    ("rule_id", "name", "value", "code"),
    [
        ("CN.278.major", "approve.head", "1/2", "decide.setting_fixed"),
        ("ES.LPH.17_2", "silence", "no_vote", "decide.setting_fixed"),
        ("FR.24", "whatever", "1", "decide.setting_fixed"),
        ("TW.31", "approve.head", "0.75", "decide.setting_invalid"),
        ("TW.31", "approve.head", "3/0", "decide.setting_invalid"),
        ("TW.31", "approve.head", "-3/4", "decide.setting_invalid"),
        ("CN.278.major", "silence", "deemed_yes", "decide.setting_invalid"),
        ("TW.31", "valid_from", "2003-13-01", "decide.setting_invalid"),
    ],
)
def test_verified_law_is_no_setting(rule_id: str, name: str, value: str, code: str) -> None:
    with pytest.raises(Refused) as error:
        configured(rule_named(rule_id), {name: value})
    assert refusal(error) == code


def test_every_value_from_memory_or_by_choice_is_a_setting() -> None:
    for rule in RULES:
        for test in (*rule.quorum, *rule.approve, *rule.reject_cap):
            name = test.code.removeprefix("voting.")
            assert (name in settings_of(rule)) is (test.confidence in ("M", "D"))


# The project's own packs


def test_the_dated_packs_are_made_of_the_same_rules() -> None:
    assert [pack.id for pack in PACKS] == [table.id for table in TABLES]
    pack = pack_for("CN-2021")
    assert pack.major == rule_named("CN.278.major").approve
    assert pack.quorum == rule_named("CN.278.ordinary").quorum


def test_a_pack_that_was_written_before_the_engine_is_still_read() -> None:
    old = pack_for("CN-2021").model_dump(mode="json")
    for group in ("quorum", "ordinary", "major"):
        for condition in old[group]:
            del condition["confidence"]
    assert type(pack_for("CN-2021")).model_validate(old) == pack_for("CN-2021")


def test_the_class_of_a_matter_is_that_of_the_packs_own_time() -> None:
    spend = Motion(id="m", title="roof", kind=MotionKind.ORDINARY, matter=Matter.FUND_USE)
    assert strict_kind(spend, pack_for("CN-2007")) is MotionKind.MAJOR
    assert strict_kind(spend, pack_for("CN-2021")) is MotionKind.ORDINARY
    assert {matter for matter in Matter if kind_of(matter) is MotionKind.MAJOR} == {
        Matter.FUND_RAISE,
        Matter.REBUILD,
        Matter.COMMON_PARTS,
    }


def test_a_stored_check_has_the_fields_it_always_had() -> None:
    tally = Tally(
        roll_heads=3,
        roll_area_dm2=3,
        participating_heads=3,
        participating_area_dm2=3,
        yes_heads=3,
        yes_area_dm2=3,
        no_heads=0,
        no_area_dm2=0,
        abstain_heads=0,
        abstain_area_dm2=0,
    )
    motion = Motion(id="m", title="lift", kind=MotionKind.MAJOR)
    stored = decide(pack_for("CN-2021"), motion, tally).model_dump(mode="json")
    assert {tuple(check) for check in stored["checks"]} == {
        ("code", "article", "have", "op", "need", "unit", "passed")
    }
