"""The base of every value: frozen, strict about unknown fields, and exact in numbers."""

import re
from contextlib import suppress
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic_core import PydanticCustomError


class Value(BaseModel):
    """A frozen shape that came from a person or a file: unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Carried(BaseModel):
    """A frozen shape that old histories and rows hold: unknown fields are ignored on reading.

    A new constraint on one of these would make what is stored unreadable; it belongs to the file
    or the act that the shape comes in with.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Growing(BaseModel):
    """A shape that has grown: its `LATER` fields are not written while they are at their default.

    So whatever is hashed, published or compared reads as it did before they were thought of.
    """

    LATER: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """What a parent has grown by, its children have too."""
        grown = [base.LATER for base in cls.__bases__ if issubclass(base, Growing)]
        cls.LATER = cls.LATER.union(*grown)

    @model_serializer(mode="wrap")
    def _as_before(self, written: SerializerFunctionWrapHandler) -> dict[str, object]:
        whole: dict[str, object] = written(self)
        fields = type(self).model_fields
        unsaid = {
            name
            for name in self.LATER
            if getattr(self, name) == fields[name].get_default(call_default_factory=True)
        }
        return {name: value for name, value in whole.items() if name not in unsaid}


class Grown(Growing, Carried):
    """A carried shape that has grown."""


# A power of ten with hundreds of digits would be written out before anybody could compare it; Python would
# take 1_3 for 13, where somebody meant 1.3.
_EXACT = re.compile(
    r"\s*[-+]?(?:[0-9]+/[0-9]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?)\s*"
)


def _to_fraction(value: object) -> Fraction:
    written = not isinstance(value, str) or _EXACT.fullmatch(value)
    if written and isinstance(value, int | str | Fraction) and not isinstance(value, bool):
        with suppress(ValueError, ZeroDivisionError):
            return Fraction(value)
    raise PydanticCustomError(
        "expected.exact", "an exact number: an integer, 'p/q' or a decimal string; never a float"
    )


def _from_fraction(value: Fraction) -> int | str:
    return value.numerator if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


Exact = Annotated[Fraction, BeforeValidator(_to_fraction), PlainSerializer(_from_fraction)]
"""A rational number; in JSON an integer or the string "p/q"."""
