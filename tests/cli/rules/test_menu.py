"""`gongjian menu`: what it prints for a program and for a person, and how it says no."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import main
from models.values.refusal import Refused

FILE = """META
key;value
num_projects;3
num_votes;4
budget;100.50
vote_type;approval
PROJECTS
project_id;cost;votes;name;selected
a;60.25;2;Lift [new];1
b;60.25;2;Bench;0
c;40;1;Lamp;1
VOTES
voter_id;vote
1;a,b
2;a,b
3;c
4;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "menu.pb"
    path.write_text(FILE, encoding="utf-8")
    return path


def with_meta(file: Path, **meta: str) -> str:
    """The path of the file, with more or other values in META."""
    text = FILE
    for key, value in meta.items():
        kept = [line for line in text.splitlines() if not line.startswith(f"{key};")]
        text = "\n".join([*kept[:2], f"{key};{value}", *kept[2:]]) + "\n"
    file.write_text(text, encoding="utf-8")
    return str(file)


def codes(shown: dict[str, Any]) -> list[str]:
    return [note["code"] for note in shown["notes"]]


CONTRADICTED = ("menu.tally_differs", "menu.winners_differ", "is not what the ballots give")


def run(*arguments: str) -> str:
    """The output; the exit code is 1 exactly where the file contradicts itself."""
    result = CliRunner().invoke(main.app, ["menu", *arguments], catch_exceptions=False)
    contradicted = any(word in result.stdout for word in CONTRADICTED)
    assert result.exit_code == int(contradicted), result.output
    return result.stdout


def test_greedy_is_the_rule_and_the_figures_are_exact(file: Path) -> None:
    shown = json.loads(run(str(file), "--json"))
    assert shown["tally"] == {"a": 2, "b": 2, "c": 1}
    assert (shown["winners"], shown["cost"], shown["budget"]) == (["a", "c"], "100.25", "100.50")
    assert (shown["rule"], shown["unit"], shown["ballots"]) == ("greedy", "votes", 4)
    assert shown["tie_rule"] == "listed"
    assert shown["ties"] == [{"items": ["a", "b"], "decisive": True}]


def test_equal_shares_says_how_much_every_voter_had(file: Path) -> None:
    shown = json.loads(run(str(file), "--rule", "equal-shares", "--completion", "none", "--json"))
    assert (shown["winners"], shown["completion"]) == ([], "none")
    assert shown["endowment"] == "201/8"
    raised = json.loads(run(str(file), "--rule", "equal-shares", "--json"))
    assert (raised["winners"], raised["completion"]) == (["a", "c"], "add1")


def test_a_person_sees_a_table_with_titles_money_and_ties(file: Path) -> None:
    text = run(str(file))
    for words in (
        "Lift [new]",
        "2 works for 100.25 of 100.50",
        "equal: a, b (the tie rule decided)",
    ):
        assert words in text


