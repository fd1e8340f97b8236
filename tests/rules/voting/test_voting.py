from datetime import date
from fractions import Fraction

import pytest

from models.values.decisions.decision import Decision
from models.values.refusal import Refused
from models.values.voting import (
    Choice,
    Matter,
    Motion,
    MotionKind,
    ReportedTally,
    RollUnit,
    Tally,
    VotingPack,
)
from rules.voting import (
    KIND_NOT_COUNTED,
    adopted,
    decide,
    head_groups,
    kind_of,
    lapses,
    pack_for,
    pack_in_force,
    quorum,
)
from rules.voting.packs import PACKS
from tests.rules.voting.tallies import tally_of

PACK = pack_for("CN-2021")


def of_kind(pack: VotingPack, kind: MotionKind, tally: ReportedTally) -> Decision:
    """A motion of this kind over published numbers."""
    return decide(pack, Motion(id="m", title="m", kind=kind), tally)


MAJOR = Motion(id="m", title="lift", kind=MotionKind.MAJOR)
ORDINARY = Motion(id="o", title="rules", kind=MotionKind.ORDINARY)


def tally(roll: int, yes: int, no: int = 0, abstain: int = 0, each: int = 100) -> Tally:
    """A vote of owners with flats of the same area."""
    took_part = yes + no + abstain
    return Tally(
        roll_heads=roll,
        roll_area_dm2=roll * each,
        participating_heads=took_part,
        participating_area_dm2=took_part * each,
        yes_heads=yes,
        yes_area_dm2=yes * each,
        no_heads=no,
        no_area_dm2=no * each,
        abstain_heads=abstain,
        abstain_area_dm2=abstain * each,
    )


def unit(number: str, owner: str = "", area: int = 5000, **more: object) -> RollUnit:
    fields = {"number": number, "area_dm2": area, "owner_key": owner or number, **more}
    return RollUnit.model_validate(fields)


# Packs


def test_an_unknown_pack_is_refused() -> None:
    with pytest.raises(Refused) as error:
        pack_for("CN-1900")
    assert error.value.problems[0].code == "voting.pack_unknown"


@pytest.mark.parametrize(
    ("region", "on", "pack"),
    [
        ("CN", date(2020, 12, 31), "CN-2007"),
        ("CN", date(2021, 1, 1), "CN-2021"),
        ("CN-3707", date(2026, 1, 1), "CN-3707-2022"),
        ("CN-3707", date(2021, 6, 1), "CN-2021"),
        ("CN-4401", date(2026, 1, 1), "CN-2021"),
    ],
)
def test_the_law_of_the_place_and_day_is_in_force(region: str, on: date, pack: str) -> None:
    assert pack_in_force(region, on).id == pack


@pytest.mark.parametrize(("region", "on"), [("CN", date(2007, 9, 30)), ("XX", date(2026, 1, 1))])
def test_where_no_law_is_known_none_is_invented(region: str, on: date) -> None:
    with pytest.raises(Refused):
        pack_in_force(region, on)


def test_every_condition_of_every_pack_names_its_article() -> None:
    for pack in PACKS:
        for condition in (*pack.quorum, *pack.ordinary, *pack.major):
            assert "art. " in condition.article
    assert len({pack.id for pack in PACKS}) == len(PACKS)


def test_weifang_limits_the_mandates_of_one_agent() -> None:
    assert pack_for("CN-3707-2022").mandates_per_agent == 3
    assert pack_for("CN-2021").mandates_per_agent is None


def test_raising_money_rebuilding_and_common_parts_are_major() -> None:
    major = {matter for matter in Matter if kind_of(matter) is MotionKind.MAJOR}
    assert major == {Matter.FUND_RAISE, Matter.REBUILD, Matter.COMMON_PARTS}


# Heads


def test_one_exclusive_unit_is_one_head() -> None:
    groups = head_groups([unit("101"), unit("102")], PACK)
    assert [(group.entry_id, group.heads) for group in groups] == [("101", 1), ("102", 1)]


def test_all_units_of_the_same_owners_are_one_head_with_the_summed_area() -> None:
    (group,) = head_groups([unit("102", "a", 300), unit("101", "a", 200)], PACK)
    assert (group.entry_id, group.heads, group.area_dm2) == ("101", 1, 500)
    assert group.units == ("101", "102")


def test_the_units_of_a_and_of_a_with_b_stay_apart() -> None:
    assert len(head_groups([unit("101", "a"), unit("102", "a+b")], PACK)) == 2


