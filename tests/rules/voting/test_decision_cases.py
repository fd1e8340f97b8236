"""Every worked vote of the rule book, through the engine: our copy of the figures, and the book's
own file where it stands beside the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.decide_shown import cap_json, ruling_json
from rules.voting.caps import apply_cap
from rules.voting.inputs.caps import cap_input
from rules.voting.inputs.facts import facts_from
from rules.voting.judging import judged
from rules.voting.registry import cap_named, rule_named

OURS = Path(__file__).parent / "cases" / "decisions.json"
BOOK = Path(__file__).parents[4] / "shared" / "domain" / "cases" / "votes.json"
WORDS = ("basis",)

CASES: list[dict[str, Any]] = json.loads(OURS.read_text(encoding="utf-8"))
BOOK_CASES: list[dict[str, Any]] = (
    json.loads(BOOK.read_text(encoding="utf-8"))["cases"] if BOOK.exists() else []
)


def answer(case: dict[str, Any]) -> dict[str, Any]:
    """What `gongjian decide --json` prints."""
    cap = cap_named(case["rule"])
    if cap is not None:
        given = cap_input(cap, case["input"], case["id"])
        result = apply_cap(cap, given.shares, original_owner=given.original_owner, lots=given.lots)
        return dict(cap_json(cap, result))
    rule = rule_named(case["rule"])
    facts = facts_from(case["input"], case["id"])
    return dict(ruling_json(rule, facts, judged(rule, facts)))


def expected(case: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in case["expected"].items() if name not in WORDS}


def test_our_copy_has_all_47_cases_of_the_book_and_more() -> None:
    assert len(CASES) >= 47
    assert len({case["id"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_answer_is_the_expected_one(case: dict[str, Any]) -> None:
    given = answer(case)
    assert {name: given.get(name) for name in expected(case)} == expected(case)


@pytest.mark.skipif(not BOOK_CASES, reason="the worked cases are not beside the repository")
@pytest.mark.parametrize("case", BOOK_CASES, ids=lambda case: case["id"])
def test_the_answer_is_that_of_the_book(case: dict[str, Any]) -> None:
    given = answer(case)
    assert {name: given.get(name) for name in expected(case)} == expected(case)


@pytest.mark.skipif(not BOOK_CASES, reason="the worked cases are not beside the repository")
def test_our_copy_has_the_figures_of_the_book() -> None:
    ours = {case["id"]: case for case in CASES}
    for case in BOOK_CASES:
        copy = ours[case["id"]]
        assert (copy["rule"], copy["input"]) == (case["rule"], case["input"])
        assert copy["expected"] == expected(case)
