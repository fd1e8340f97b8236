"""The newer forms of a rule: one test of several, votes in person, nothing cast, disputed texts."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.decisions.rules import DIMENSIONS, Amounts, Facts, Rule, RuleResult
from models.values.refusal import Refused
from rules.voting import configured, judged, rule_named
from rules.voting.inputs.facts import facts_from
from rules.voting.law import RULES
from rules.voting.options import decide_options
from tests.support.slow import examples

EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}-{rule.version}")


def facts(**numbers: Any) -> Facts:
    """Heads and shares as (head, share), or one number for both; anything else as it is."""
    given: dict[str, Any] = {}
    for name, number in numbers.items():
        if isinstance(number, bool):
            given[name] = number
            continue
        head, share = number if isinstance(number, tuple) else (number, number)
        given[name] = Amounts(head=head, area=share, share=share)
    return Facts(**given)


def ruling(rule_id: str, **numbers: Any) -> RuleResult:
    return judged(rule_named(rule_id), facts(**numbers))


# One test of several


@pytest.mark.parametrize(
    ("present", "quorum"),
    [
        ((10, 249), "PASS"),
        ((9, 250), "PASS"),
        ((10, 250), "PASS"),
        ((9, 249), "FAIL"),
        ((9, None), "INDETERMINATE"),
        ((None, 249), "INDETERMINATE"),
        ((None, 250), "PASS"),
        ((10, None), "PASS"),
        ((None, None), "INDETERMINATE"),
    ],
)
def test_a_quarter_of_the_persons_or_of_the_entitlement_makes_a_quorum(
    present: tuple[int | None, int | None], quorum: str
) -> None:
    for rule_id in ("special", "sustainability", "accessibility", "unanimous", "ordinary"):
        found = ruling(f"AU-NSW.{rule_id}", all=(40, 1000), present=present, yes=9, no=0)
        assert (found.quorum, found.verdict) == (quorum, quorum)


def test_of_two_alternatives_the_answer_shows_what_says_why() -> None:
    vote: dict[str, Any] = {"all": (40, 1000), "yes": 9, "no": 0}

    def shown(present: tuple[int | None, int | None]) -> list[tuple[str, bool | None]]:
        found = ruling("AU-NSW.ordinary", present=present, **vote)
        return [(each.code, each.passed) for each in found.checks if each.part == "quorum"]

    head, share = "voting.quorum.head", "voting.quorum.share"
    assert shown((10, 249)) == [(head, True)]
    assert shown((9, 249)) == [(head, False), (share, False)]
    assert shown((9, None)) == [(share, None)]
    found = ruling("AU-NSW.ordinary", present=(9, 249), **vote)
    assert found.thresholds.min_present == {"head": 10, "share": 250}


def test_alternatives_name_tests_of_one_part_of_their_rule() -> None:
    for rule in RULES:
        for codes in rule.either:
            parts = [
                {each.code for each in part}
                for part in (rule.quorum, rule.approve, rule.reject_cap)
            ]
            assert any(set(codes) <= part for part in parts), rule.id
            assert len(set(codes)) > 1


# Votes in person


@pytest.mark.parametrize(
    ("owners", "in_person", "verdict"),
    [
        (400, 20, "PASS"),
        (400, 19, "FAIL"),
        (401, 20, "FAIL"),
        (401, 21, "PASS"),
        (1999, 99, "FAIL"),
        (1999, 100, "PASS"),
        (2000, 100, "PASS"),
        (2001, 100, "PASS"),
        (40_000, 100, "PASS"),
        (40_000, 99, "FAIL"),
        (400, None, "INDETERMINATE"),
        (None, 100, "PASS"),
        (None, 99, "INDETERMINATE"),
        (400, 0, "FAIL"),
    ],
)
def test_large_works_need_5_percent_or_100_owners_in_person(
    owners: int | None, in_person: int | None, verdict: str
) -> None:
    found = ruling(
        "HK.BMO.large_works",
        all=(owners, 100_000),
        present=(owners or 5000, 50_000),
        in_person=(in_person, None),
        yes=(None, 30_000),
        no=(None, 10_000),
    )
    assert (found.verdict, found.approve) == (verdict, "PASS")
    in_person_checks = [each for each in found.checks if each.value == "in_person"]
    passed = {each.passed for each in in_person_checks}
    assert passed == {{"PASS": True, "FAIL": False, "INDETERMINATE": None}[verdict]}


def test_attendance_is_presumed_in_hong_kong_and_votes_in_person_are_not() -> None:
    vote: dict[str, Any] = {"all": (400, 1000), "yes": (None, 60), "no": (None, 10)}
    unknown = ruling("HK.BMO.large_works", **vote)
    assert (unknown.verdict, unknown.quorum_presumed) == ("INDETERMINATE", False)
    known = ruling("HK.BMO.large_works", **vote, in_person=(20, None))
    assert (known.verdict, known.quorum_presumed) == ("PASS", True)
    assert known.thresholds.min_in_person == {"head": 20}
    many = ruling("HK.BMO.large_works", **(vote | {"all": (9000, 1000)}))
    assert many.thresholds.min_in_person == {"head": 100}


def test_more_in_person_than_voted_is_refused() -> None:
    vote = {"all": {"head": 9}, "yes": {"head": 3}, "no": {"head": 1}, "in_person": {"head": 5}}
    with pytest.raises(Refused) as error:
        facts_from(vote, "vote.json")
    (problem,) = error.value.problems
    assert (problem.code, problem.params["field"]) == ("decide.more_than", "in_person.head")
    assert facts_from(vote | {"in_person": {"head": 4}}, "vote.json").in_person.head == 4


# Nothing cast


@st.composite
def without_a_vote(draw: st.DrawFn) -> Facts:
    """Nobody says yes or no; whatever else happened, and whatever else is unknown."""
    names = ("all", "present", "abstain", "in_person", "silent_absentee", "objections_within_7d")
    numbers = {
        name: Amounts(**{each: draw(st.none() | st.integers(0, 40)) for each in DIMENSIONS})
        for name in names
    }
    zero = Amounts(head=0, area=0, share=0)
    above = draw(st.none() | st.booleans())
    return Facts(**numbers, yes=zero, no=zero, above_bound=above)


@EVERY_RULE
@settings(max_examples=examples(60))
@given(vote=without_a_vote())
def test_with_nothing_cast_no_rule_adopts(rule: Rule, vote: Facts) -> None:
    found = judged(rule, vote)
    assert found.verdict == "FAIL"
    assert any(check.passed is False for check in found.checks)
    assert found.payer_set in (None, "nobody", rule.payers and rule.payers.failed)
    options = {"a": Amounts(head=0, area=0, share=0), "b": Amounts(head=0, area=0, share=0)}
    ballot = vote.model_copy(update={"options": options, "yes": Amounts(), "no": Amounts()})
    assert judged(rule, ballot).verdict == "FAIL"
    assert decide_options(rule, options, vote).winner is None


@EVERY_RULE
def test_one_vote_for_it_is_enough_of_a_vote_where_silence_or_a_cap_carries_the_rest(
    rule: Rule,
) -> None:
    """The check of nothing cast is not there as soon as somebody voted."""
    found = judged(rule, facts(all=9, present=9, in_person=1, yes=1, no=0, silent_absentee=8))
    assert not [check for check in found.checks if "votes_cast" in check.code]


def test_whether_anything_was_cast_may_be_unknown_too() -> None:
    found = ruling("ES.LPH.17_2", all=10, yes=0, no=None, silent_absentee=9)
    assert found.verdict == "INDETERMINATE"
    assert ruling("ES.LPH.17_2", all=10, yes=0, no=1, silent_absentee=9).verdict == "PASS"
    assert ruling("ES.LPH.17_2", all=10, yes=0, no=0, silent_absentee=9).verdict == "FAIL"


# Who returned something was not silent

FOLLOWING = configured(rule_named("CN.278.major"), {"silence": "follow_majority"})


@pytest.mark.parametrize(
    ("returned", "verdict"),
    [
        ({}, "PASS"),
        ({"invalid": 6}, "PASS"),
        ({"invalid": 7}, "FAIL"),
        ({"contested": 7}, "FAIL"),
        ({"invalid": 3, "contested": 4}, "FAIL"),
        ({"invalid": None}, "INDETERMINATE"),
        ({"contested": None}, "INDETERMINATE"),
        ({"contested": 10}, "FAIL"),
    ],
)
def test_void_and_contested_ballots_do_not_follow_the_majority(
    returned: dict[str, int | None], verdict: str
) -> None:
    # 14 to 6 of 30: with the ten silent ones 24 of 30 agree, with four of them 18 of 24 do.
    found = judged(FOLLOWING, facts(all=30, yes=14, no=6, **returned))
    assert (found.quorum, found.verdict) == ("PASS", verdict)


@pytest.mark.parametrize(
    "hidden", [{"all": (None, 30)}, {"yes": (None, 14)}, {"no": (None, 6)}, {"yes": None}]
)
def test_what_follows_from_an_unknown_number_is_unknown(hidden: dict[str, Any]) -> None:
    vote: dict[str, Any] = {"all": 30, "yes": 14, "no": 6, **hidden}
    assert judged(FOLLOWING, facts(**vote)).verdict == "INDETERMINATE"


def test_where_heads_and_area_lead_apart_nobody_is_followed_whatever_is_unknown() -> None:
    vote = facts(all=(30, None), yes=(14, 6), no=(6, 14))
    assert judged(FOLLOWING, vote).verdict == "FAIL"


@pytest.mark.parametrize("field", ["invalid", "contested"])
def test_void_and_contested_ballots_cannot_be_silent_absentees_too(field: str) -> None:
    vote = {"all": {"head": 10}, "yes": {"head": 2}, "no": {"head": 3}}
    vote |= {"silent_absentee": {"head": 5}}
    facts_from(vote, "vote.json")
    with pytest.raises(Refused) as error:
        facts_from(vote | {field: {"head": 1}}, "vote.json")
    assert [each.code for each in error.value.problems] == ["decide.more_than"]


# Settings


@pytest.mark.parametrize("value", ["1", "1/1", "3/3", "1/1000000", "999999/1000000"])
def test_a_part_of_a_whole_may_be_set(value: str) -> None:
    rule = configured(rule_named("TW.31"), {"approve.head": value})
    assert 0 < rule.approve[0].fraction <= 1


@pytest.mark.parametrize("value", ["0", "0/1", "2", "3/2", "1000001/1000000", "-1/2", "", "1/0"])
def test_a_part_that_is_nothing_or_more_than_the_whole_is_refused(value: str) -> None:
    with pytest.raises(Refused) as error:
        configured(rule_named("TW.31"), {"approve.head": value})
    (problem,) = error.value.problems
    assert (problem.code, problem.params["expected"]) == (
        "decide.setting_invalid",
        "p/q, 0 < p/q <= 1",
    )


@EVERY_RULE
def test_no_setting_of_any_rule_takes_nothing_or_more_than_the_whole(rule: Rule) -> None:
    for test in (*rule.quorum, *rule.approve, *rule.reject_cap):
        if test.confidence in ("M", "D") and test.of != "number":
            for value in ("0", "2", "5/4"):
                with pytest.raises(Refused):
                    configured(rule, {test.code: value})


def test_a_number_of_persons_is_set_as_a_number() -> None:
    law = rule_named("HK.BMO.large_works")
    tests = [each.model_copy(update={"confidence": "M"}) for each in law.quorum]
    open_to_all = law.model_copy(update={"quorum": tuple(tests)})
    assert configured(open_to_all, {"in_person_number.head": "50"}).quorum[-1].fraction == 50
    for value in ("0", "1/2", "050"):
        with pytest.raises(Refused):
            configured(open_to_all, {"in_person_number.head": value})


# Disputed texts


@pytest.mark.parametrize(
    ("share", "verdict", "other", "decisive"),
    [(499, "FAIL", "FAIL", False), (500, "PASS", "FAIL", True), (501, "PASS", "PASS", False)],
)
def test_an_answer_says_where_it_depends_on_a_disputed_reading(
    share: int, verdict: str, other: str, *, decisive: bool
) -> None:
    vote: dict[str, Any] = {"all": (10, 1000), "yes": (5, share), "no": (1, 100)}
    found = ruling("DE.WEG.21_2_1", **vote)
    (reading,) = found.disputed
    assert (found.verdict, reading.verdict, reading.decisive) == (verdict, other, decisive)
    works = ruling("DE.WEG.20_1", **vote)
    assert works.disputed == found.disputed
    assert works.payer_set == ("all" if verdict == "PASS" else "yes_voters")


def test_what_depends_on_an_unknown_number_may_depend_on_the_dispute() -> None:
    found = ruling("DE.WEG.21_2_1", all=(10, 1000), yes=(5, None), no=(1, None))
    assert [each.decisive for each in found.disputed] == [None]
    assert ruling("DE.WEG.25", all=10, yes=5, no=1).disputed == ()


@EVERY_RULE
def test_another_reading_is_another_test_or_another_silence(rule: Rule) -> None:
    codes = {each.code for each in (*rule.quorum, *rule.approve, *rule.reject_cap)}
    for dispute in rule.disputed:
        assert dispute.conditions or dispute.silence
        assert {each.code for each in dispute.conditions} <= codes
        assert dispute.text
        assert dispute.article


# Spain: who pays for improvements


@pytest.mark.parametrize(
    ("above", "payers"), [(True, "all_but_dissenters"), (False, "all"), (None, None)]
)
def test_only_a_dissenter_is_free_and_only_above_three_monthly_fees(
    above: bool | None,
    payers: str | None,
) -> None:
    vote = facts(all=10, yes=4, no=3, silent_absentee=2)
    found = judged(rule_named("ES.LPH.17_4"), vote.model_copy(update={"above_bound": above}))
    assert (found.verdict, found.payer_set) == ("PASS", payers)
    assert [each.decisive for each in found.disputed] == [True]


def test_simple_majority_is_of_the_votes_cast_and_says_that_this_is_disputed() -> None:
    vote: dict[str, Any] = {"all": 20, "present": 10, "yes": 4, "no": 3, "abstain": 3}
    found = ruling("ES.LPH.17_2.energy", **vote)
    assert (found.verdict, found.disputed[0].verdict) == ("PASS", "FAIL")
    assert ruling("ES.LPH.17_2.energy", **(vote | {"yes": 3})).verdict == "FAIL"


@pytest.mark.parametrize(
    ("silent", "no", "verdict"), [(6, 0, "PASS"), (5, 0, "FAIL"), (5, 1, "FAIL")]
)
def test_unanimity_is_all_and_silence_may_complete_it(silent: int, no: int, verdict: str) -> None:
    assert ruling("ES.LPH.17_6", all=10, yes=4, no=no, silent_absentee=silent).verdict == verdict
