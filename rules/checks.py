"""How every rule writes down what it tested: both numbers, the comparison, the article.

Comparisons are exact; a number that is not known leaves its check, and the decision, unknown.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from pydantic import JsonValue

from models.values.decisions.decision import Check, Decision, Operator, Verdict
from models.values.decisions.rules import RuleCheck

Number = int | Fraction


def compare(have: Number, op: Operator, need: Number) -> bool:
    """The comparison behind a check, exact."""
    return {
        ">=": have >= need,
        ">": have > need,
        "<=": have <= need,
        "<": have < need,
        "==": have == need,
    }[op]


def check(
    code: str, article: str, have: Number | None, op: Operator, need: Number | None, unit: str
) -> Check:
    """One test; `passed` is None while a number is not known."""
    return Check(
        code=code,
        article=article,
        have=None if have is None else Fraction(have),
        op=op,
        need=None if need is None else Fraction(need),
        unit=unit,
        passed=None if have is None or need is None else compare(have, op, need),
    )


def decide(*checks: Check) -> Decision:
    """All checks together; without any there is nothing to fail."""
    return Decision(verdict=overall_verdict(each.passed for each in checks), checks=checks)


def overall_verdict(results: Iterable[bool | None]) -> Verdict:
    """FAIL if anything is false, else INDETERMINATE if anything is unknown, else PASS."""
    found = set(results)
    if False in found:
        return "FAIL"
    return "INDETERMINATE" if None in found else "PASS"


def recorded_check(record: Mapping[str, JsonValue]) -> Check:
    """A test as an event has it; those of the rule engine say what they are a part of, the others do not."""
    return (RuleCheck if "fraction" in record else Check).model_validate(record)
