import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.decisions.menu import BallotForm, Menu, MenuItem
from models.values.refusal import Refused
from models.values.voting import Motion, MotionKind, MotionOption, ReportedChoice, ReportedNumbers
from rules.ballots.official import official_problems, official_results
from rules.voting import pack_for
from rules.voting.live.beside import Weight

PACK = pack_for("CN-2021")
WORKS = Motion(id="works", title="Works", kind=MotionKind.MAJOR)
COSTS = Motion(id="costs", title="Costs", kind=MotionKind.MAJOR, depends_on="works")
ROLL = Weight(24, 2_400)


def tally(yes: int, no: int = 0, abstain: int = 0, **more: int | None) -> ReportedNumbers:
    fields: dict[str, int | None] = {"roll_heads": 24, "roll_area_dm2": 2_400}
    for name, number in (("yes", yes), ("no", no), ("abstain", abstain)):
        fields |= {f"{name}_heads": number, f"{name}_area_dm2": number * 100}
    part = yes + no + abstain
    fields |= {"participating_heads": part, "participating_area_dm2": part * 100}
    return ReportedNumbers.model_validate({**fields, **more})


def codes(results: dict[str, ReportedNumbers], motions: tuple[Motion, ...] = (WORKS,)) -> list[str]:
    return [problem.code for problem in official_problems(motions, results, ROLL)]


def test_twelve_of_sixteen_at_the_exact_bound_passes_and_one_less_fails() -> None:
    passed = official_results(PACK, (WORKS,), {"works": tally(12, 4)})["works"]
    assert (passed.outcome, passed.decision.verdict) == ("passed", "PASS")
    failed = official_results(PACK, (WORKS,), {"works": tally(11, 5)})["works"]
    assert (failed.outcome, failed.decision.verdict) == ("failed", "FAIL")


def test_a_number_that_was_not_published_is_not_guessed_and_not_adopted() -> None:
    result = official_results(PACK, (WORKS,), {"works": tally(20, 4, yes_area_dm2=None)})["works"]
    assert (result.outcome, result.decision.verdict) == ("failed", "INDETERMINATE")


def test_what_depends_on_a_failed_motion_lapses() -> None:
    results = official_results(PACK, (WORKS, COSTS), {"works": tally(1), "costs": tally(24)})
    assert [each.outcome for each in results.values()] == ["failed", "lapsed"]


def test_every_motion_has_its_numbers_and_no_other_has() -> None:
    assert codes({"works": tally(20)}) == []
    assert codes({"moon": tally(20)}) == ["voting.motion_unknown", "official.motion_missing"]


def test_a_report_over_another_roll_or_against_itself_is_refused() -> None:
    assert codes({"works": tally(20, roll_heads=25)}) == ["official.other_roll"]
    assert codes({"works": tally(20, roll_heads=None)}) == []
    assert codes({"works": tally(25)}) != []
    assert codes({"works": tally(20, participating_heads=3)}) != []
    assert codes({"works": tally(20, no_heads=-1)}) == ["official.below_zero"]


OPTIONS = tuple(MotionOption(id=each, title=each) for each in ("a", "b", "c"))
ROOF = Motion(id="roof", title="Roof", kind=MotionKind.ORDINARY, options=OPTIONS)


def of_each(**heads: int) -> dict[str, ReportedChoice]:
    return {name: ReportedChoice(heads=n, area_dm2=n * 100) for name, n in heads.items()}


def reported(part: int, chosen: tuple[str, ...] = (), **heads: int) -> ReportedNumbers:
    """So many took part, and so many stand behind each option or work."""
    fields = {
        name: number
        for name, number in tally(part).model_dump().items()
        if not name.startswith(("yes", "no_")) and number is not None
    }
    return ReportedNumbers(**fields, options=of_each(**heads), chosen=chosen)


def test_of_reported_options_one_wins_two_are_put_again_or_nothing_is_guessed() -> None:
    def found(given: ReportedNumbers) -> tuple[str, str | None, tuple[str, ...]]:
        assert codes({"roof": given}, (ROOF,)) == []
        result = official_results(PACK, (ROOF,), {"roof": given})["roof"]
        return result.outcome, result.winner, result.named

    assert found(reported(20, a=11, b=5, c=4)) == ("passed", "a", ())
    assert found(reported(20, a=9, b=7, c=4)) == ("run_off", None, ("a", "b"))
    assert found(reported(15, a=11, b=3, c=1)) == ("failed", None, ())  # the quorum is 16
    assert found(reported(20, a=11, b=5)) == ("failed", None, ())  # of c nothing was published


def test_a_report_of_options_is_about_these_options_and_has_their_numbers() -> None:
    assert codes({"roof": tally(20)}, (ROOF,)) == ["official.options_missing"]
    assert codes({"roof": reported(20, a=11, d=2)}, (ROOF,)) == ["official.choice_unknown"]
    assert codes({"works": reported(20, a=11)}) == ["official.choice_unknown"]
    assert set(codes({"roof": reported(20, a=21)}, (ROOF,))) == {"official.choice_above"}


