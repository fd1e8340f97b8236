"""The owners' roll (业主名册) as it was read from a file: units with their registered owners.

It holds personal data (PIPL art. 4): only the opening of a renovation reads the owners, and they go
to the private tables. Everything else knows a unit by its number and its `owner_key`.
"""

from pydantic import Field

from models.values.base import Value
from models.values.voting import UnitKind


class RegisteredUnit(Value):
    """One row: an exclusive unit (专有部分), its weights, and who is registered as its owner.

    `owner_key` is the SHA-256 of the exact set of owners; `area_dm2` counts 0.01 square metres.
    """

    number: str
    building: str
    entrance: str
    floor: int
    kind: UnitKind
    area_dm2: int = Field(gt=0)
    shares: int | None = None
    developer: bool = False
    owner_key: str
    owners: tuple[str, ...] = Field(repr=False)
    """Names in the order of the register."""


class Roll(Value):
    """All units of one estate, in the order of the file; numbers are unique."""

    name: str
    """The file's name, for messages."""
    sha256: str
    """Of the file as it came."""
    units: tuple[RegisteredUnit, ...] = Field(repr=False)
