"""The file that opens a renovation: place, people in office, dates, money, scheme and timetable."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from models.fields import DayInFile, FenInFile, IdInFile, Label, PlacePath, Word, label
from models.values.actor import Role
from models.values.base import Value
from models.values.cost_sharing import Rounding
from models.values.scheme import SchemeContent
from models.values.timetable import Timetable

Level = Literal["district", "street_office", "community", "grid"]
LEVELS: tuple[Level, ...] = ("district", "street_office", "community", "grid")
"""The places of a renovation, from the top down."""


class PlaceEntry(Value):
    """One place of the chain; its id is the administration's code and never changes."""

    level: Level
    id: IdInFile
    name: Label


class Official(Value):
    """Somebody who may act in `role` for a place and everything below it.

    `place` is a level of this file's chain, or a path of place ids that begins with its district.
    """

    id: IdInFile
    label: Label
    role: Role
    place: PlacePath = "grid"


class SandboxTime(Value):
    """Makes the case a training case: its clock moves only when somebody moves it."""

    clock: Literal["told"]


def _whole_bill(value: object) -> object:
    """Of a case that is opened now: what does not say how fen are rounded is rounded over the whole bill."""
    return {"rounding": Rounding.WHOLE_BILL, **value} if isinstance(value, dict) else value


class RenovationFile(Value):
    """Everything `gongjian start` needs beside the roll. Money in fen, dates in the case's time."""

    title: Label
    places: tuple[PlaceEntry, ...]
    """District, street office, community and grid, in this order."""
    estate: Label
    roll: Label
    """The name of the roll's file (.csv, .xlsx, .xls, .ods), beside this file."""
    officials: tuple[Official, ...]
    region: Word = "CN"
    """Whose law of owners' votes applies: "CN", or a city with rules of its own like "CN-3707"."""
    starts_on: DayInFile
    ends_on: DayInFile
    budget_fen: FenInFile
    scheme: Annotated[SchemeContent, BeforeValidator(_whole_bill)]
    timetable: Timetable = Field(default_factory=Timetable)
    sandbox: SandboxTime | None = None
    synthetic: bool = False
    """The data were made up, for training or a demonstration; shown wherever they are shown."""

    @property
    def place_path(self) -> str:
        """The path of the grid, from the district down."""
        return "/".join(place.id for place in self.places)

    def path_of(self, place: str) -> str:
        """The path of an official's place, which is a level's name or a path already."""
        if place in LEVELS:
            ids = [entry.id for entry in self.places]
            return "/".join(ids[: LEVELS.index(place) + 1])
        return place


class RevisionFile(Value):
    """A revised scheme for `gongjian act … revise-scheme`: the parts of a renovation's file that it changes."""

    title: Annotated[str, *label(200, 0)] = ""
    budget_fen: FenInFile | None = None
    """Without it the budget stays."""
    scheme: SchemeContent
