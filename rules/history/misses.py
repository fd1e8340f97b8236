"""How near a decision was to the other side: by how much each test was met, and which one would have turned it."""

from collections.abc import Iterable
from fractions import Fraction
from math import ceil, floor

from models.values.decisions.decision import Check

PARTS = frozenset({"fraction", "permille"})


def to_spare(check: Check) -> int | None:
    """By how many whole units less (at a cap: more) the test would not have been met any more.

    None where it was not met, a number is unknown, or parts of a whole are compared, which have no unit; an
    equality has nothing to spare and turns with one.
    """
    if check.passed is not True or check.have is None or check.need is None:
        return None
    if check.unit in PARTS:
        return None
    if check.op == "==":
        return 1
    room = check.have - check.need if check.op in (">=", ">") else check.need - check.have
    # At ">" equality fails already; at ">=" only what lies below it does.
    return max(1, ceil(room)) if check.op in (">", "<") else floor(room) + 1


def distance(check: Check) -> Fraction | None:
    """How far the number was from its bound, as a part of the bound; None where one is unknown."""
    if check.have is None or check.need is None:
        return None
    return abs(check.have - check.need) / max(abs(check.need), Fraction(1))


def nearest(checks: Iterable[Check]) -> Check | None:
    """The test that was the nearest to the other side, the first of equals; None without a known one.

    What must be equal has no near miss, and a bound of nothing is met by everything.
    """
    known = [
        (far, each)
        for each in checks
        if (far := distance(each)) is not None and not (each.passed and _empty(each))
    ]
    return min(known, key=lambda pair: pair[0])[1] if known else None


def _empty(check: Check) -> bool:
    return check.op == "==" or check.need == 0
