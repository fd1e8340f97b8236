"""The rule book's independent evaluator says the same about votes that nobody wrote down."""

import re
import warnings
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.values.decisions.rules import DIMENSIONS, Amounts, Facts, Rule
from rules.voting.judging import judged
from rules.voting.law import RULES
from tests.support.cases import FOLDER, book
from tests.support.slow import examples

EVALUATOR = FOLDER / "check_cases.py.txt"
TEXT = EVALUATOR.read_text(encoding="utf-8")
ORACLE: dict[str, Any] = {"__file__": str(EVALUATOR)}
with warnings.catch_warnings(action="ignore", category=ResourceWarning):  # it closes no file
    exec(compile(re.split(r"^bad=0", TEXT, flags=re.MULTILINE)[0], "oracle", "exec"), ORACLE)
IDS = tuple(book("rules_voting")["packs"])
OURS = {rule.id: rule for rule in RULES}


@st.composite
def votes(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    """Numbers that can be true, in all dimensions, often right at a threshold."""
    found: dict[str, dict[str, int]] = {}
    for dimension in DIMENSIONS:
        parts = draw(st.lists(st.integers(0, 12), min_size=6, max_size=6))
        scale = draw(st.sampled_from((1, 1, 3, 100)))
        yes, no, abstain, watching, silent, away = (part * scale for part in parts)
        everybody = yes + no + abstain + watching + silent + away
        assume(everybody > 0)
        assume(yes + no > 0)
        numbers = {
            "all": everybody,
            "present": yes + no + abstain + watching,
            "yes": yes,
            "no": no,
            "abstain": abstain,
            "silent_absentee": silent,
            "objections_within_7d": draw(st.integers(0, everybody)),
        }
        for name, number in numbers.items():
            found.setdefault(name, {})[dimension] = number
    return found


def ours(rule: Rule, vote: dict[str, dict[str, int]]) -> Any:
    facts = Facts(**{name: Amounts(**numbers) for name, numbers in vote.items()})
    return judged(rule, facts)


@pytest.mark.parametrize("rule_id", IDS)
def test_every_rule_of_the_book_is_ours(rule_id: str) -> None:
    book = ORACLE["R"][rule_id]
    rule = OURS[rule_id]
    for name, conditions in (
        ("quorum", rule.quorum),
        ("approve", rule.approve),
        ("reject_cap", rule.reject_cap),
    ):
        plain = {
            (each.dimension, each.value, each.op, str(each.fraction), each.of)
            for each in conditions
            if each.of != "number"
        }
        if name == "quorum" and rule.jurisdiction == "AU-NSW":
            # The book has the persons only; a quarter of the entitlement is enough as well.
            plain = {each for each in plain if each[0] == "head"}
        assert plain == {
            (row["dim"], row["value"], row["op"], row["frac"], row["of"])
            for row in book.get(name, [])
        }
    assert rule.confidence == book["confidence"].split()[0]


@pytest.mark.parametrize("rule_id", IDS)
@settings(max_examples=examples(80))
@given(vote=votes())
def test_the_engine_and_the_evaluator_agree(rule_id: str, vote: dict[str, Any]) -> None:
    if rule_id.startswith("AU-NSW"):
        # A quarter of the entitlement makes a quorum as well, which is not in the book.
        vote["present"]["share"] = 0
    ruling = ours(OURS[rule_id], vote)
    reference = ORACLE["evaluate"](rule_id, vote)
    assert (ruling.verdict, ruling.quorum, ruling.approve, ruling.head_approve) == (
        reference["verdict"],
        reference["quorum"],
        reference["approve"],
        reference["head_approve"],
    )
    if "bridge" in reference:
        assert ruling.bridge is reference["bridge"]
