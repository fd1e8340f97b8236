"""Options with run-off and menu votes in a bundle: `verify.py` finds what the product found."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from models.values.decisions.menu import (
    Approval,
    BallotForm,
    Completion,
    Menu,
    MenuItem,
    MenuRule,
    MenuRules,
    TieRule,
)
from models.values.voting import Motion, MotionKind, MotionOption
from proof.bundle import contents as bundle
from proof.canonical import canonical_json
from proof.verifier.main import check
from proof.verifier.reading import Fault
from rules.voting import as_put
from tests.proof.test_evidence_verify import VALUES, both, places
from tests.support.files.bundles import Cast, Entry, Vote, changed, signed, written
from tests.support.slow import examples

SLOW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=examples(60),
)
OPTIONS = ("glass", "steel", "wood")
WORKS = ("bench", "lamp", "ramp", "tree")


def menu(form: BallotForm, costs: tuple[int, ...], budget: int, ties: TieRule) -> Menu:
    items = tuple(MenuItem(id=name, cost=cost) for name, cost in zip(WORKS, costs, strict=True))
    rules = MenuRules(max_length=3, ties=ties)
    return Menu(items=items, budget=budget, form=form, rules=rules)


@st.composite
def votes(draw: st.DrawFn) -> Vote:
    form = draw(st.sampled_from(list(BallotForm)))
    asked = menu(
        form,
        tuple(draw(st.lists(st.integers(0, 40), min_size=4, max_size=4))),
        draw(st.integers(0, 90)),
        draw(st.sampled_from(list(TieRule))),
    )
    motions = [
        Motion(
            id="cabin",
            title="Which cabin",
            kind=MotionKind.MAJOR,
            options=tuple(
                MotionOption(id=name, title=name) for name in OPTIONS[: draw(st.integers(1, 3))]
            ),
        ),
        Motion(
            id="works",
            title="Which works",
            kind=MotionKind.ORDINARY,
            menu=asked,
            menu_rule=draw(st.sampled_from(list(MenuRule))),
            completion=draw(st.sampled_from(list(Completion))),
            depends_on=draw(st.sampled_from((None, "cabin"))),
            approval=draw(st.sampled_from(list(Approval))),
        ),
    ]
    works = st.lists(st.sampled_from(WORKS), min_size=1, max_size=3, unique=True)
    chosen = (
        st.dictionaries(st.sampled_from(WORKS), st.integers(0, 5), min_size=1, max_size=3)
        if form is BallotForm.CUMULATIVE
        else works
    )
    words = st.sampled_from((*(option.id for option in motions[0].options), "abstain"))
    before = draw(st.booleans())
    put = motions if before else list(as_put(motions))
    possible: dict[str, st.SearchStrategy[JsonValue]] = {
        "cabin": words,
        "works": st.one_of(chosen, st.just("abstain")),
        "works.whole": st.sampled_from(("yes", "yes", "no", "abstain")),
    }
    answers = st.fixed_dictionaries({}, optional={each.id: possible[each.id] for each in put})
    said: list[dict[str, Any]] = draw(st.lists(answers, min_size=1, max_size=14))
    entries = [Entry(f"{number}", draw(st.integers(1, 50))) for number in range(14)]
    casts = [Cast(f"{number}", choices) for number, choices in enumerate(said)]
    return Vote(entries, casts, put, before=before)


@pytest.mark.slow
@settings(SLOW, max_examples=examples(200))
@given(vote=votes())
def test_both_find_the_same_winners(tmp_path: Path, vote: Vote) -> None:
    script, ours = both(written(tmp_path, vote.bundle()))
    assert script == ours
    assert isinstance(script, dict), script


def example(
    menu_rule: MenuRule = MenuRule.EQUAL_SHARES,
    approval: Approval = Approval.WHOLE,
    *,
    before: bool = False,
) -> Vote:
    """A run-off between steel and glass; works by equal shares with raises, approved by six of seven."""
    asked = menu(BallotForm.APPROVAL, (30, 20, 25, 10), 60, TieRule.LISTED)
    motions = [
        Motion(
            id="cabin",
            title="Which cabin",
            kind=MotionKind.MAJOR,
            options=tuple(MotionOption(id=name, title=name) for name in OPTIONS),
        ),
        Motion(
            id="works",
            title="Which works",
            kind=MotionKind.ORDINARY,
            menu=asked,
            menu_rule=menu_rule,
            completion=Completion.ADD1,
            approval=approval,
        ),
    ]
    said: list[dict[str, JsonValue]] = [
        {"cabin": "steel", "works": ["bench", "tree"]},
        {"cabin": "steel", "works": ["bench", "ramp"]},
        {"cabin": "steel", "works": ["lamp"]},
        {"cabin": "glass", "works": ["lamp", "tree"]},
        {"cabin": "glass", "works": ["ramp"]},
        {"cabin": "wood", "works": "abstain"},
        {"cabin": "abstain", "works": ["bench"]},
    ]
    put = motions if before else list(as_put(motions))
    if len(put) > len(motions):
        for number, each in enumerate(said):
            each["works.whole"] = "yes" if number else "no"
    entries = [Entry(f"{number}", 8_000 + number) for number in range(8)]
    casts = [Cast(f"{number}", each) for number, each in enumerate(said)]
    return Vote(entries, casts, put, before=before)


GOOD = example().bundle()
RESULT = json.loads(GOOD[bundle.RESULT])


def test_a_run_off_and_raises_are_found(tmp_path: Path) -> None:
    assert RESULT["motions"]["cabin"]["named"] == ["steel", "glass"]
    assert RESULT["motions"]["works"]["menu"]["rule"] == "equal-shares"
    outcomes = {"cabin": "run_off", "works.whole": "passed", "works": "passed"}
    assert both(written(tmp_path, GOOD)) == (outcomes, outcomes)


def test_each_work_by_its_own_supporters_is_found(tmp_path: Path) -> None:
    """Nobody reaches three quarters: by the same ballots nothing is chosen."""
    files = example(approval=Approval.EACH).bundle()
    works = json.loads(files[bundle.RESULT])["motions"]["works"]
    assert (works["menu"]["winners"], works["works"]["bench"]["supporters"]["head"]) == ([], 3)
    outcomes = {"cabin": "run_off", "works": "failed"}
    assert both(written(tmp_path, files)) == (outcomes, outcomes)


def test_a_menu_that_was_counted_before_it_obeyed_its_class_still_holds(tmp_path: Path) -> None:
    files = example(before=True).bundle()
    assert b'"approval":' not in files[bundle.MOTIONS]
    outcomes = {"cabin": "run_off", "works": "passed"}
    assert both(written(tmp_path, files)) == (outcomes, outcomes)


def test_a_vote_of_now_cannot_be_told_as_one_of_before(tmp_path: Path) -> None:
    """By the rule of then the works would have won; only the motions or only the result say so."""
    now = example(approval=Approval.EACH).bundle()
    then = example(before=True).bundle()
    for name in (bundle.MOTIONS, bundle.RESULT):
        script, ours = both(written(tmp_path, signed({**now, name: then[name]})))
        assert isinstance(script, str)
        assert isinstance(ours, str)


def test_a_menu_is_not_approved_as_a_whole_where_nobody_is_asked(tmp_path: Path) -> None:
    vote = example(approval=Approval.EACH)
    cabin, works = vote.motions
    vote.motions = [cabin, works.model_copy(update={"approval": Approval.WHOLE})]
    script, ours = both(written(tmp_path, vote.bundle()))
    assert (script, ours) == ("motions.json", "motions.json")


def test_the_question_about_the_whole_is_of_the_class_of_the_menu(tmp_path: Path) -> None:
    vote = example()
    cabin, question, works = vote.motions
    vote.motions = [cabin, question.model_copy(update={"kind": MotionKind.MAJOR}), works]
    script, ours = both(written(tmp_path, vote.bundle()))
    assert (script, ours) == ("motions.json", "motions.json")


@pytest.mark.parametrize("rule", list(MenuRule))
def test_winners_cannot_be_exchanged(tmp_path: Path, rule: MenuRule) -> None:
    def exchange(fields: dict) -> None:
        fields["motions"]["works"]["menu"]["winners"].reverse()

    true = example(rule).bundle()
    false = signed(changed(true, bundle.RESULT, exchange))
    script, ours = both(written(tmp_path, false))
    assert (script, ours) == ("result.json", "result.json")


def test_the_raises_cannot_end_early(tmp_path: Path) -> None:
    """A published run without raises is a true run of equal shares, but not the last one."""

    vote = example()
    *others, works = vote.motions
    vote.motions = [*others, works.model_copy(update={"completion": Completion.NONE})]
    files = {**vote.bundle(), bundle.MOTIONS: GOOD[bundle.MOTIONS]}
    with pytest.raises(Fault, match="endowment is not where the raises end"):
        check(written(tmp_path, signed(files)))


@pytest.mark.slow
@settings(SLOW, max_examples=examples(300))
@given(data=st.data())
def test_both_say_the_same_about_any_changed_field(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from((bundle.RESULT, bundle.MOTIONS, bundle.RULES)))
    value = json.loads(GOOD[name])
    path = data.draw(st.sampled_from(places(value)))
    holder = value
    for part in path[:-1]:
        holder = holder[part]
    if data.draw(st.booleans()):
        holder[path[-1]] = data.draw(
            VALUES.filter(lambda new: json.dumps(new) != json.dumps(holder[path[-1]]))
        )
    else:
        del holder[path[-1]]
    try:
        raw = canonical_json(value)
    except ValueError:
        raw = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    script, ours = both(written(tmp_path, signed({**GOOD, name: raw + b"\n"})))
    assert isinstance(script, dict) == isinstance(ours, dict), (name, path, script, ours)
    if isinstance(script, dict):
        assert script == ours
