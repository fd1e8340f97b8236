"""What came of it for everybody: the indicators beside the targets that were set in advance, and the survey."""

from collections.abc import Sequence
from typing import NamedTuple

from models.values.feedback import LOWER_IS_BETTER, Indicator
from service.reading.results import IndicatorView

PERMILLE = 1_000
AREAS = frozenset({Indicator.PARTICIPATION_AREA.value})
AMOUNTS = frozenset({Indicator.COLLECTION_AMOUNT.value, Indicator.BUDGET_EXECUTION.value})


class Measured(NamedTuple):
    """An indicator as a bar: `filled` and `target` stand in thousandths; None is not measured, or not set."""

    name: str
    kind: str
    """"area", "money" or "count": how its two numbers are written."""
    numerator: int
    denominator: int
    missing: int
    filled: int | None
    target: int | None
    at_most: bool
    met: bool | None


def measured(views: Sequence[IndicatorView]) -> tuple[Measured, ...]:
    """The indicators in the order in which the evaluation names them."""
    order = {each.value: place for place, each in enumerate(Indicator)}
    known = [each for each in views if each.indicator in order]
    return tuple(_measured(each) for each in sorted(known, key=lambda e: order[e.indicator]))


def _measured(view: IndicatorView) -> Measured:
    name = view.indicator
    filled = view.numerator * PERMILLE // view.denominator if view.denominator else None
    target = (
        None if view.met is None else view.target_numerator * PERMILLE // view.target_denominator
    )
    return Measured(
        name=name,
        kind="area" if name in AREAS else "money" if name in AMOUNTS else "count",
        numerator=view.numerator,
        denominator=view.denominator,
        missing=view.missing,
        filled=filled,
        target=target,
        at_most=name in LOWER_IS_BETTER,
        met=view.met,
    )
