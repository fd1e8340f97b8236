"""The owners' roll (业主名册) as it was read from a file: units with their registered owners.

It holds personal data (PIPL art. 4): only the opening of a renovation and the import of a roll read
the owners, and they go to the private tables. Everything else knows a unit by its number and key.
"""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from models.fields import LARGEST, Count, label, line, whole
from models.values.base import Value
from models.values.refusal import Problem
from models.values.voting import UnitKind

ExclusionReason = Literal["arrears", "conflict", "frozen", "disputed", "other"]
"""Why an owner of the roll has no vote; a code, because free text would be published with names."""


class UnreadableCell(NamedTuple):
    """A cell that has no text to read: an error, a formula without a value, a date."""

    code: str
    value: str
    """What the cell shows, if it can be repeated: never a name."""


class RegisteredUnit(Value):
    """One row: an exclusive unit (专有部分), its weights, and who is registered as its owner.

    `owner_key` is the SHA-256 of the exact set of owners and never leaves the process: what is
    stored is its HMAC. `area_dm2` counts 0.01 square metres.
    """

    number: Annotated[str, *label(32)]
    building: Annotated[str, *label(32)]
    entrance: Annotated[str, *label(32)]
    floor: Annotated[int, *whole("number", 300, -20)]
    kind: UnitKind
    area_dm2: Annotated[int, *whole("area", LARGEST, 1)]
    shares: Count | None = None
    developer: bool = False
    """The developer's: unsold, or sold and not handed over (V-CN-2)."""
    excluded_reason: ExclusionReason | None = None
    owner_key: Annotated[str, *line(64)] = Field(repr=False)
    owners: tuple[Annotated[str, *label(100)], ...] = Field(repr=False)
    """Names in the order of the register."""


_ALL_FIELDS = set(RegisteredUnit.model_fields)


def sparing(unit: RegisteredUnit) -> RegisteredUnit:
    """A unit that shares the names of its fields with all others: 200,000 sets of them take 140 MB."""
    object.__setattr__(unit, "__pydantic_fields_set__", _ALL_FIELDS)
    return unit


class Roll(Value):
    """All units of one estate, in the order of the file; numbers are unique."""

    name: str
    """The file's name, for messages."""
    sha256: str
    """Of the file as it came."""
    units: tuple[RegisteredUnit, ...] = Field(repr=False)


class Finding(Value):
    """One problem or warning of a roll and the cell it is about; `value` is never a name."""

    problem: Problem
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    """The letter a spreadsheet gives the column."""
    field: str | None = None
    """Our name of the column, like area_m2."""
    value: str | None = None


class RollReport(Value):
    """What reading a file found: the roll if nothing is wrong with it, else every problem."""

    name: str
    sha256: str
    sheet: str | None = None
    heading_row: int | None = None
    """The row of the headings; those above it are titles. The lower one where headings take two."""
    ignored: tuple[str, ...] = ()
    """Headings whose columns are known and not read."""
    roll: Roll | None = None
    problems: tuple[Finding, ...] = ()
    problem_count: int = 0
    """All of them; `problems` stops at a limit."""
    readings: tuple[Finding, ...] = ()
    """What was interpreted, each once with how often and where first."""
    reading_count: int = 0
    warnings: tuple[Finding, ...] = ()
    warning_count: int = 0


class KindSummary(Value):
    """The units of one kind."""

    units: int
    area_dm2: int


class RollSummary(Value):
    """The figures of a roll, for the people who check it; no names."""

    units: int
    heads: int
    """Sets of owners, all the developer's units being one (V-CN-2); before any pack's exclusions."""
    heads_by_units: dict[int, int]
    """Heads other than the developer's, by how many units they have."""
    area_dm2: int
    kinds: dict[UnitKind, KindSummary]
    developer_units: int
    developer_area_dm2: int
    excluded: dict[ExclusionReason, KindSummary]
    co_owned_units: int
    """Units with more than one owner."""
    roll_sha256: str
    """Of the units themselves, so that the same roll in another format shows the same digest."""


class UnitChange(Value):
    """What differs in one unit: field to (before, after) in words; owners only as "changed"."""

    number: str
    fields: dict[str, tuple[str, str]]


class RollDifference(Value):
    """From one roll to the next; numbers in the order of their text."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[UnitChange, ...]
    regrouped: tuple[str, ...]
    """Units whose head has other units than before, though they and their owners are the same."""

    respelled: tuple[tuple[str, str], ...] = ()
    """Removed and added units that are probably one, in two spellings of its number."""

    @property
    def same(self) -> bool:
        """Nothing differs."""
        return not (self.added or self.removed or self.changed)
