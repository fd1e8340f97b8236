"""Published tables of floors for lifts (rules.md 2.3): what a stairwell may vote on, never law of itself."""

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from models.values.refusal import refusal
from models.values.voting import Confidence

TENTH = Fraction(1, 10)


class FloorTable:
    """A table by floor; above its last floor each adds `rise`, where its source says how it goes on."""

    def __init__(
        self,
        weights: Mapping[int, str],
        source: str,
        confidence: Confidence,
        rise: Fraction | None = None,
        *,
        percent: bool = False,
    ) -> None:
        self.weights = {floor: Fraction(weight) for floor, weight in weights.items()}
        self.source, self.confidence, self.rise = source, confidence, rise
        self.percent = percent

    def weight(self, floor: int) -> Fraction:
        """The weight of a floor, from 1.

        Raises:
            Refused: `cost_sharing.floor_not_in_table` for a floor of which the source says nothing.
        """
        last = max(self.weights)
        if floor in self.weights:
            return self.weights[floor]
        if floor < 1 or self.rise is None or floor < last:
            raise refusal("cost_sharing.floor_not_in_table", floor=floor)
        return self.weights[last] + (floor - last) * self.rise


TABLES: Mapping[str, FloorTable] = MappingProxyType(
    {
        "gz-art8": FloorTable(
            {1: "0", 2: "0.5", 3: "1", 4: "1.1", 5: "1.2", 6: "1.3"},
            "《广州市既有住宅增设电梯办法》第八条",
            "V2",
            TENTH,
        ),
        "gz-lijiang": FloorTable(
            {1: "0", 2: "0", 3: "0.7", 4: "0.8", 5: "0.9", 6: "1", 7: "1.1", 8: "1.2", 9: "1.3"},
            "广州东圃丽江新村",
            "V2",
        ),
        "cz-zhonglou": FloorTable(
            {1: "0", 2: "0", 3: "8", 4: "20", 5: "31", 6: "41"},
            "常州钟楼区",
            "V2",
            percent=True,
        ),
    }
)
"""By name. Those of Changzhou are percentages of the whole, the others coefficients."""
