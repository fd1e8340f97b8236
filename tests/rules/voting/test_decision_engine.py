"""The seven features that real systems need (rule book 1.1), one vote at a time."""

from typing import Any

import pytest

from models.values.decisions.rules import Amounts, Facts, RuleResult
from models.values.refusal import Refused
from rules.voting import configured, judged, rule_named


def facts(**numbers: Any) -> Facts:
    """Heads and shares as (head, share), or one number for both."""
    given: dict[str, Any] = {}
    for name, number in numbers.items():
        head, share = number if isinstance(number, tuple) else (number, number)
        given[name] = Amounts(head=head, area=share, share=share)
    return Facts(**given)


def ruling(rule_id: str, after: str | None = None, **numbers: Any) -> RuleResult:
    return judged(rule_named(rule_id), facts(**numbers), after=after)


def failed(found: RuleResult) -> list[tuple[str, int | None]]:
    return [(check.code, check.short_by) for check in found.checks if check.passed is False]


# Denominators


def test_the_same_ballots_fail_in_china_and_pass_in_france() -> None:
    vote: dict[str, Any] = {"all": 20, "yes": 14, "no": 2, "abstain": 3}
    assert ruling("CN.278.major", **vote).verdict == "FAIL"
    assert ruling("FR.24", **vote).verdict == "PASS"


def test_both_dimensions_must_hold() -> None:
    found = ruling("CN.278.ordinary", all=(30, 300), yes=(20, 100), no=(5, 150))
    assert failed(found) == [("voting.approve.area", 26)]


def test_the_excluded_leave_the_denominators() -> None:
    assert ruling("ES.LPH.17_2", all=10, excluded=3, yes=4, no=3).verdict == "PASS"
    assert ruling("ES.LPH.17_2", all=10, yes=4, no=3).verdict == "FAIL"


def test_a_roll_of_which_everybody_is_excluded_decides_nothing() -> None:
    for rule_id in ("CN.278.major", "CN.PL76.major", "ES.LPH.17_1", "HK.BMO.general"):
        found = ruling(rule_id, all=5, excluded=5, present=0, yes=0, no=0)
        assert found.verdict == "FAIL"
        assert "voting.roll." in found.checks[0].code


# Silence


def test_silence_is_consent_in_spain_and_not_for_who_would_not_pay() -> None:
    vote: dict[str, Any] = {"all": 10, "yes": 2, "no": 3, "silent_absentee": 5}
    assert ruling("ES.LPH.17_2", **vote).verdict == "PASS"
    assert ruling("ES.LPH.17_1", **vote).verdict == "FAIL"


def test_all_three_silent_absentees_objecting_defeat_it() -> None:
    assert ruling("ES.LPH.17_2", all=10, yes=4, no=3, silent_absentee=3).verdict == "PASS"
    assert ruling("ES.LPH.17_2", all=10, yes=4, no=6).verdict == "FAIL"


def test_silence_follows_the_majority_only_by_a_setting() -> None:
    rule = rule_named("CN.278.major")
    split = facts(all=30, yes=14, no=6)
    assert judged(rule, split).verdict == "FAIL"
    assert judged(configured(rule, {"silence": "follow_majority"}), split).verdict == "PASS"


def test_the_silent_do_not_make_a_quorum_by_following() -> None:
    rule = configured(rule_named("CN.278.major"), {"silence": "follow_majority"})
    found = judged(rule, facts(all=30, yes=19, no=0))
    assert (found.quorum, found.approve, found.verdict) == ("FAIL", "PASS", "FAIL")


# Second calls and bridges


@pytest.mark.parametrize(("yes", "is_open"), [(333, False), (334, True), (500, True)])
def test_25_1_opens_at_a_third_of_all_voices(yes: int, is_open: bool) -> None:
    found = ruling("FR.25", all=1000, yes=yes, no=0)
    assert (found.verdict, found.bridge) == ("FAIL", is_open)


