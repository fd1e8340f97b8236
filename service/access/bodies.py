"""The bodies and answers of letters: making, handing out, entering."""

from datetime import datetime
from typing import Annotated, Literal

from models.fields import Secret, Text, UnitNumber, label
from models.values.base import Carried, Value
from service.bodies import Accepted, CommandBody


class ReissueLetter(CommandBody):
    """A new letter for a unit; what was issued for it before is good for nothing from now on."""

    unit_number: UnitNumber
    reason: Text


class WithdrawAccess(CommandBody):
    """Nobody enters for a unit with what was issued before; there is no new letter."""

    unit_number: UnitNumber
    reason: Text


class HandLetter(CommandBody):
    """Hand a letter to whom it is for: its link is made now."""


class GiveCode(CommandBody):
    """Tell somebody in person the code that goes with the letter; an earlier code is void."""


class HandedLetter(Accepted):
    """The link of a letter. It is told to nobody else, and to nobody twice under another command."""

    link: str


class GivenCode(Accepted):
    """The code that goes with a letter, to be told in person."""

    code: str


class LetterRow(Carried):
    """A letter as the offices see it: never its link, nor its fact."""

    id: str
    kind: Literal["unit", "buyer", "agent"]
    unit_number: str
    mandate_id: str | None
    fact: Literal["roll", "identity", "code"]
    made_by: str
    made_at: datetime
    handed_by: str | None
    expires_at: datetime
    locked_until: datetime | None
    entered_at: datetime | None


class LetterView(Carried):
    """What a link opens; looking changes nothing."""

    renovation_id: str
    title: str
    kind: Literal["unit", "buyer", "agent"]
    fact: Literal["roll", "identity", "code"]
    """What is asked beside the link: all owners' identity numbers, one's own, or a code told in person."""
    expires_at: datetime


class EnterLetter(Value):
    """The second fact."""

    fact: Annotated[str, *label(400)]


class SessionToken(Value):
    """What entering gave, to get another ticket or to leave."""

    session: Secret


class Entered(Carried):
    """Whoever entered shows the ticket with every request, and gets the next one for the session."""

    renovation_id: str
    kind: Literal["unit", "buyer", "agent"]
    unit_number: str
    ticket: str
    ticket_expires_at: datetime
    session: str
    session_expires_at: datetime
    link: str = ""
    """From now on the own link, where the first one was handed out by somebody; that one is void."""
