"""The worked vote cases of the rule book that are judged by Chinese law."""

from typing import Any

import pytest

from models.values.decisions.decision import Check
from models.values.voting import Motion, MotionKind, ReportedTally
from rules.voting import decide, pack_for
from tests.support.cases import book

PACK_OF_RULE = {
    "CN.278.ordinary": ("CN-2021", MotionKind.ORDINARY),
    "CN.278.major": ("CN-2021", MotionKind.MAJOR),
    "CN.PL76.ordinary": ("CN-2007", MotionKind.ORDINARY),
    "CN.PL76.major": ("CN-2007", MotionKind.MAJOR),
}
NAMES = {"all": "roll"}
UNITS = {"head": "heads", "area": "area_dm2"}

CASES = [case for case in book("votes")["cases"] if case["rule"] in PACK_OF_RULE]
DECIDED = [case for case in CASES if "verdict" in case["expected"]]
THRESHOLDS = [case for case in CASES if "min_participating" in case["expected"]]


def reported(case: dict[str, Any]) -> ReportedTally:
    """The published numbers; a report of yes and no that names no abstention had none."""
    given = case["input"]
    fields: dict[str, int] = {}
    for name in ("all", "participating", "yes", "no", "abstain", "invalid"):
        for dimension, amount in (given.get(name) or {}).items():
            if amount is not None:
                fields[f"{NAMES.get(name, name)}_{UNITS[dimension]}"] = amount
    for unit in UNITS.values():
        complete = f"yes_{unit}" in fields and f"no_{unit}" in fields
        if complete and not given.get("participating_unknown"):
            fields.setdefault(f"abstain_{unit}", 0)
    return ReportedTally(**fields)


def judged(case: dict[str, Any], tally: ReportedTally | None = None):
    pack_id, kind = PACK_OF_RULE[case["rule"]]
    return decide(pack_for(pack_id), Motion(id="m", title="m", kind=kind), tally or reported(case))


def by_code(checks: tuple[Check, ...], code: str) -> Check:
    (check,) = [each for each in checks if each.code == code]
    return check


def test_the_book_has_cases_of_chinese_law() -> None:
    assert len(DECIDED) >= 11
    assert len(THRESHOLDS) >= 4


@pytest.mark.parametrize("case", DECIDED, ids=lambda case: case["id"])
def test_the_verdict_is_the_expected_one(case: dict[str, Any]) -> None:
    decision = judged(case)
    expected = case["expected"]
    assert decision.verdict == expected["verdict"]
    if "head_approve" in expected:
        heads = by_code(decision.checks, "voting.approve.head")
        assert {True: "PASS", False: "FAIL", None: "INDETERMINATE"}[heads.passed] == expected[
            "head_approve"
        ]


@pytest.mark.parametrize("case", THRESHOLDS, ids=lambda case: case["id"])
def test_the_thresholds_of_a_published_roll_come_out(case: dict[str, Any]) -> None:
    roll = case["input"]["all"]
    everybody = ReportedTally(
        roll_heads=roll["head"],
        roll_area_dm2=roll["area"],
        participating_heads=roll["head"],
        participating_area_dm2=roll["area"],
    )
    checks = judged(case, everybody).checks
    for dimension in ("head", "area"):
        quorum = by_code(checks, f"voting.quorum.{dimension}").need
        approve = by_code(checks, f"voting.approve.{dimension}").need
        assert quorum is not None
        assert approve is not None
        assert -(-quorum // 1) == case["expected"]["min_participating"][dimension]
        assert -(-approve // 1) == case["expected"]["min_yes_if_all_participate"][dimension]
