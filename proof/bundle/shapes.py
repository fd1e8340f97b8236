"""The questions, rules and results of a bundle as this project reads them: exact, nothing converted."""

from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from models.values.base import Value
from models.values.voting import Condition, Motion
from proof.bundle import contents as bundle
from proof.verifier.reading import Fault
from rules.voting.results import MotionResult

Whole = Annotated[int, Field(strict=True, ge=0, lt=10**18)]
Shape = TypeVar("Shape", bound=Value)


class Exactly(Value):
    """A value that is read as it stands, nothing converted."""

    model_config = ConfigDict(strict=True)


class Motions(Value):
    """motions.json."""

    motions: tuple[Motion, ...]


class RuleOfMotion(Value):
    """The rule of a motion as rules.json has it."""

    id: str
    kind: str
    law: str
    silence: Literal["no_vote", "follow_majority"]
    quorum: tuple[Condition, ...]
    approve: tuple[Condition, ...]
    reject_cap: tuple[Condition, ...]


class Rules(Value):
    """rules.json."""

    motions: dict[str, RuleOfMotion]


class Largest(Exactly):
    """How far voting power is in one hand."""

    above_one_fifth: bool
    area_dm2: Whole
    developer: bool
    heads: Whole
    roll_area_dm2: Whole
    roll_heads: Whole


class Result(Value):
    """result.json."""

    adopted: bool
    ballots: dict[bundle.BallotState | Literal["broken", "missing"], int]
    concentration: Largest
    motions: dict[str, MotionResult]
    roll: bundle.RollSums


def read_value(shape: type[Shape], raw: bytes, file: str) -> Shape:
    """One value, written in the one canonical way.

    Raises:
        Fault: it is not.
    """
    try:
        value = shape.model_validate_json(raw)
        same = bundle.line(value.model_dump(mode="json")) == raw
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:80]
        raise Fault(file, 0, f"{place}: {first['msg']}"[:200]) from None
    except (ValueError, RecursionError):
        raise Fault(file, 0, "holds what no JSON of this project holds") from None
    if not same:
        raise Fault(file, 0, "is not written in the canonical way")
    return value
