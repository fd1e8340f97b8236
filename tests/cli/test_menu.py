"""`gongjian menu`: what it prints for a program and for a person, and how it says no."""

import json
import sys
from pathlib import Path

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


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main.app, ["menu", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
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
