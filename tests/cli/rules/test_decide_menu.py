"""`gongjian decide` with a menu by both approvals, and with options that nobody can tell apart."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from models.values.refusal import Refused
from tests.support.slow import examples

ROLL = {"head": 100, "area": 10_000}
Numbers = dict[str, Any]


def decide(folder: Path, numbers: Numbers, *more: str, pack: str = "CN.278.major") -> Numbers:
    file = folder / "numbers.json"
    file.write_text(json.dumps(numbers), encoding="utf-8")
    arguments = ["decide", "--pack", pack, "--input", str(file), "--json", *more]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: Numbers = json.loads(result.stdout)
    return found


def menu(approval: str = "each", budget: int = 90, **works: tuple[int, int, int]) -> Numbers:
    """Of each work its cost, heads and area."""
    return {
        "budget": budget,
        "approval": approval,
        "works": {
            name: {"cost": cost, "head": head, "area": area}
            for name, (cost, head, area) in works.items()
        },
    }


def answered(head: int, area: int, **more: object) -> Numbers:
    return {"all": ROLL, "participating": {"head": head, "area": area}, **more}


def test_the_works_that_reach_the_bar_are_chosen_within_the_budget(tmp_path: Path) -> None:
    asked = menu(lamp=(50, 60, 6_000), bench=(60, 59, 6_100), tree=(30, 58, 5_900))
    shown = decide(tmp_path, answered(76, 7_600, menu=asked))
    assert (shown["verdict"], shown["quorum"]) == ("PASS", "PASS")
    assert (shown["menu"]["winners"], shown["menu"]["cost"]) == (["lamp", "tree"], 80)
    verdicts = {name: work["verdict"] for name, work in shown["menu"]["works"].items()}
    assert verdicts == {"lamp": "PASS", "bench": "PASS", "tree": "PASS"}


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ((57, 6_000), "PASS"),
        ((56, 6_000), "FAIL"),
        ((57, 5_699), "FAIL"),
        ((1, 100), "FAIL"),
        ((0, 0), "FAIL"),
    ],
)
def test_heads_and_area_of_its_own_supporters_decide_about_a_work(
    tmp_path: Path, numbers: tuple[int, int], verdict: str
) -> None:
    shown = decide(tmp_path, answered(76, 7_600, menu=menu(lamp=(50, *numbers))))
    assert shown["verdict"] == shown["menu"]["works"]["lamp"]["verdict"] == verdict
    assert shown["menu"]["winners"] == (["lamp"] if verdict == "PASS" else [])


def test_what_the_budget_cannot_pay_is_not_adopted(tmp_path: Path) -> None:
    shown = decide(tmp_path, answered(76, 7_600, menu=menu(budget=0, lamp=(50, 70, 7_000))))
    assert (shown["verdict"], shown["menu"]["winners"]) == ("FAIL", [])


def test_who_took_part_must_be_known(tmp_path: Path) -> None:
    shown = decide(tmp_path, {"all": ROLL, "menu": menu(lamp=(50, 70, 7_000))})
    assert (shown["verdict"], shown["menu"]["winners"]) == ("INDETERMINATE", [])


@pytest.mark.parametrize("approval", ["each", "whole"])
def test_with_nothing_cast_nothing_is_adopted(tmp_path: Path, approval: str) -> None:
    zero = {"yes": {"head": 0, "area": 0}, "no": {"head": 0, "area": 0}}
    asked = menu(approval, lamp=(50, 0, 0))
    question = zero if approval == "whole" else {}
    shown = decide(tmp_path, answered(0, 0, menu=asked, **question))
    assert (shown["verdict"], shown["menu"]["winners"]) == ("FAIL", [])


@pytest.mark.parametrize(("yes", "verdict"), [(75, "PASS"), (74, "FAIL")])
def test_the_question_about_the_whole_has_the_bar_of_the_class(
    tmp_path: Path, yes: int, verdict: str
) -> None:
    question = {
        "yes": {"head": yes, "area": yes * 100},
        "no": {"head": 100 - yes, "area": 10_000 - yes * 100},
    }
    asked = menu("whole", lamp=(50, 3, 300), bench=(40, 2, 200), tree=(30, 1, 100))
    shown = decide(tmp_path, {"all": ROLL, **question, "menu": asked})
    assert shown["verdict"] == verdict
    assert shown["menu"]["winners"] == (["lamp", "bench"] if verdict == "PASS" else [])
    assert [check["value"] for check in shown["checks"][2:]] == ["yes", "yes"]


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        (answered(10, 1_000, menu=menu(lamp=(1, 11, 1_000))), "decide.more_than"),
        (
            answered(10, 1_000, abstain={"head": 1, "area": 0}, menu=menu(lamp=(1, 10, 1_000))),
            "decide.more_than",
        ),
        (answered(10, 1_000, yes={"head": 1}, menu=menu(lamp=(1, 1, 1))), "decide.menu_and"),
        (answered(10, 1_000, menu=menu("half", lamp=(1, 1, 1))), "decide.value_wrong"),
        (answered(10, 1_000, menu=menu()), "decide.value_wrong"),
        (answered(10, 1_000, menu=[]), "decide.value_wrong"),
        (answered(10, 1_000, menu=menu(lamp=(1, 1, 1)) | {"x": 1}), "decide.field_unknown"),
        (answered(10, 1_000, menu={"budget": 1, "works": {"a": 1}}), "decide.value_wrong"),
        (answered(10, 1_000, menu={"budget": 1, "works": {"a": {}}}), "decide.value_wrong"),
        (answered(10, 1_000, menu=menu(lamp=(1, -1, 1))), "decide.number_negative"),
    ],
)
def test_what_is_no_menu_is_refused(tmp_path: Path, numbers: Numbers, code: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, numbers)
    assert code in {each.code for each in refused.value.problems}


def test_a_person_reads_of_each_work_why(tmp_path: Path) -> None:
    file = tmp_path / "numbers.json"
    file.write_text(json.dumps(answered(76, 7_600, menu=menu(lamp=(50, 56, 6_000)))))
    arguments = ["decide", "--pack", "CN.278.major", "--input", str(file)]
    text = CliRunner().invoke(app, arguments, catch_exceptions=False).stdout
    assert "menu (each): -; 0 of 90" in text
    assert "lamp: FAIL" in text
    assert "at least 57" in text


def test_options_that_are_equally_strong_adopt_nothing(tmp_path: Path) -> None:
    """A rule of one third carries both of them: without a look at the other, one would have passed."""
    numbers: Numbers = {
        "all": {"head": 100, "share": 1_000},
        "options": {name: {"head": 40, "share": 400} for name in ("red", "blue")},
    }
    shown = decide(tmp_path, numbers, pack="ES.LPH.17_1")
    assert (shown["verdict"], shown["options"]["outcome"]) == ("FAIL", "tie")
    assert "decide.options_tied" in [note["code"] for note in shown["notes"]]
    numbers["options"]["red"]["head"] = 41
    numbers["options"]["red"]["share"] = 401
    shown = decide(tmp_path, numbers, pack="ES.LPH.17_1")
    assert (shown["verdict"], shown["options"]["winner"]) == ("PASS", "red")


def test_options_of_which_none_reaches_the_bar_are_tied_too(tmp_path: Path) -> None:
    half = {"head": 50, "area": 5_000}
    shown = decide(tmp_path, {"all": ROLL, "options": {"red": half, "blue": half}})
    assert (shown["verdict"], shown["options"]["outcome"]) == ("FAIL", "tie")


COUNTS = st.integers(0, 100)


@pytest.mark.slow
@settings(
    deadline=None,
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    part=st.tuples(COUNTS, st.integers(0, 10_000)),
    works=st.lists(st.tuples(st.integers(0, 60), COUNTS, st.integers(0, 10_000)), max_size=4),
    budget=st.integers(0, 120),
    major=st.booleans(),
)
def test_an_oracle_chooses_the_same(
    tmp_path: Path,
    part: tuple[int, int],
    works: list[tuple[int, int, int]],
    budget: int,
    major: bool,
) -> None:
    """Written from Civil Code art. 278 and "most supported first", with whole numbers only."""
    heads, area = part
    area = 0 if heads == 0 else area
    given_works = {
        f"w{n}": (cost, min(head, heads), 0 if min(head, heads) == 0 else min(size, area))
        for n, (cost, head, size) in enumerate([*works, (10, 100, 10_000)])
    }
    numbers = answered(heads, area, menu=menu("each", budget, **given_works))
    shown = decide(tmp_path, numbers, pack=f"CN.278.{'major' if major else 'ordinary'}")
    enough = 3 * heads >= 200 and 3 * area >= 20_000
    chosen: list[str] = []
    spent = 0
    for name in sorted(given_works, key=lambda each: -given_works[each][1]):
        cost, yes, size = given_works[name]
        agreed = (
            4 * yes >= 3 * heads and 4 * size >= 3 * area
            if major
            else 2 * yes > heads and 2 * size > area
        )
        if enough and agreed and yes and spent + cost <= budget:
            chosen.append(name)
            spent += cost
    assert shown["menu"]["winners"] == chosen
    assert shown["verdict"] == ("PASS" if chosen else "FAIL")
