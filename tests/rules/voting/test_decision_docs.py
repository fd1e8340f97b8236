"""The worked example of docs/add-a-rule.md is a module that runs and cases that come out."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.decide_shown import ruling_json
from models.values.decisions.rules import ChosenRule, MatterTable, Rule
from rules.voting.inputs.facts import facts_from
from rules.voting.judging import judged
from rules.voting.law import build
from rules.voting.registry import rule_in
from rules.voting.settings import settings_of

PAGE = (Path(__file__).parents[3] / "docs" / "add-a-rule.md").read_text(encoding="utf-8")
ROOT = Path(__file__).parents[3]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


(MODULE,) = blocks("python")
BOOK: dict[str, Any] = {"__name__": "rules.voting.law.ca_bc"}
exec(compile(MODULE, "ca_bc.py", "exec"), BOOK)
RULES: tuple[Rule, ...] = BOOK["RULES"]
TABLE: MatterTable = BOOK["TABLES"][0]
(CASE_TEXT,) = blocks("json")
CASES: list[dict[str, Any]] = json.loads(CASE_TEXT)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_example_answers_its_cases(case: dict[str, Any]) -> None:
    rule = next(rule for rule in RULES if rule.id == case["rule"])
    facts = facts_from(case["input"], case["id"])
    found = ruling_json(rule, facts, judged(rule, facts))
    assert {name: found.get(name) for name in case["expected"]} == case["expected"]


def test_the_examples_quorum_is_from_memory_and_therefore_a_setting() -> None:
    assert "quorum.share" in settings_of(RULES[0])
    assert "approve.share" not in settings_of(RULES[0])


def test_the_example_maps_matters_to_its_rules() -> None:
    chosen = rule_in(TABLE, "fund_raise", TABLE.valid_from, None, RULES)
    assert isinstance(chosen, ChosenRule)
    assert chosen.rule.id == "CA-BC.three_quarters"


def test_every_file_that_the_page_names_is_there() -> None:
    for name in re.findall(r"`((?:rules|models|tests)/[\w./]+\.(?:py|json))`", PAGE):
        assert (ROOT / name).exists() or name.endswith("ca_bc.py"), name
    assert callable(build.conditions)