def test_a_broken_file_is_refused_with_its_place(file: Path) -> None:
    file.write_text(FILE.replace("3;c", "3;x"), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        run(str(file))
    assert refused.value.problems[0].where == "menu.pb line 16, section VOTES, field vote"


def test_the_refusal_is_a_sentence_and_the_exit_code_one(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(FILE.replace("3;c", "3;x"), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["gongjian", "menu", str(file)])
    with pytest.raises(SystemExit) as exit_:
        main.main()
    assert exit_.value.code == 1
    assert "Project x is not in section PROJECTS." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rule", "winners", "completion"),
    [
        ("greedy", ["a", "c"], None),
        ("greedy-threshold", ["a", "c"], None),
        ("greedy-no-skip", ["a"], None),
        ("equalshares", [], "none"),
        ("equalshares/add1", ["a", "c"], "add1"),
        ("Equalshares/add1", ["a", "c"], "add1"),
    ],
)
def test_the_file_says_by_which_rule_its_works_are_chosen(
    file: Path, rule: str, winners: list[str], completion: str | None
) -> None:
    shown = json.loads(run(with_meta(file, rule=rule), "--json"))
    assert (shown["winners"], shown["completion"]) == (winners, completion)
    assert shown["rule_of_file"] == rule
    told = {"menu.winners_differ"} if winners != ["a", "c"] else set()
    assert set(codes(shown)) - {"menu.nothing_chosen"} == told


def test_a_rule_that_is_not_carried_is_refused_until_another_is_asked_for(file: Path) -> None:
    path = with_meta(file, rule="phragmen")
    with pytest.raises(Refused) as refused:
        run(path)
    assert [each.code for each in refused.value.problems] == ["menu.rule_unknown"]
    shown = json.loads(run(path, "--rule", "greedy", "--json"))
    assert (shown["winners"], codes(shown)) == (["a", "c"], ["menu.rule_other"])


def test_another_rule_than_the_files_is_said(file: Path) -> None:
    path = with_meta(file, rule="greedy-no-skip")
    shown = json.loads(run(path, "--rule", "greedy", "--json"))
    assert (shown["winners"], codes(shown)) == (["a", "c"], ["menu.rule_other"])
    shown = json.loads(run(path, "--rule", "equal-shares", "--json"))
    assert (shown["completion"], codes(shown)) == ("add1", ["menu.rule_other"])


CUMULATIVE = (
    FILE.replace("approval", "cumulative")
    .replace(";votes;", ";info;")
    .replace("voter_id;vote\n1;a,b\n2;a,b\n3;c\n4;", "voter_id;vote;points\n1;a,b;3,1\n2;a,b;4,-1\n3;c;3\n4;;")
)  # fmt: skip


def test_ballots_beyond_the_files_own_limits_are_counted_and_told(file: Path) -> None:
    limits = "max_sum_points;3\nmin_points;0\nmax_length;1\n"
    file.write_text(CUMULATIVE.replace("budget;", f"{limits}budget;"), encoding="utf-8")
    result = CliRunner().invoke(main.app, ["menu", str(file), "--json"])
    (note,) = [each for each in json.loads(result.stdout)["notes"] if "beyond" in each["code"]]
    assert note["code"] == "menu.ballots_beyond"
    assert note["sentence"].startswith("2 ballots ")
    assert "max_length, max_sum_points, min_points" in note["sentence"]
    file.write_text(CUMULATIVE, encoding="utf-8")
    result = CliRunner().invoke(main.app, ["menu", str(file), "--json"])
    assert "menu.ballots_beyond" not in codes(json.loads(result.stdout))


def test_a_file_without_a_rule_is_told_which_one_was_taken(file: Path) -> None:
    assert codes(json.loads(run(str(file), "--json"))) == ["menu.rule_not_said"]
    assert "does not say by which rule" in run(str(file))


@pytest.mark.parametrize("rule", ["greedy", "equalshares", "equalshares/add1"])
def test_a_budget_of_zero_and_no_votes_are_said(file: Path, rule: str) -> None:
    shown = json.loads(run(with_meta(file, rule=rule, budget="0"), "--json"))
    assert shown["winners"] == []
    assert {"menu.budget_zero", "menu.nothing_chosen"} <= set(codes(shown))
    text = FILE[: FILE.index("1;a,b")].replace("num_votes;4", f"num_votes;0\nrule;{rule}")
    file.write_text(text, encoding="utf-8")
    shown = json.loads(run(str(file), "--json"))
    assert (shown["winners"], shown["ballots"]) == ([], 0)
    assert "menu.nobody_voted" in codes(shown)
    assert "There are no ballots" in run(str(file))


def test_a_published_tally_that_differs_is_said_with_both_figures(file: Path) -> None:
    text = FILE.replace("b;60.25;2", "b;60.25;2.5").replace("c;40;1", "c;40;many")
    file.write_text(text.replace("num_votes;4", "num_votes;4\nrule;greedy"), encoding="utf-8")
    (note,) = json.loads(run(str(file), "--json"))["notes"]
    assert note["code"] == "menu.tally_differs"
    assert "in 2 works: b 5/2 (2), c ? (1)" in note["sentence"]


# By a rule of law: the ballots of the file, and the numbers around them.

WEIGHED = (
    FILE.replace(
        "voter_id;vote\n1;a,b\n2;a,b\n3;c\n4;\n",
        "voter_id;vote;area_dm2\n1;a,b;3000\n2;a,b;3000\n3;a,c;1000\n4;c;3000\n",
    )
    .replace("a;60.25;2", "a;60.25;3")
    .replace("c;40;1", "c;40;2")
)


def by_law(file: Path, numbers: dict[str, Any], *more: str) -> dict[str, Any]:
    file.write_text(WEIGHED, encoding="utf-8")
    given = file.with_name("numbers.json")
    given.write_text(json.dumps(numbers), encoding="utf-8")
    law = ("--pack", "CN.278.major", "--input", str(given), "--json", "--rule", "greedy")
    shown: dict[str, Any] = json.loads(run(str(file), *law, *more))
    return shown


def roll(head: int = 4, area: int = 10_000) -> dict[str, Any]:
    return {"all": {"head": head, "area": area}}


def test_only_works_whose_own_supporters_reach_the_bar_are_chosen(file: Path) -> None:
    shown = by_law(file, roll())
    assert (shown["winners"], shown["law"]["may_be_chosen"]) == ([], [])
    assert {name: each["verdict"] for name, each in shown["law"]["works"].items()} == {
        "a": "FAIL",
        "b": "FAIL",
        "c": "FAIL",
    }
    heads, area = shown["law"]["works"]["a"]["checks"][2:]
    assert (heads["passed"], area["passed"]) == (True, False)
    assert shown["law"]["works"]["a"]["supporters"] == {"head": 3, "area": 7_000, "share": None}
    assert "menu.not_approved" in codes(shown)


def test_the_whole_is_approved_by_the_numbers_of_its_question(file: Path) -> None:
    question = {"yes": {"head": 3, "area": 7_500}, "no": {"head": 1, "area": 2_500}}
    shown = by_law(file, roll() | question, "--approval", "whole")
    assert (shown["winners"], shown["law"]["verdict"]) == (["a", "c"], "PASS")
    question = {"yes": {"head": 3, "area": 7_499}, "no": {"head": 1, "area": 2_501}}
    shown = by_law(file, roll() | question, "--approval", "whole")
    assert (shown["winners"], shown["law"]["verdict"]) == ([], "FAIL")


def test_without_the_area_behind_the_ballots_nothing_is_approved(file: Path) -> None:
    file.write_text(FILE, encoding="utf-8")
    numbers = file.with_name("numbers.json")
    numbers.write_text(json.dumps(roll()), encoding="utf-8")
    law = ("--pack", "CN.278.ordinary", "--input", str(numbers), "--json")
    shown = json.loads(run(str(file), *law))
    # Half of the heads is not more than half, whatever the area.
    assert {name: each["verdict"] for name, each in shown["law"]["works"].items()} == {
        "a": "FAIL",
        "b": "FAIL",
        "c": "FAIL",
    }
    file.write_text(FILE.replace("3;c", "3;a"), encoding="utf-8")
    shown = json.loads(run(str(file), *law))
    assert (shown["law"]["verdict"], shown["winners"]) == ("INDETERMINATE", [])


def test_more_supporters_than_took_part_are_refused(file: Path) -> None:
    with pytest.raises(Refused) as refused:
        by_law(file, roll() | {"participating": {"head": 2, "area": 10_000}})
    assert [each.code for each in refused.value.problems] == ["decide.more_than"]


def test_rule_and_numbers_are_given_together(file: Path) -> None:
    with pytest.raises(Refused) as refused:
        run(str(file), "--pack", "CN.278.major")
    assert [each.code for each in refused.value.problems] == ["menu.law_incomplete"]
