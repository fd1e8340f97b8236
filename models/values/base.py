"""The base of every value: frozen, strict about unknown fields, and exact in numbers."""

from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer


class Value(BaseModel):
    """A frozen shape that came from a person or a file: unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Carried(BaseModel):
    """A frozen shape that old histories and rows hold: unknown fields are ignored on reading."""

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
