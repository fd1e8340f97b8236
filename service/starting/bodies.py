"""The bodies with which a roll comes in and a case is opened, and their answers."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from models.fields import Day, Expected, Fen, Id, Label, PlacePath, PositiveFen, Word, entries, line
from models.files.renovation import PlaceEntry, RenovationFile
from models.files.roll import RollDifference
from models.values.actor import Role
from models.values.base import Carried, Value
from models.values.states import Stage
from service.bodies import CommandBody
from service.http.problems import SpokenProblem

MOST_UNITS = 10_000
MOST_BASE64 = 1_800_000
"""Bytes of a file in base64, 1.35 MB of it; a larger roll comes by the pages, or on the machine of the service."""
FileBase64 = Annotated[
    str, Field(max_length=MOST_BASE64), Expected("base64", least=0, most=MOST_BASE64)
]
Cell = Annotated[str, *line(200, 0)]
"""What stands in a cell of a roll, or nothing."""


class RollFile(Value):
    """A roll as the spreadsheet that the committee has."""

    name: Label
    """Its name tells the format: .csv (UTF-8, GB18030), .xlsx, .xls or .ods."""
    content: FileBase64
    sheet: Cell = ""
    """Which sheet, or `all` of them together; "" for the only one that is not empty."""
    columns: Annotated[dict[Label, Word], *entries(100)] = Field(default_factory=dict)
    """Heading to field, like {"计费面积": "area_m2"}; to `ignore` it is passed over."""


class RollRow(Value):
    """One unit as a roll has it, in words: what the columns mean stands in docs/roll.md."""

    number: Cell
    building: Cell = ""
    entrance: Cell = ""
    floor: Cell = ""
    area_m2: Cell = ""
    kind: Cell = ""
    owners: Annotated[str, *line(2_000, 0)] = ""
    """Names, with 、 or ; between them."""
    owner_ids: Annotated[str, *line(2_000, 0)] = ""
    """Their identity numbers in the same order; only ever kept as keyed digests."""
    shares: Cell = ""
    developer: Cell = ""
    excluded: Cell = ""


class GivenRoll(Value):
    """A roll: a file, or its units one by one."""

    file: RollFile | None = None
    units: Annotated[tuple[RollRow, ...], *entries(MOST_UNITS)] = ()


class ImportRoll(CommandBody):
    """Make a roll that of an estate, whole or not at all."""

    estate: Label
    """The id of an estate, or the name of one at `place`, which is made where there is none."""
    place: PlacePath | None = None
    """The path of a grid that is set up already."""
    places: Annotated[tuple[PlaceEntry, ...], *entries(4)] = ()
    """Instead of it the chain with its names, from the district down: what is new of it is set up."""
    roll: GivenRoll
    remove: bool = False
    """Whether units of the estate that the roll lacks are taken away; else they are a refusal."""
    synthetic: bool = False
    """A new estate is of made-up people, for training."""
    preview: bool = False
    """Show what would change; nothing is written, and the command id is not used."""


class RollAnswer(Carried):
    """What an import did, or in a preview what it would do."""

    estate_id: str
    created: bool
    """The estate was made by it."""
    imported: bool
    """False in a preview, and where the estate had exactly this roll."""
    units: int
    added: int
    changed: int
    removed: int
    difference: RollDifference | None = None
    """Which units, in a preview; without names."""
    warnings: tuple[SpokenProblem, ...] = ()
    """What was interpreted, and what is allowed but suspicious."""


class OpenCase(CommandBody):
    """Open a case as the file of a renovation describes it."""

    renovation: RenovationFile
    """As docs/examples/estate.yaml has it; `roll` names the roll for messages."""
    roll: GivenRoll | None = None
    """Without it the case is opened on the roll that the estate has."""
    preview: bool = False
    """Show the calendar and what is missing; nothing is written, and the command id is not used."""


class OpenFromTemplate(CommandBody):
    """Open a case by the few questions of a template, on the roll that the estate has."""

    estate: Id
    template: Literal["basic", "lift", "whole"]
    title: Label
    costs: Annotated[dict[Word, PositiveFen], *entries(20, 1)]
    """Work to what it costs; which works a template asks for, its refusal says."""
    lift_building: Label | None = None
    subsidy_fen: Fen = 0
    ends_on: Day
    preview: bool = False
    """As `OpenCase`."""


class StepView(Carried):
    """One period of the calendar; `waited_for` is False where somebody may be done earlier."""

    stage: Stage
    period: str
    begins_on: date
    ends_on: date
    waited_for: bool
    provisional: bool
    """A holiday that is not announced yet may still move the end."""
    article: str


class CastSession(Carried):
    """Somebody of a training case, with a session as whom its opener may act there."""

    actor_id: str
    session: str
    expires_at: datetime


class OpeningAnswer(Carried):
    """A case that was opened, or in a preview what would be."""

    renovation_id: str
    """Empty in a preview."""
    estate_id: str
    place_path: str
    title: str
    rule_pack: str
    units: int
    budget_fen: int
    calendar: tuple[StepView, ...]
    days_for_works: int
    """From the beginning of the works to their planned end; below 1 there is no time for them."""
    missing: tuple[Role, ...]
    """Nobody holds these roles here yet; a later stage waits for them."""
    warnings: tuple[SpokenProblem, ...]
    """What will not fit later and can still be mended."""
    cast: tuple[CastSession, ...] = ()
    """Of a training case, told once each time it is asked for."""
    invitations: dict[str, str] = Field(default_factory=dict)
    """The links of those who were given a role and have no account yet, by person; each is good once."""


class PlaceSetUp(Carried):
    """A grid that is there now with the places above it."""

    path: str
