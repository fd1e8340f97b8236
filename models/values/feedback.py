"""Feedback: the ladder of a ticket, the survey, and indicators as fractions beside their targets."""

from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from models.values.base import Carried, Exact
from models.values.decisions.decision import Check

Level = Literal["grid", "community", "street", "district", "city"]
LEVELS: tuple[Level, ...] = ("grid", "community", "street", "district", "city")
"""The ladder of rules.md 5.2, from the grid worker up."""

SATISFIED_SCORE = 4
"""Scores of 4 and 5 say "satisfied" (满意)."""


class Indicator(StrEnum):
    """What the evaluation measures (rules.md 5.6); targets name these words."""

    PARTICIPATION_HEADS = "participation_heads"
    PARTICIPATION_AREA = "participation_area"
    COLLECTION_UNITS = "collection_units"
    COLLECTION_AMOUNT = "collection_amount"
    COMPLETION = "completion"
    FIRST_PASS = "first_pass"  # noqa: S105 - no password, an inspection that passed
    BUDGET_EXECUTION = "budget_execution"
    SATISFACTION = "satisfaction"
    RESPONSE = "response"
    TICKETS_IN_TIME = "tickets_in_time"
    REOPEN_RATE = "reopen_rate"


LOWER_IS_BETTER = frozenset({Indicator.REOPEN_RATE.value})
"""The indicators whose target is a most, not a least."""


class Look(Carried):
    """One look at the open tickets, numbered from 1."""

    number: int = Field(ge=1)


class Reopening(Carried):
    """Where a reopened ticket goes, and which reopening this is."""

    level: Level
    reopened: int = Field(ge=1)


class EvaluationFacts(Carried):
    """What was counted; every number a count, an area (`area_dm2`, 0.01 m2) or an amount in fen."""

    participating_heads: int = Field(default=0, ge=0)
    roll_heads: int = Field(default=0, ge=0)
    participating_area_dm2: int = Field(default=0, ge=0)
    roll_area_dm2: int = Field(default=0, ge=0)
    units_paid: int = Field(default=0, ge=0)
    """Units that paid all they owe."""
    units_due: int = Field(default=0, ge=0)
    paid_fen: int = Field(default=0, ge=0)
    """Each unit counted up to what it owes: a neighbour's overpayment covers nobody."""
    due_fen: int = Field(default=0, ge=0)
    items_passed: int = Field(default=0, ge=0)
    items_planned: int = Field(default=0, ge=0)
    items_inspected: int = Field(default=0, ge=0)
    items_passed_at_once: int = Field(default=0, ge=0)
    """Inspected, and no inspection failed."""
    certified_fen: int = Field(default=0, ge=0)
    budget_fen: int = Field(default=0, ge=0)
    units: int = Field(default=0, ge=0)
    """Households that were asked."""
    answers: int = Field(default=0, ge=0)
    """Households that answered; the last answer of each counts."""
    satisfied: int = Field(default=0, ge=0)
    tickets_answered: int = Field(default=0, ge=0)
    tickets_in_time: int = Field(default=0, ge=0)
    tickets_reopened: int = Field(default=0, ge=0)
    """Of the answered ones."""
    tickets_open: int = Field(default=0, ge=0)
    tickets_overdue: int = Field(default=0, ge=0)
    """Of the open ones: those that can no longer be answered in time."""


class Measurement(Carried):
    """An indicator as it was measured; `missing` counts what was asked and not answered."""

    indicator: str
    numerator: int = Field(ge=0)
    denominator: int = Field(ge=0)
    """0 when there was nothing to measure."""
    missing: int = Field(default=0, ge=0)


class TargetResult(Carried):
    """An indicator beside the target that was set in advance, compared by cross-multiplication."""

    measured: Measurement
    target_numerator: int = Field(ge=0)
    target_denominator: int = Field(gt=0)
    check: Check

    @property
    def met(self) -> bool:
        """Met, and known: what was not measured is not met."""
        return self.check.passed is True


class Interval(Carried):
    """A 95 % interval in permille, rounded outward: the exact one lies inside."""

    lower_permille: int = Field(ge=0, le=1_000)
    upper_permille: int = Field(ge=0, le=1_000)

    @model_validator(mode="after")
    def _ordered(self) -> "Interval":
        if self.lower_permille > self.upper_permille:
            raise ValueError("the lower end is not above the upper one")
        return self


class GradeStep(Carried):
    """A score above `above` earns this grade; the published scales are strict."""

    grade: str
    above: Exact
