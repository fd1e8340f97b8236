"""From what counted ballots say to results: yes and no, options with a run-off, menus."""

import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from models.values.voting import Matter, Motion, MotionKind, MotionOption
from rules.voting import (
    Weight,
    intact_check,
    motion_results,
    pack_for,
    run_off_due,
    run_off_motions,
)
from rules.voting.results import MotionResult

PACK = pack_for("CN-2021")
WORKS = Motion(id="works", title="Works", kind=MotionKind.MAJOR, matter=Matter.REBUILD)
COSTS = Motion(id="costs", title="Costs", kind=MotionKind.MAJOR, depends_on="works")
COLOUR = Motion(
    id="colour",
    title="Colour",
    kind=MotionKind.ORDINARY,
    options=tuple(MotionOption(id=name, title=name) for name in ("red", "green", "blue")),
)
ROLL = Weight(100, 10_000)


def said(**ways: tuple[Mapping[str, object], int]) -> dict[bytes, Weight]:
    """Name to (choices, heads); each head has 100 of area."""
    found: dict[bytes, Weight] = {}
    for choices, heads in ways.values():
        found[json.dumps(choices, sort_keys=True).encode()] = Weight(heads, heads * 100)
    return found


def colours(**heads: int) -> MotionResult:
    ways = {name: ({"colour": name}, number) for name, number in heads.items()}
    return motion_results(PACK, [COLOUR], said(**ways), ROLL)["colour"]


def test_yes_and_no_are_decided_by_the_pack() -> None:
    ways = said(a=({"works": "yes", "costs": "yes"}, 75), b=({"works": "no", "costs": "no"}, 25))
    results = motion_results(PACK, [WORKS, COSTS], ways, ROLL)
    assert [results[name].outcome for name in ("works", "costs")] == ["passed", "passed"]
    assert results["works"].tally.yes_area_dm2 == 7_500


def test_a_motion_whose_condition_failed_lapses_whatever_was_said_to_it() -> None:
    ways = said(a=({"works": "no", "costs": "yes"}, 100))
    results = motion_results(PACK, [WORKS, COSTS], ways, ROLL)
    assert [results[name].outcome for name in ("works", "costs")] == ["failed", "lapsed"]


def test_an_invalid_answer_takes_no_part_and_is_published() -> None:
    ways = said(a=({"works": "yes"}, 70), b=({"works": "invalid"}, 30))
    tally = motion_results(PACK, [WORKS], ways, ROLL)["works"].tally
    assert (tally.participating_heads, tally.invalid_heads) == (70, 30)


def test_a_box_that_is_not_intact_passes_nothing_and_says_why() -> None:
    ways = said(a=({"works": "yes"}, 100))
    result = motion_results(PACK, [WORKS], ways, ROLL, [intact_check(1)])["works"]
    assert result.outcome == "failed"
    assert [check.code for check in result.decision.failed] == ["voting.box_intact"]


def test_an_option_with_the_majority_wins() -> None:
    result = colours(red=51, green=30, blue=19)
    assert (result.outcome, result.winner) == ("passed", "red")
    assert (result.tally.yes_heads, result.tally.no_heads) == (51, 49)


def test_without_a_majority_the_top_two_are_put_again() -> None:
    result = colours(red=40, green=35, blue=25)
    assert (result.outcome, result.winner, set(result.named)) == ("run_off", None, {"red", "green"})


def test_where_second_place_is_shared_nobody_is_left_out_silently() -> None:
    result = colours(red=40, green=30, blue=30)
    assert (result.outcome, set(result.named)) == ("tie", {"red", "green", "blue"})


def test_too_few_took_part_for_any_option() -> None:
    assert colours(red=60).outcome == "failed"


@given(st.permutations(["yes", "no", "abstain"]), st.tuples(*[st.integers(0, 33)] * 3))
def test_the_order_of_ballots_is_irrelevant(order: list[str], heads: tuple[int, ...]) -> None:
    numbers = dict(zip(("yes", "no", "abstain"), heads, strict=True))
    one = said(**{word: ({"works": word}, numbers[word]) for word in numbers})
    other = said(**{word: ({"works": word}, numbers[word]) for word in order})
    assert motion_results(PACK, [WORKS], one, ROLL) == motion_results(PACK, [WORKS], other, ROLL)


def test_a_run_off_puts_the_top_two_and_what_waited_for_them_and_nothing_settled() -> None:
    waiting = Motion(id="paint", title="Paint", kind=MotionKind.ORDINARY, depends_on="colour")
    colour = COLOUR.model_copy(update={"depends_on": "works"})
    outcomes = {"works": "passed", "colour": "run_off", "paint": "lapsed"}
    assert run_off_due(outcomes)
    put = run_off_motions((WORKS, colour, waiting), outcomes, {"colour": ("red", "blue")})
    assert [(motion.id, motion.depends_on) for motion in put] == [
        ("colour", None),
        ("paint", "colour"),
    ]
    assert [option.id for option in put[0].options] == ["red", "blue"]


def test_no_run_off_saves_a_vote_in_which_something_failed_for_good() -> None:
    assert not run_off_due({"works": "failed", "colour": "run_off"})
    assert not run_off_due({"works": "passed"})