def test_everything_of_the_developer_is_one_head_sold_or_not() -> None:
    units = [
        unit("101", "dev", developer=True),
        unit("102", "buyer", developer=True),
        unit("103", "buyer"),
    ]
    groups = head_groups(units, PACK)
    assert [(group.units, group.developer) for group in groups] == [
        (("101", "102"), True),
        (("103",), False),
    ]


def test_units_whose_owners_are_unknown_are_not_merged() -> None:
    unknown = [unit("101").model_copy(update={"owner_key": ""}), unit("102")]
    unknown.append(unknown[0].model_copy(update={"number": "103"}))
    assert len(head_groups(unknown, PACK)) == 3


def test_a_parking_bay_does_not_count_and_does_not_swell_its_owners_area() -> None:
    groups = head_groups([unit("101", "a", 300), unit("P1", "a", 12, kind="parking")], PACK)
    assert [(group.area_dm2, group.excluded_reason) for group in groups] == [
        (300, None),
        (12, KIND_NOT_COUNTED),
    ]


def test_a_pack_may_count_parking_bays() -> None:
    counting = PACK.model_copy(update={"counted_kinds": ("flat", "parking")})
    (group,) = head_groups([unit("101", "a", 300), unit("P1", "a", 12, kind="parking")], counting)
    assert group.area_dm2 == 312


def test_excluded_units_are_outside_of_the_denominators() -> None:
    groups = head_groups([unit("101"), unit("102", excluded_reason="conflict_of_interest")], PACK)
    counted = tally_of(groups, {"101": Choice.YES, "102": Choice.NO})
    assert (counted.roll_heads, counted.no_heads) == (1, 0)


def test_a_unit_that_is_twice_on_the_roll_is_refused_by_its_number() -> None:
    with pytest.raises(Refused) as error:
        head_groups([unit("101"), unit("102"), unit("101", "x")], PACK)
    (problem,) = error.value.problems
    assert (problem.code, problem.params) == ("voting.unit_twice", {"unit": "101"})


# Quorum and approval


def test_exactly_two_thirds_and_exactly_three_quarters_pass() -> None:
    assert decide(PACK, MAJOR, tally(24, yes=12, no=4)).passed


def test_one_head_below_two_thirds_has_no_quorum() -> None:
    decision = decide(PACK, MAJOR, tally(24, yes=15))
    assert [check.code for check in decision.failed] == ["voting.quorum.head", "voting.quorum.area"]
    assert (decision.failed[0].have, decision.failed[0].need) == (15, 16)


def test_exactly_half_is_not_more_than_half() -> None:
    assert decide(PACK, ORDINARY, tally(30, yes=10, no=10)).verdict == "FAIL"
    assert decide(PACK, ORDINARY, tally(30, yes=11, no=10)).verdict == "PASS"


def test_an_abstention_counts_against_silence_does_not() -> None:
    # 14 yes, 2 no: 87.5% of those who took part; with three abstentions 73.7%.
    assert decide(PACK, MAJOR, tally(20, yes=14, no=2)).passed
    assert not decide(PACK, MAJOR, tally(20, yes=14, no=2, abstain=3)).passed


@pytest.mark.parametrize("dimension", ["heads", "area_dm2"])
def test_one_dimension_alone_does_not_carry(dimension: str) -> None:
    lost = {f"yes_{dimension}": 10, f"no_{dimension}": 6}
    area = {"roll_area_dm2": 24, "participating_area_dm2": 16, "abstain_area_dm2": 0}
    both = {"yes_heads": 12, "no_heads": 4, "yes_area_dm2": 12, "no_area_dm2": 4}
    given = Tally.model_validate(
        {"roll_heads": 24, "participating_heads": 16, "abstain_heads": 0, **area, **both, **lost}
    )
    (failed,) = decide(PACK, MAJOR, given).failed
    assert failed.code == f"voting.approve.{'head' if dimension == 'heads' else 'area'}"


def test_the_guangzhou_vote_fails_if_all_return_a_ballot_and_passes_up_to_42() -> None:
    for returned in range(32, 45):
        decision = decide(PACK, MAJOR, tally(44, yes=32, no=returned - 32))
        assert decision.passed is (returned <= 42)


def test_a_need_may_be_a_fraction() -> None:
    decision = decide(PACK, MAJOR, tally(17, yes=13, no=4))
    assert decision.checks[2].need == Fraction(51, 4)
    assert decision.model_dump(mode="json")["checks"][2]["need"] == "51/4"


