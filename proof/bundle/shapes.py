"""The lines and files of a bundle as this project reads them: exact, nothing converted."""

from functools import cached_property
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from models.values.base import Value
from models.values.refusal import Refused, refusal
from models.values.voting import Channel, Condition, Motion
from proof.ballots import Times, roll_line
from proof.bundle import contents as bundle
from proof.canonical import canonical_json
from rules.voting.results import MotionResult

Whole = Annotated[int, Field(strict=True, ge=0, lt=10**18)]
Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$", strict=True)]
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", strict=True)]
Hex128 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$", strict=True)]
Utc = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        r"T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\.[0-9]{6}\+00:00$",
        strict=True,
    ),
]
"""A moment in UTC with microseconds: one spelling, so that the order of texts is that of time."""
Shape = TypeVar("Shape", bound=Value)


class Exactly(Value):
    """A value that is read as it stands, nothing converted."""

    model_config = ConfigDict(strict=True)


class Manifest(Exactly):
    """manifest.json."""

    box_id: str
    files: dict[str, Hex64]
    format: Literal["gongjian.voting/1", "gongjian.voting/2"]
    renovation_id: str
    title: str

    @property
    def box_format(self) -> int:
        """1 or 2."""
        return next(number for number, name in bundle.FORMATS.items() if name == self.format)


class Head(Exactly):
    """head.json of format 1: the signed head of the tree."""

    box_id: str
    closed_at: str
    public_key: Hex64
    roll_hash: Hex64
    root: Hex64
    signature: Hex128
    tree_size: Whole


class HeadOfPeriod(Head):
    """head.json of format 2: also between which moments the ballots were cast."""

    closed_at: Utc
    closes_at: Utc
    opens_at: Utc


class Signature(Exactly):
    """signature.json."""

    public_key: Hex64
    signature: Hex128


class BundleEntry(Exactly):
    """A line of roll.jsonl."""

    area_dm2: Whole
    developer: bool
    entry: Hex32
    excluded_reason: str | None
    heads: Whole
    shares: Whole | None

    @property
    def weights(self) -> tuple[int, int, int | None]:
        """Heads, area, shares."""
        return self.heads, self.area_dm2, self.shares

    def written(self) -> bytes:
        """The line as this project writes it."""
        return roll_line(
            pseudonym=self.entry,
            heads=self.heads,
            area_dm2=self.area_dm2,
            shares=self.shares,
            developer=self.developer,
            excluded_reason=self.excluded_reason,
        )


class BundleBallot(Exactly):
    """A line of ballots.jsonl of format 1."""

    area_dm2: Whole
    box_id: str
    channel: Channel
    commitment: Hex64
    entry: Hex32
    heads: Whole
    leaf: Hex64
    shares: Whole | None
    state: bundle.BallotState
    choices: dict[str, JsonValue] | None = None
    nonce: Hex32 | None = None

    @property
    def times(self) -> Times | None:
        """When it was cast, where the format says so."""
        return None

    @cached_property
    def choices_json(self) -> bytes:
        """The choices in canonical JSON; nothing where the ballot is not opened."""
        return b"" if self.choices is None else canonical_json(self.choices)

    def written(self) -> bytes:
        """The line as this project writes it."""
        return bundle.ballot_line(
            bundle.BallotLine(
                box_id=self.box_id,
                entry=self.entry,
                channel=self.channel,
                commitment=bytes.fromhex(self.commitment),
                heads=self.heads,
                area_dm2=self.area_dm2,
                shares=self.shares,
                leaf=bytes.fromhex(self.leaf),
                state=self.state,
                times=self.times,
                choices=self.choices_json or None,
                nonce=None if self.nonce is None else bytes.fromhex(self.nonce),
            )
        )


class BallotWithTimes(BundleBallot):
    """A line of ballots.jsonl of format 2."""

    cast_at: Utc
    recorded_at: Utc

    @cached_property
    def times(self) -> Times:
        """When it was cast."""
        return Times(self.cast_at, self.recorded_at)


class RulingEntry(Exactly):
    """A line of rulings.jsonl."""

    at: str
    entry: Hex32
    kind: bundle.RulingKind
    leaf: Hex64 | None
    number: Whole
    reason: str
    role: str | None
    up_to: Whole


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


def fault_at(file: str, line: int, text: str) -> Refused:
    """The refusal of a bundle, with its place."""
    where = file if line == 0 else f"{file}, line {line}"
    return refusal("evidence.fault", where=where, fault=f"{where}: {text}")


def read_value(shape: type[Shape], raw: bytes, file: str, line: int = 0) -> Shape:
    """One value, written in the one canonical way."""
    try:
        value = shape.model_validate_json(raw)
        if isinstance(value, BundleBallot | BundleEntry):
            same = value.written() == raw
        else:
            same = bundle.line(value.model_dump(mode="json")) == raw
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:80]
        raise fault_at(file, line, f"{place}: {first['msg']}"[:200]) from None
    except (ValueError, RecursionError):
        raise fault_at(file, line, "holds what no JSON of this project holds") from None
    if not same:
        raise fault_at(file, line, "is not written in the canonical way")
    return value
