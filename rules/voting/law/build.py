"""Short words for the tests that the law modules are made of."""

from fractions import Fraction

from models.values.decisions.decision import Operator
from models.values.decisions.rules import MatterClass
from models.values.voting import Base, Condition, Confidence, Dimension, Measured

HALF = Fraction(1, 2)
THIRD = Fraction(1, 3)
QUARTER = Fraction(1, 4)
FIFTH = Fraction(1, 5)
TENTH = Fraction(1, 10)
TWENTIETH = Fraction(1, 20)
TWO_THIRDS = Fraction(2, 3)
THREE_QUARTERS = Fraction(3, 4)
THREE_FIFTHS = Fraction(3, 5)
THREE_TENTHS = Fraction(3, 10)
FOUR_FIFTHS = Fraction(4, 5)
WHOLE = Fraction(1)

HEAD: tuple[Dimension, ...] = ("head",)
SHARE: tuple[Dimension, ...] = ("share",)
HEAD_AREA: tuple[Dimension, ...] = ("head", "area")
HEAD_SHARE: tuple[Dimension, ...] = ("head", "share")


def conditions(
    name: str,
    dimensions: tuple[Dimension, ...],
    value: Measured,
    op: Operator,
    fraction: Fraction,
    of: Base,
    article: str,
    confidence: Confidence = "V",
) -> tuple[Condition, ...]:
    """The same test in each dimension: all of them must hold. `name` becomes part of the code."""
    return tuple(
        Condition(
            code=f"voting.{name}.{dimension}",
            dimension=dimension,
            value=value,
            op=op,
            fraction=fraction,
            of=of,
            article=article,
            confidence=confidence,
        )
        for dimension in dimensions
    )


def matters(
    cls: str, article: str, *names: str, confidence: Confidence = "V"
) -> tuple[MatterClass, ...]:
    """Several matters of one class."""
    return tuple(
        MatterClass(matter=name, cls=cls, article=article, confidence=confidence) for name in names
    )