def test_no_bridge_is_needed_after_a_pass() -> None:
    assert ruling("FR.25", all=1000, yes=501, no=0).bridge is False


def test_a_bridge_is_unknown_while_its_numbers_are() -> None:
    found = ruling("FR.26", all=(50, 9000), yes=(20, 4000), no=(1, 1))
    assert (found.verdict, found.bridge) == ("FAIL", None)


def test_a_known_miss_closes_a_bridge_whatever_is_unknown() -> None:
    found = ruling("FR.26", all=(50, 9000), yes=(20, 2999), no=(1, 1))
    assert found.bridge is False


def test_after_26_1_the_vote_at_25_opens_no_bridge() -> None:
    vote: dict[str, Any] = {"all": 1000, "yes": 400, "no": 100}
    assert ruling("FR.25", **vote).bridge is True
    second = ruling("FR.25", after="FR.26", **vote)
    assert (second.bridge, second.follow_ups) == (None, ())


def test_a_second_vote_must_follow_from_the_first() -> None:
    with pytest.raises(Refused) as error:
        ruling("FR.26", after="FR.24", all=10, yes=1, no=1)
    assert error.value.problems[0].code == "decide.not_a_follow_up"


@pytest.mark.parametrize(
    ("first", "second"),
    [("IT.1136.first", "IT.1136.second"), ("ES.LPH.17_7.first", "ES.LPH.17_7.second")],
)
def test_a_second_call_is_open_when_too_few_came(first: str, second: str) -> None:
    few = ruling(first, all=(21, 1000), present=(8, 380), yes=(8, 380), no=0)
    (call,) = few.follow_ups
    assert (few.quorum, call.follow_up.then, call.open) == ("FAIL", second, True)
    lost = ruling(first, all=(21, 1000), present=(20, 900), yes=(5, 100), no=(15, 800))
    assert (lost.verdict, lost.follow_ups[0].open) == ("FAIL", False)


def test_the_terms_of_a_second_call_are_data() -> None:
    (italian,) = rule_named("IT.1136.first").follow_ups
    assert (italian.earliest_days, italian.latest_days) == (1, 10)
    (spanish,) = rule_named("ES.LPH.17_7.first").follow_ups
    assert (spanish.latest_days, spanish.notice_days) == (8, 3)


RECONVENED: dict[str, Any] = {
    "all": (100, 10_000),
    "present": (25, 2_400),
    "yes": (14, 1_300),
    "no": (11, 1_100),
}


@pytest.mark.parametrize(
    ("objections", "verdict"),
    [
        ((50, 5_000), "PASS"),
        ((51, 5_000), "PASS"),
        ((50, 5_001), "PASS"),
        ((51, 5_001), "FAIL"),
        ((50, None), "PASS"),
        ((51, None), "INDETERMINATE"),
        ((None, None), "INDETERMINATE"),
    ],
)
def test_a_reconvened_meeting_stands_unless_more_than_half_of_both_object(
    objections: tuple[int | None, int | None], verdict: str
) -> None:
    found = ruling("TW.32", **RECONVENED, objections_within_7d=objections)
    assert found.verdict == verdict


def test_a_veto_without_a_condition_undoes_nothing() -> None:
    """No law says so; a bundle that somebody has changed may."""
    law = rule_named("TW.32")
    assert law.veto is not None
    bare = law.model_copy(update={"veto": law.veto.model_copy(update={"conditions": ()})})
    assert judged(bare, facts(**RECONVENED, objections_within_7d=(51, 5_001))).verdict == "PASS"


def test_two_persons_are_no_reconvened_meeting() -> None:
    found = ruling("TW.32", all=(5, 500), present=(2, 300), yes=(2, 300), no=0)
    assert failed(found) == [("voting.quorum_persons.head", 1)]


# Who pays