def test_the_matter_cannot_be_undercut_by_calling_the_motion_ordinary() -> None:
    lift = Motion(id="l", title="lift", kind=MotionKind.ORDINARY, matter=Matter.REBUILD)
    assert not decide(PACK, lift, tally(20, yes=11, no=9)).passed


def test_nobody_decides_nothing() -> None:
    decision = decide(PACK, MAJOR, tally(0, yes=0))
    assert [check.code for check in decision.failed] == ["voting.roll.head"]
    assert not decide(PACK, MAJOR, tally(20, yes=0)).passed


def test_the_quorum_alone_is_asked_by_the_turnout() -> None:
    assert quorum(PACK, tally(24, yes=0, no=16)).passed
    assert not quorum(PACK, tally(24, yes=15)).passed


# Unknown numbers


def test_an_unknown_area_is_indeterminate_when_nothing_failed() -> None:
    known = ReportedTally(roll_heads=12, yes_heads=10, no_heads=2, abstain_heads=0)
    decision = of_kind(PACK, MotionKind.MAJOR, known)
    assert decision.verdict == "INDETERMINATE"
    assert [check.passed for check in decision.checks] == [True, None, True, None]


def test_a_known_failure_beats_what_is_unknown() -> None:
    known = ReportedTally(roll_heads=950, participating_heads=609)
    assert of_kind(PACK, MotionKind.ORDINARY, known).verdict == "FAIL"


def test_nothing_known_is_indeterminate() -> None:
    decision = of_kind(PACK, MotionKind.MAJOR, ReportedTally())
    assert decision.verdict == "INDETERMINATE"


# Following the majority


FOLLOWING = PACK.model_copy(update={"non_return": "follow_majority"})


def test_silence_follows_the_majority_only_where_the_owners_rules_say_so() -> None:
    split = tally(30, yes=14, no=6)
    assert not decide(PACK, MAJOR, split).passed
    assert decide(FOLLOWING, MAJOR, split).passed


def test_silence_never_makes_a_quorum() -> None:
    assert not decide(FOLLOWING, MAJOR, tally(30, yes=19)).passed


def test_silence_follows_a_majority_against_too_and_nobody_in_a_tie() -> None:
    assert not decide(FOLLOWING, ORDINARY, tally(30, yes=9, no=11)).passed
    tie = decide(FOLLOWING, ORDINARY, tally(30, yes=10, no=10))
    assert tie == decide(PACK, ORDINARY, tally(30, yes=10, no=10))


def test_unknown_numbers_follow_nobody() -> None:
    known = ReportedTally(roll_heads=12, yes_heads=10, no_heads=2, abstain_heads=0)
    assert of_kind(FOLLOWING, MotionKind.MAJOR, known).verdict == "INDETERMINATE"


# Dependent motions


def motion(name: str, on: str | None = None) -> Motion:
    return Motion(id=name, title=name, kind=MotionKind.MAJOR, depends_on=on)


CHAIN = (motion("scheme"), motion("money", "scheme"), motion("instalments", "money"))


def test_what_depends_on_a_failed_motion_lapses_down_the_chain() -> None:
    assert lapses(CHAIN, ()) == ("money", "instalments")
    assert lapses(CHAIN, ("scheme",)) == ("instalments",)
    assert lapses(CHAIN, ("scheme", "money")) == ()


def test_a_motion_that_passed_lapses_all_the_same() -> None:
    assert lapses(CHAIN, ("money", "instalments")) == ("money", "instalments")


def test_circles_and_motions_that_are_not_put_lapse() -> None:
    assert lapses((motion("a", "b"), motion("b", "a")), ("a", "b")) == ("a", "b")
    assert lapses((motion("a"), motion("b", "missing")), ("a", "b")) == ("b",)


@pytest.mark.parametrize(
    ("passed", "is_adopted"),
    [
        ({"scheme", "money", "instalments"}, True),
        ({"scheme", "money"}, False),
        ({"scheme"}, False),
        ({"money", "instalments"}, False),
        (set(), False),
    ],
)
def test_a_scheme_is_adopted_when_nothing_that_stands_failed(
    passed: set[str], is_adopted: bool
) -> None:
    assert adopted(CHAIN, passed) is is_adopted


def test_without_a_motion_nothing_is_adopted() -> None:
    assert not adopted((), ())
