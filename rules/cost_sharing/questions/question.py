"""What every question has: kinds of its fields, and an answer with the names of the rule book."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from models.fields import LARGEST, Expected, entries, whole, written_whole
from models.values.base import Exact, Value

MOST_UNITS = 100_000
MOST_FLOORS = 200
FEN_PER_YUAN = 100

Answer = Mapping[str, object]
Money = Annotated[int, *whole("amount", LARGEST)]
Number = Annotated[int, *whole("count", 10**9)]
Area = Annotated[int, *whole("area", 10**9, 1)]
Floor = Annotated[int, *whole("count", MOST_FLOORS, 1)]
FloorName = Annotated[int, *written_whole("count", MOST_FLOORS, 1)]
"""A floor as the key of an object, where every number is a text."""
Positive = Annotated[Exact, Field(ge=0), Expected("exact_from_0")]
Many = entries(MOST_UNITS, 1)


class Question(Value):
    """What is asked; `answer` has the names of the rule book's `expected`."""

    @abstractmethod
    def answer(self) -> Answer:
        """The answer; refused as the rule refuses it."""


def name_at(number: int) -> str:
    """A name that sorts as the question lists it."""
    return f"{number:06d}"


def yuan(fen: int) -> int | str:
    """Whole yuan as a number, else with two decimals."""
    whole_yuan, rest = divmod(fen, FEN_PER_YUAN)
    return whole_yuan if rest == 0 else f"{whole_yuan}.{rest:02}"
