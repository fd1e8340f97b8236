"""What is sent of a firm, and what is answered."""

from datetime import datetime
from typing import Annotated, Literal

from models.credit_codes import CreditCode
from models.fields import Label, PlacePath, Reason, line
from models.values.actor import Role
from models.values.base import Value
from models.values.states import LegalForm
from service.bodies import CommandBody

FirmRole = Literal[Role.CONTRACTOR, Role.PAYMENT_PROVIDER]
"""To bid and build, or to keep the account and report payments."""
Contact = Annotated[str, *line(200)]
"""A telephone number or an address; who may confirm the firm reads it, and its own people."""
Qualification = Annotated[str, *line(500)]
"""Kind and grade of the qualification with the number of the licence (资质证书编号)."""


class NewFirm(CommandBody):
    """A firm and the place for which it asks for a role: it counts from its confirmation on."""

    name: Label
    code: CreditCode
    form: LegalForm
    contact: Contact
    qualification: Qualification
    role: FirmRole
    place: PlacePath


class RegisterFirm(NewFirm):
    """A firm registers; `person` is the name of whoever acts for it and gets the link to sign in."""

    person: Label


class InviteFirm(NewFirm):
    """Somebody who is signed in brings a firm: the own one, or that of another `person`, who is invited."""

    person: Label | None = None


class AskForPlace(CommandBody):
    """A firm asks for a role at another place, or once more where it has none any more."""

    role: FirmRole
    place: PlacePath


class AddFirmPerson(CommandBody):
    """Another person acts for the firm, and is invited."""

    name: Label


class EndFirmPerson(CommandBody):
    """A person acts for the firm no more."""

    reason: Reason


class FirmStanding(Value):
    """A role of a firm at a place; `reason` says why it was refused or has ended."""

    grant: int
    role: Role
    place: str
    state: Literal["waits", "confirmed", "refused", "ended"]
    begins: datetime | None
    until: datetime | None
    confirmed_by: str
    reason: str


class FirmPersonView(Value):
    """Somebody who acts for a firm."""

    person: str
    name: str


class FirmView(Value):
    """A firm as its own people and the officials of its places see it."""

    id: str
    code: str
    name: str
    form: LegalForm
    contact: str
    qualification: str
    people: tuple[FirmPersonView, ...]
    standings: tuple[FirmStanding, ...]


class EnteredFirm(Value):
    """What came of a registration; the link for the person is told once."""

    firm: str
    grant: int
    state: Literal["waits", "confirmed"]
    person: str
    invitation: str = ""


class AddedPerson(Value):
    """The new person's id; the link is told once."""

    person: str
    invitation: str = ""
