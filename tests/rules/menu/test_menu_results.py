"""A menu obeys the class of its matter: each work by its own supporters, or all of it by one question."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.values.decisions.menu import (
    Approval,
    BallotForm,
    Completion,
    Menu,
    MenuItem,
    MenuRule,
)
from models.values.voting import Matter, Motion, MotionKind
from rules.voting import Weight, adopted, as_put, motion_results, pack_for
from rules.voting.motions import WHOLE, WHOLE_WORDS
from rules.voting.results import MotionResult

PACK = pack_for("CN-2021")
COSTS = {"bench": 40, "lamp": 50, "tree": 30}
BUDGET = 90
ROLL = Weight(100, 10_000)
ID = "extras"
Ways = list[tuple[object, int, int]]
"""What is said to the menu, by how many heads, with how much area."""


def menu(
    kind: MotionKind = MotionKind.ORDINARY,
    approval: Approval = Approval.EACH,
    form: BallotForm = BallotForm.APPROVAL,
    **more: Any,
) -> Motion:
    items = tuple(MenuItem(id=name, cost=cost) for name, cost in COSTS.items())
    asked = Menu(items=items, budget=BUDGET, form=form)
    fields = {"id": ID, "title": "Works", "kind": kind, "menu": asked, "approval": approval}
    return Motion.model_validate({**fields, **more})


def weights_of(ways: Ways, whole: Mapping[str, int] | None = None) -> dict[bytes, Weight]:
    said: dict[bytes, Weight] = {}

    def add(choices: dict[str, object], heads: int, area: int) -> None:
        text = json.dumps(choices, sort_keys=True).encode()
        said[text] = said.get(text, Weight()).plus(Weight(heads, area))

    for answer, heads, area in ways:
        add({ID: answer}, heads, area)
    for word, heads in (whole or {}).items():
        add({ID + WHOLE: word}, heads, heads * 100)
    return said


def result(motion: Motion, ways: Ways) -> MotionResult:
    return motion_results(PACK, [motion], weights_of(ways), ROLL)[ID]


def winners(found: MotionResult) -> tuple[str, ...]:
    assert found.menu is not None
    return found.menu.winners


def test_a_work_is_chosen_by_its_own_supporters_and_says_their_numbers() -> None:
    found = result(
        menu(),
        [(["bench", "lamp"], 40, 4_000), (["tree"], 25, 2_500), ("abstain", 5, 500)],
    )
    assert found.works is not None
    assert (found.outcome, winners(found)) == ("passed", ("bench", "lamp"))
    verdicts = {name: work.decision.verdict for name, work in found.works.items()}
    assert verdicts == {"bench": "PASS", "lamp": "PASS", "tree": "FAIL"}
    assert [(c.code, c.have, c.need) for c in found.works["tree"].decision.failed] == [
        ("voting.approve.head", 25, 35),
        ("voting.approve.area", 2_500, 3_500),
    ]
    assert (found.tally.yes_heads, found.tally.abstain_heads) == (65, 5)


def test_one_ballot_in_favour_rebuilds_no_estate() -> None:
    """The quorum is there, nearly everybody abstains, one owner wants it all."""
    found = result(
        menu(MotionKind.MAJOR, matter=Matter.REBUILD),
        [(["bench", "lamp", "tree"], 1, 100), ("abstain", 99, 9_900)],
    )
    assert (found.outcome, winners(found)) == ("failed", ())
    assert [check.code for check in found.decision.failed] == ["voting.work_chosen"]


@pytest.mark.parametrize(("yes", "area", "passes"), [(75, 7_500, True), (74, 7_500, False)])
def test_three_quarters_of_those_who_took_part_are_the_bar_of_a_major_matter(
    yes: int, area: int, passes: bool
) -> None:
    found = result(
        menu(MotionKind.MAJOR), [(["lamp"], yes, area), (["tree"], 100 - yes, 10_000 - area)]
    )
    assert winners(found) == (("lamp",) if passes else ())


def test_a_work_needs_area_as_well_as_heads() -> None:
    found = result(menu(), [(["lamp"], 60, 3_000), (["tree"], 40, 7_000)])
    assert (found.outcome, winners(found)) == ("failed", ())


def test_the_matter_makes_the_bar_not_what_the_motion_calls_itself() -> None:
    found = result(
        menu(MotionKind.ORDINARY, matter=Matter.REBUILD),
        [(["lamp"], 60, 6_000), (["tree"], 40, 4_000)],
    )
    assert found.outcome == "failed"


def test_what_was_approved_is_chosen_within_the_budget() -> None:
    """All three have the bar, the money is enough for two of them."""
    found = result(menu(), [(["lamp", "bench", "tree"], 70, 7_000), (["tree"], 10, 1_000)])
    assert winners(found) == ("tree", "bench")
    assert found.menu is not None
    assert found.menu.cost <= BUDGET


@pytest.mark.parametrize("rule", list(MenuRule))
def test_a_menu_without_the_quorum_chooses_nothing(rule: MenuRule) -> None:
    found = result(menu(menu_rule=rule), [(["bench"], 50, 5_000)])
    assert (found.outcome, winners(found)) == ("failed", ())


@pytest.mark.parametrize("approval", list(Approval))
@pytest.mark.parametrize("rule", list(MenuRule))
@pytest.mark.parametrize("least", [-1, 0, 1])
def test_with_nothing_cast_nothing_is_chosen(
    approval: Approval, rule: MenuRule, least: int
) -> None:
    motion = menu(approval=approval, menu_rule=rule)
    assert motion.menu is not None
    loose = motion.menu.model_copy(
        update={"rules": motion.menu.rules.model_copy(update={"min_score": least})}
    )
    put = as_put([motion.model_copy(update={"menu": loose})])
    found = motion_results(PACK, put, {}, ROLL)
    assert "passed" not in {each.outcome for each in found.values()}
    assert not adopted(put, ())


def test_points_of_none_are_no_support() -> None:
    found = result(
        menu(form=BallotForm.CUMULATIVE),
        [({"lamp": 0, "tree": 3}, 60, 6_000), ({"lamp": 9}, 40, 4_000)],
    )
    assert winners(found) == ("tree",)


def test_equal_works_are_told() -> None:
    found = result(menu(), [(["bench", "lamp", "tree"], 80, 8_000)])
    assert found.menu is not None
    (tie,) = found.menu.ties
    assert (tie.items, tie.decisive) == (("bench", "lamp", "tree"), True)


def test_a_work_that_may_not_be_chosen_is_in_no_tie() -> None:
    found = result(menu(), [(["bench"], 40, 6_000), (["lamp"], 40, 4_000)])
    assert found.menu is not None
    assert found.menu.ties == ()


# As a whole: one question more on the same ballot.


def whole(ways: Ways, answers: Mapping[str, int], **more: Any) -> dict[str, MotionResult]:
    put = as_put([menu(MotionKind.MAJOR, Approval.WHOLE, **more)])
    return motion_results(PACK, put, weights_of(ways, answers), ROLL)


def test_the_ballot_asks_about_whatever_the_method_chooses_before_the_menu() -> None:
    motion = menu(MotionKind.MAJOR, Approval.WHOLE, matter=Matter.REBUILD, depends_on="works")
    question, asked = as_put([motion])
    assert "whatever the method chooses within the budget" in WHOLE_WORDS
    assert (question.id, question.title) == ("extras.whole", f"Works: {WHOLE_WORDS}")
    assert (question.kind, question.matter) == (motion.kind, motion.matter)
    assert (question.depends_on, asked.depends_on) == ("works", "extras.whole")
    assert as_put((question, asked)) == (question, asked)
    assert as_put([menu()]) == (menu(),)


def test_a_minority_gets_its_part_where_the_owners_approve_the_method() -> None:
    ways: Ways = [(["bench", "lamp"], 40, 4_000), (["tree"], 30, 3_000)]
    found = whole(
        ways,
        {"yes": 60, "no": 10},
        menu_rule=MenuRule.EQUAL_SHARES,
        completion=Completion.ADD1,
    )
    assert [each.outcome for each in found.values()] == ["passed", "passed"]
    assert "tree" in winners(found[ID])
    assert found[ID].works is None


@pytest.mark.parametrize(
    ("answers", "outcomes"),
    [
        ({"yes": 75, "no": 25}, ["passed", "passed"]),
        ({"yes": 74, "no": 26}, ["failed", "lapsed"]),
        ({"yes": 66}, ["failed", "lapsed"]),
        ({}, ["failed", "lapsed"]),
    ],
)
def test_the_question_needs_quorum_and_bar_however_many_chose(
    answers: dict[str, int], outcomes: list[str]
) -> None:
    found = whole([(["lamp"], 100, 10_000)], answers)
    assert [each.outcome for each in found.values()] == outcomes


def test_the_approved_method_may_choose_nothing() -> None:
    found = whole([("abstain", 100, 10_000)], {"yes": 100})
    assert [each.outcome for each in found.values()] == ["passed", "failed"]


# An oracle that knows no rule of this project: it counts voter by voter.

VOTERS = st.lists(
    st.tuples(
        st.one_of(
            st.none(), st.just("abstain"), st.lists(st.sampled_from(sorted(COSTS)), unique=True)
        ),
        st.integers(1, 9),
        st.sampled_from(("yes", "no", "abstain", None)),
    ),
    min_size=1,
    max_size=12,
)


def bar(yes: int, part: int, roll: int, major: bool) -> bool:
    return 3 * part >= 2 * roll and (4 * yes >= 3 * part if major else 2 * yes > part)


@settings(deadline=None)
@given(VOTERS, st.booleans(), st.sampled_from(list(Approval)), st.integers(0, 130))
@example([(["bench"], 1, "yes")], True, Approval.WHOLE, 0)
def test_the_oracle_chooses_the_same_works(
    voters: list[tuple[Any, int, str | None]], major: bool, approval: Approval, budget: int
) -> None:
    kind = MotionKind.MAJOR if major else MotionKind.ORDINARY
    motion = menu(kind, approval)
    assert motion.menu is not None
    motion = motion.model_copy(update={"menu": motion.menu.model_copy(update={"budget": budget})})
    said: dict[bytes, Weight] = {}
    for answer, area, word in voters:
        choices = {} if answer is None else {ID: answer}
        if approval is Approval.WHOLE and word is not None:
            choices[ID + WHOLE] = word
        text = json.dumps(choices, sort_keys=True).encode()
        said[text] = said.get(text, Weight()).plus(Weight(1, area))
    roll = Weight(len(voters), sum(area for _, area, _ in voters))
    found = motion_results(PACK, as_put([motion]), said, roll)
    assert winners(found[ID]) == oracle(voters, major, approval, budget)
    if approval is Approval.WHOLE:
        answers = [(area, word) for _, area, word in voters if word is not None]
        yes = [area for area, word in answers if word == "yes"]
        carried = bar(len(yes), len(answers), roll.heads, major) and bar(
            sum(yes), sum(area for area, _ in answers), roll.area_dm2, major
        )
        assert (found[ID].outcome == "passed") is (carried and bool(winners(found[ID])))
    else:
        assert (found[ID].outcome == "passed") is bool(winners(found[ID]))


def oracle(
    voters: list[tuple[Any, int, str | None]], major: bool, approval: Approval, budget: int
) -> tuple[str, ...]:
    part = [(answer, area) for answer, area, _ in voters if answer is not None]
    votes = {
        name: [area for answer, area in part if answer != "abstain" and name in answer]
        for name in COSTS
    }
    heads, area = len(voters), sum(area for _, area, _ in voters)
    able = [
        name
        for name, yes in votes.items()
        if approval is Approval.WHOLE
        or (
            bar(len(yes), len(part), heads, major)
            and bar(sum(yes), sum(a for _, a in part), area, major)
        )
    ]
    chosen: list[str] = []
    for name in sorted(able, key=lambda each: -len(votes[each])):
        if votes[name] and sum(COSTS[each] for each in (*chosen, name)) <= budget:
            chosen.append(name)
    return tuple(chosen)
