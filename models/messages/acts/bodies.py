"""The fields of the acts on a whole renovation as the doors take them, and what all bodies share."""

from typing import Annotated, Literal

from pydantic import Field

from models.fields import (
    LARGEST,
    Day,
    Id,
    IdInFile,
    Label,
    OptionalId,
    PositiveFen,
    Reason,
    Text,
    UnitNumber,
    Word,
    entries,
    label,
    whole,
)
from models.values.actor import Role
from models.values.base import Value
from models.values.states import Annuller, SuspensionGround

OFFICIALS = 100
"""Entries of a list, at most."""


class ActBody(Value):
    """The own fields of an act, without the command id and who does it."""


class NoFields(ActBody):
    """An act that says everything by its name."""


class ReasonBody(ActBody):
    """Of an act that only says why."""

    reason: Reason


class AddedOfficialBody(Value):
    """Of `AddedOfficial`."""

    id: IdInFile
    label: Label
    role: Role
    place: Literal["district", "street_office", "community", "grid"] = "grid"


class CorrectionBody(ActBody):
    """Of `CorrectRenovation`."""

    title: Annotated[str, *label(200, 0)] = ""
    estate: Annotated[str, *label(200, 0)] = ""
    ends_on: Day | None = None
    labels: Annotated[dict[Id, Label], *entries(OFFICIALS)] = Field(default_factory=dict)
    officials: Annotated[tuple[AddedOfficialBody, ...], *entries(OFFICIALS)] = ()
    reason: Reason


class BlockBody(ActBody):
    """Of `BlockPayments`."""

    ground: Literal["signatories", "frozen"]
    document: Annotated[str, *label(200, 0)] = ""
    reason: Reason


class UnblockBody(ActBody):
    """Of `UnblockPayments`."""

    document: Annotated[str, *label(200)]
    reason: Reason


class SubsidyCutBody(ActBody):
    """Of `CutSubsidy`."""

    funding: Annotated[str, *label(100)]
    amount_fen: PositiveFen
    document: Annotated[str, *label(200, 0)] = ""
    reason: Reason


class JoiningBody(ActBody):
    """Of `JoinLate`."""

    unit_number: UnitNumber
    item: Annotated[str, *label(100)]
    document: Annotated[str, *label(200)]
    reason: Reason


class SuspensionBody(ActBody):
    """Of `SuspendRenovation`."""

    ground: SuspensionGround
    document: Annotated[str, *label(200, 0)] = ""
    reason: Reason


class ExtensionBody(ActBody):
    """Of `ExtendPeriod`."""

    what: Word
    subject: OptionalId = ""
    days: Annotated[int, *whole("number", 365, 1)]
    reason: Reason


class OrderBody(ActBody):
    """Of `OrderCorrection`."""

    addressee: Literal["owners_committee", "residents_committee", "contractor", "supervisor"]
    event: Annotated[int, *whole("number", LARGEST, 1)]
    days: Annotated[int, *whole("number", 365, 1)]
    document: Annotated[str, *label(200, 0)] = ""
    reason: Reason


class CorrectedBody(ActBody):
    """Of `ReportCorrected`."""

    order_id: Id
    report: Text


class LiftingBody(ActBody):
    """Of `LiftCorrection`."""

    order_id: Id
    reason: Reason


class AnnulmentBody(ActBody):
    """Of `AnnulVote`."""

    annulled_by: Annuller
    document: Annotated[str, *label(200)]
    reason: Reason


class ReassignmentBody(ActBody):
    """Of `ReassignAct`."""

    act: Word
    subject: OptionalId = ""
    role: Literal["owners_committee", "residents_committee", "street_office", "district_bureau"]
    reason: Reason
