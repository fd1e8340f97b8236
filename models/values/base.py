"""The base of every value: frozen, strict about unknown fields, and exact in numbers."""

from fractions import Fraction
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)


class Value(BaseModel):
    """A frozen shape that came from a person or a file: unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Carried(BaseModel):
    """A frozen shape that old histories and rows hold: unknown fields are ignored on reading.

    A new constraint on one of these would make what is stored unreadable; it belongs to the file
    or the act that the shape comes in with.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


def _to_fraction(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | str | Fraction):
        raise ValueError(  # noqa: TRY004 - pydantic expects ValueError
            "an exact number: an integer, 'p/q' or a decimal string; never a float"
        )
    return Fraction(value)


def _from_fraction(value: Fraction) -> int | str:
    return value.numerator if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


Exact = Annotated[Fraction, BeforeValidator(_to_fraction), PlainSerializer(_from_fraction)]
"""A rational number; in JSON an integer or the string "p/q"."""

ID_PATTERN = r"^[\w-]{1,32}$"
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""An id of a file. It becomes part of row ids, so it is short and has no dots or slashes."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""A line that people read: a title, a name, a label."""

LARGEST = 10**15
"""No number of a file is larger: ten thousand thousand million yuan in fen."""

Fen = Annotated[int, Field(ge=0, le=LARGEST)]
"""An amount of money that is no debt, in fen (0.01 yuan)."""
