"""The questions, rules and results of a bundle as this project reads them: exact, nothing converted."""

from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from models.values.base import Value
from models.values.decisions.rules import Payers
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


class FollowUpOfLaw(Value):
    """A second vote that the law may open."""

    kind: Literal["bridge", "second_call"]
    then: str
    after: Literal["fail", "no_quorum"]
    conditions: tuple[Condition, ...]
    earliest_days: Whole | None
    latest_days: Whole | None
    notice_days: Whole | None
    article: str


class PayersOfLaw(Value):
    """Who pays, or the rule that says so."""

    passed: Payers
    failed: Payers
    above: Payers | None
    by: "LawOfMotion | None"


class LawOfMotion(Value):
    """The rule of a motion under any law, as rules.json has it."""

    id: str
    kind: Literal[""]
    law: str
    silence: Literal["no_vote", "follow_majority", "deemed_yes"]
    quorum: tuple[Condition, ...]
    approve: tuple[Condition, ...]
    reject_cap: tuple[Condition, ...]
    article: str
    either: tuple[tuple[str, ...], ...]
    veto: tuple[Condition, ...] | None
    follow_ups: tuple[FollowUpOfLaw, ...]
    payers: PayersOfLaw | None


class BesideTheBallots(Value):
    """Who came and who objected, by pseudonym."""

    attended: tuple[str, ...]
    objected: tuple[str, ...] | None


class Rules(Value):
    """rules.json; `beside` only where the law of a motion looks at more than the ballots."""

    motions: dict[str, RuleOfMotion | LawOfMotion]
    beside: BesideTheBallots | None = None


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
        same = bundle.line(_as_read(value)) == raw
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:80]
        raise Fault(file, 0, f"{place}: {first['msg']}"[:200]) from None
    except (ValueError, RecursionError):
        raise Fault(file, 0, "holds what no JSON of this project holds") from None
    if not same:
        raise Fault(file, 0, "is not written in the canonical way")
    return value


def _as_read(value: Value) -> dict[str, JsonValue]:
    """The value in JSON; motions and results of votes from before have not what came later."""
    dumped: dict[str, JsonValue] = value.model_dump(mode="json")
    if isinstance(value, Motions):
        dumped["motions"] = [_of_then(each) for each in value.motions]
    if isinstance(value, Rules) and "beside" not in value.model_fields_set:
        del dumped["beside"]
    if isinstance(value, Result):
        dumped["motions"] = {name: _of_then(each) for name, each in value.motions.items()}
    return dumped


def _of_then(value: Motion | MotionResult) -> JsonValue:
    later = bundle.LATER - value.model_fields_set
    dumped: JsonValue = value.model_dump(mode="json", exclude=set(later))
    return dumped
