from hypothesis import given
from hypothesis import strategies as st

from models.values.voting import CHANNELS, INVALID, Motion, MotionKind
from rules.ballots.paper import (
    Line,
    RollPlace,
    again_problems,
    ballot_command,
    differing,
    is_invalid,
    line_digest,
    line_problems,
    same_route,
)
from rules.ballots.states import ROUTE_OF

KEY = b"k" * 32
MOTIONS = {name: Motion(id=name, title=name, kind=MotionKind.MAJOR) for name in ("works", "costs")}
WORDS = st.sampled_from(("yes", "no", "abstain", INVALID))
CHOICES = st.fixed_dictionaries(dict.fromkeys(MOTIONS, WORDS))
UNITS = st.sampled_from([f"1-{number}" for number in range(101, 109)])
LINES = st.builds(Line, UNITS, st.none() | CHOICES)
ROLL = {f"1-{number}": RollPlace(f"e{number}", None) for number in range(101, 109)}
YES = {"works": "yes", "costs": "yes"}


def codes(*lines: Line, elsewhere: dict[str, str] | None = None) -> list[tuple[str, str]]:
    problems = line_problems(lines, MOTIONS, ROLL, elsewhere or {}, "paper")
    return [(problem.where, problem.code) for problem in problems]


@given(LINES, LINES)
def test_two_lines_have_the_same_digest_only_if_they_say_the_same(a: Line, b: Line) -> None:
    assert (line_digest(KEY, "batch", a) == line_digest(KEY, "batch", b)) is (a == b)


@given(LINES)
def test_a_digest_is_of_its_batch_and_its_key(line: Line) -> None:
    digests = {
        line_digest(KEY, "batch", line),
        line_digest(KEY, "other", line),
        line_digest(b"j" * 32, "batch", line),
    }
    assert len(digests) == 3


def test_equal_choices_of_two_units_do_not_look_equal() -> None:
    assert line_digest(KEY, "b", Line("1", YES)) != line_digest(KEY, "b", Line("2", YES))


@given(st.dictionaries(UNITS, CHOICES), st.dictionaries(UNITS, CHOICES))
def test_what_differs_is_what_is_not_the_same_in_both_whichever_comes_first(
    first: dict[str, dict[str, str]], second: dict[str, dict[str, str]]
) -> None:
    def typed(said: dict[str, dict[str, str]]) -> dict[str, bytes]:
        return {unit: line_digest(KEY, "b", Line(unit, each)) for unit, each in said.items()}

    found = differing(typed(first), typed(second))
    assert found == differing(typed(second), typed(first))
    assert set(found) == {unit for unit in first | second if first.get(unit) != second.get(unit)}


def test_every_problem_of_every_line_is_found_at_once() -> None:
    found = codes(
        Line("9-999", YES),
        Line("1-101", {"works": "maybe", "costs": "yes"}),
        Line("1-102", {"works": "yes"}),
        Line("1-101", YES),
        Line("1-103", YES),
        elsewhere={"e103": "P-01"},
    )
    assert found == [
        ("lines.1", "voting.unit_not_on_roll"),
        ("lines.2.choices.works", "voting.choice_unknown"),
        ("lines.3", "paper.motion_left_out"),
        ("lines.4", "paper.owner_twice"),
        ("lines.5", "paper.in_another_batch"),
    ]


def test_a_blank_or_double_mark_is_invalid_and_may_be_entered_on_paper_only() -> None:
    line = Line("1-101", {"works": INVALID, "costs": "yes"})
    assert codes(line) == []
    assert is_invalid(line)
    assert not is_invalid(Line("1-101", YES))
    assert not is_invalid(Line("1-101", None))


def test_an_excluded_unit_is_refused_even_where_it_has_no_ballot() -> None:
    roll = {"1-101": RollPlace("e", "arrears")}
    (problem,) = line_problems([Line("1-101", None)], MOTIONS, roll, {}, "paper")
    assert problem.code == "voting.unit_excluded"


def test_only_what_differed_is_typed_again() -> None:
    assert again_problems("P", ("1", "2"), ("2", "1")) == ()
    assert [p.code for p in again_problems("P", ("1", "2"), ("1",))] == ["paper.other_lines"]
    assert [p.code for p in again_problems("P", (), ("1",))] == ["paper.batch_complete"]


@given(UNITS, UNITS)
def test_a_line_has_one_command_and_no_two_lines_have_the_same(a: str, b: str) -> None:
    assert (ballot_command(KEY, "b", a) == ballot_command(KEY, "b", b)) is (a == b)


@given(st.sampled_from(CHANNELS))
def test_a_channel_is_of_its_own_route(channel: str) -> None:
    assert channel in same_route(channel)  # type: ignore[arg-type]
    assert {ROUTE_OF[each] for each in same_route(channel)} == {ROUTE_OF[channel]}