@pytest.mark.parametrize(
    ("yes", "no", "payers"),
    [
        ((5, 500), (1, 100), "all"),
        ((5, 499), (1, 100), "yes_voters"),
        ((4, 600), (2, 200), "yes_voters"),
        ((3, 900), (3, 100), "nobody"),
        ((5, None), (1, None), None),
    ],
)
def test_german_works_pass_by_a_majority_and_all_pay_only_by_more(
    yes: tuple[int, int | None], no: tuple[int, int | None], payers: str | None
) -> None:
    found = ruling("DE.WEG.20_1", all=(10, 1000), yes=yes, no=no)
    assert (found.verdict, found.payer_set) == ("FAIL" if payers == "nobody" else "PASS", payers)


def test_who_is_not_for_renewables_does_not_pay_in_spain() -> None:
    assert ruling("ES.LPH.17_1", all=9, yes=3, no=6).payer_set == "yes_voters"
    assert ruling("ES.LPH.17_3", all=10, yes=6, no=4).payer_set == "all"


# Reject caps and the required quorum


def test_a_quarter_against_is_the_most_in_new_south_wales() -> None:
    vote: dict[str, Any] = {"all": (40, 1000), "present": (20, 500)}
    assert ruling("AU-NSW.special", **vote, yes=(0, 300), no=(0, 100)).verdict == "PASS"
    found = ruling("AU-NSW.special", **vote, yes=(0, 299), no=(0, 101))
    assert failed(found) == [("voting.reject_cap.share", 1)]


def test_no_votes_at_all_are_no_special_resolution() -> None:
    found = ruling("AU-NSW.special", all=(40, 1000), present=(20, 500), yes=0, no=0)
    assert found.verdict == "FAIL"


def test_yes_needs_more_than_half_of_the_required_quorum_in_california() -> None:
    # 101 members: 51 make the quorum; 26 is more than half of 51, 25 is not.
    assert ruling("US-CA.5605", all=101, yes=26, no=0, abstain=25).verdict == "PASS"
    found = ruling("US-CA.5605", all=101, yes=25, no=0, abstain=26)
    assert failed(found) == [("voting.approve_of_required_quorum.head", 1)]


# Quorums that nobody reported


def test_a_minuted_resolution_is_presumed_quorate_in_hong_kong_until_attendance_is_known() -> None:
    rule = rule_named("HK.BMO.general")
    silent = judged(rule, facts(all=(None, 100), yes=(None, 60), no=(None, 10)))
    assert (silent.verdict, silent.quorum, silent.quorum_presumed) == (
        "PASS",
        "INDETERMINATE",
        True,
    )
    few = judged(rule, facts(all=100, present=9, yes=(None, 8), no=(None, 1)))
    assert (few.verdict, few.quorum_presumed) == ("FAIL", False)


def test_the_presumption_is_a_setting() -> None:
    strict = configured(rule_named("HK.BMO.general"), {"quorum_unknown": "indeterminate"})
    found = judged(strict, facts(all=(None, 100), yes=(None, 60), no=(None, 10)))
    assert found.verdict == "INDETERMINATE"


def test_nowhere_else_is_a_quorum_presumed() -> None:
    for rule_id in ("TW.31", "IT.1136.second", "AU-NSW.special", "CN.278.major"):
        found = ruling(rule_id, all=(None, 100), yes=(None, 90), no=(None, 1))
        assert found.verdict == "INDETERMINATE"


# Three values


def test_a_known_failure_beats_what_is_unknown() -> None:
    found = ruling("CN.278.major", all=(24, None), yes=(17, None), no=(4, None), abstain=(3, None))
    assert (found.verdict, found.head_approve) == ("FAIL", "FAIL")
    assert failed(found) == [("voting.approve.head", 1)]


def test_an_unknown_participation_is_not_derived() -> None:
    vote = facts(all=100, yes=80, no=1).model_copy(update={"participating_unknown": True})
    assert judged(rule_named("CN.278.ordinary"), vote).verdict == "INDETERMINATE"
