"""Every worked vote through the engine: those of the rule book, and our own."""

from typing import Any

import pytest

from cli.rules.decide_shown import cap_json, ruling_json
from rules.voting.caps import apply_cap
from rules.voting.inputs.caps import cap_input
from rules.voting.inputs.facts import facts_from
from rules.voting.judging import judged
from rules.voting.registry import cap_named, rule_named
from tests.support.cases import decisions

CASES = decisions()


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


def test_the_book_and_our_own_cases_are_all_there() -> None:
    assert len(CASES) >= 47 + 15
    assert len({case["id"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_answer_is_the_expected_one(case: dict[str, Any]) -> None:
    given = answer(case)
    assert {name: given.get(name) for name in case["expected"]} == case["expected"]
