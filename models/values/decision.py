"""What a rule answers: its reasoning, never a bare bool (design principle 8)."""

from typing import Literal

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
