"""The whole numbers at which exact comparisons turn."""

from fractions import Fraction
from math import ceil, floor

from models.values.decisions.decision import Operator


def least(op: Operator, bound: Fraction | int) -> int:
    """The least whole number, 0 or more, that is `op bound`; `op` is > or >=."""
    return max(0, floor(bound) + 1 if op == ">" else ceil(bound))


def most(op: Operator, bound: Fraction | int) -> int:
    """The greatest whole number that is `op bound`; `op` is < or <=. Below 0: there is none."""
    return ceil(bound) - 1 if op == "<" else floor(bound)


def total(*values: int | None) -> int | None:
    """The sum, or None if a part is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