def abstaining(given: ReportedNumbers, abstain: int) -> ReportedNumbers:
    numbers = {"abstain_heads": abstain, "abstain_area_dm2": abstain * 100}
    return given.model_copy(update=numbers)


def test_options_that_contradict_each_other_or_those_who_took_part_are_refused() -> None:
    def found(given: ReportedNumbers) -> set[str]:
        return set(codes({"roof": given}, (ROOF,)))

    assert found(reported(20, a=11, b=10)) == {"decide.more_than"}
    assert found(abstaining(reported(20, a=11, b=5), 4)) == set()
    assert found(abstaining(reported(20, a=11, b=5), 5)) == {"decide.more_than"}
    assert found(abstaining(reported(20, a=11), 10)) == {"official.choice_above"}
    assert found(reported(20, a=11, b=-1)) == {"official.below_zero"}
    airy = reported(20, a=11).model_copy(
        update={"options": {"a": ReportedChoice(heads=0, area_dm2=9)}}
    )
    assert found(airy) == {"decide.weight_without_heads"}


def test_a_work_has_no_more_supporters_than_took_part_and_did_not_abstain() -> None:
    assert codes({"extras": abstaining(reported(20, ("ramp",), ramp=15), 5)}, (MENU,)) == []
    above = abstaining(reported(20, ("ramp",), ramp=15), 6)
    assert set(codes({"extras": above}, (MENU,))) == {"official.choice_above"}


def test_where_only_those_who_agreed_pay_no_report_of_options_decides_either() -> None:
    """A report names nobody (WEG § 21)."""
    pack, roll = (
        pack_for("DE-2020"),
        {"roll_heads": 10, "roll_area_dm2": 1_000, "roll_shares": 1_000},
    )
    part = {"participating_heads": 6, "participating_area_dm2": 600, "participating_shares": 600}
    options = {
        name: ReportedChoice(heads=n, area_dm2=n * 100, shares=n * 100)
        for name, n in (("a", 4), ("b", 2))
    }
    put = Motion(id="w", title="w", matter="works", options=OPTIONS[:2])
    given = ReportedNumbers(**roll, **part, options=options)
    assert official_problems((put,), {"w": given}, Weight(10, 1_000, 1_000)) == ()
    with pytest.raises(Refused, match=r"official\.payers_unknown"):
        official_results(pack, (put,), {"w": given})


MENU = Motion(
    id="extras",
    title="Extras",
    kind=MotionKind.MAJOR,
    menu=Menu(
        items=tuple(MenuItem(id=name, cost=cost) for name, cost in (("lamp", 3), ("ramp", 5))),
        budget=7,
        form=BallotForm.APPROVAL,
    ),
)


def test_the_works_that_an_official_system_chose_stand_if_each_has_the_bar_of_its_class() -> None:
    def outcome(given: ReportedNumbers) -> str:
        assert codes({"extras": given}, (MENU,)) == []
        return official_results(PACK, (MENU,), {"extras": given})["extras"].outcome

    assert outcome(reported(20, ("ramp",), ramp=15, lamp=3)) == "passed"  # 3/4 of 20
    assert outcome(reported(20, ("ramp",), ramp=14, lamp=3)) == "failed"
    assert outcome(reported(20, ("ramp",), lamp=3)) == "failed"  # who wants the ramp is not known
    assert outcome(reported(20, (), ramp=20)) == "failed"
    assert outcome(reported(15, ("ramp",), ramp=15)) == "failed"  # the quorum is 16
    result = official_results(PACK, (MENU,), {"extras": reported(20, ("ramp",), ramp=15)})["extras"]
    assert result.menu is not None
    assert (result.menu.winners, result.menu.cost) == (("ramp",), 5)


def test_what_was_chosen_of_a_menu_is_of_it_once_and_within_its_budget() -> None:
    assert codes({"extras": reported(20, ("ramp", "lamp"), ramp=20, lamp=20)}, (MENU,)) == [
        "official.over_budget"
    ]
    assert codes({"extras": reported(20, ("moon",), ramp=20)}, (MENU,)) == [
        "official.choice_unknown"
    ]
    assert codes({"extras": reported(20, ("lamp", "lamp"), lamp=20)}, (MENU,)) == [
        "official.chosen_twice"
    ]


@given(st.integers(0, 24), st.integers(0, 24), st.integers(0, 24))
def test_a_report_is_decided_like_a_count_of_the_same_numbers(
    yes: int, no: int, abstain: int
) -> None:
    if yes + no + abstain > 24:
        return
    part = yes + no + abstain
    result = official_results(PACK, (WORKS,), {"works": tally(yes, no, abstain)})["works"]
    assert codes({"works": tally(yes, no, abstain)}) == []
    assert (result.outcome == "passed") is (3 * part >= 2 * 24 and 4 * yes >= 3 * part)
