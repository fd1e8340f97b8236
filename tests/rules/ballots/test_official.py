from hypothesis import given
from hypothesis import strategies as st

from models.values.voting import Motion, MotionKind, MotionOption, ReportedTally
from rules.ballots.official import official_problems, official_results
from rules.voting import pack_for
from rules.voting.live.beside import Weight

PACK = pack_for("CN-2021")
WORKS = Motion(id="works", title="Works", kind=MotionKind.MAJOR)
COSTS = Motion(id="costs", title="Costs", kind=MotionKind.MAJOR, depends_on="works")
ROLL = Weight(24, 2_400)


def tally(yes: int, no: int = 0, abstain: int = 0, **more: int | None) -> ReportedTally:
    fields: dict[str, int | None] = {"roll_heads": 24, "roll_area_dm2": 2_400}
    for name, number in (("yes", yes), ("no", no), ("abstain", abstain)):
        fields |= {f"{name}_heads": number, f"{name}_area_dm2": number * 100}
    part = yes + no + abstain
    fields |= {"participating_heads": part, "participating_area_dm2": part * 100}
    return ReportedTally.model_validate({**fields, **more})


def codes(results: dict[str, ReportedTally], motions: tuple[Motion, ...] = (WORKS,)) -> list[str]:
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


def test_options_are_not_imported() -> None:
    options = tuple(MotionOption(id=each, title=each) for each in ("a", "b"))
    roof = Motion(id="roof", title="Roof", kind=MotionKind.ORDINARY, options=options)
    assert codes({"roof": tally(20)}, (roof,)) == ["official.not_yes_or_no"]


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
