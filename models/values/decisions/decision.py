"""What a rule answers: its reasoning, never a bare bool (design principle 8)."""

from math import ceil, floor
from typing import Literal

from pydantic import JsonValue

from models.values.base import Carried, Exact

Verdict = Literal["PASS", "FAIL", "INDETERMINATE"]
Operator = Literal[">=", ">", "<=", "<", "=="]


class Check(Carried):
    """One legal test with both of its numbers.

    `have op need` is the comparison that was made; `need` may be a fraction ("51/4" heads).
    `passed` is None when an input was unknown.
    """

    code: str
    """Stable dotted code, for example "voting.quorum.head"."""
    article: str
    """The provision the test comes from, for example "Civil Code art. 278(2)"."""
    have: Exact | None
    op: Operator
    need: Exact | None
    unit: str
    """What both numbers count: heads, area_dm2, days, bids, fen, permille…"""
    passed: bool | None

    @property
    def short_by(self) -> int | None:
        """By how many whole units the test was missed: so many more (or, at a cap, fewer) meet it.

        0 when it was met; None when a number is unknown. The base is held fixed: it is the same
        vote with so many other answers, not a vote with more ballots.
        """
        if self.have is None or self.need is None:
            return None
        gap = self.need - self.have if self.op in (">=", ">") else self.have - self.need
        if self.op == "==":
            return ceil(abs(gap))
        return max(0, floor(gap) + 1 if self.op in (">", "<") else ceil(gap))


class Decision(Carried):
    """A verdict and every check behind it."""

    verdict: Verdict
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """True only when nothing failed and nothing is unknown."""
        return self.verdict == "PASS"

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that were not met, in order."""
        return tuple(check for check in self.checks if check.passed is False)

    def record(self) -> JsonValue:
        """Every check with both of its numbers, as the details of an event hold it."""
        return [check.model_dump(mode="json") for check in self.checks]
