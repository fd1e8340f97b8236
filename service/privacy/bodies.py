"""The bodies and answers of what is about personal data: bundles, readings, erasure, what is sensitive."""

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from models.fields import Count, Id, Text
from models.values.base import Carried
from service.bodies import CommandBody


class AskForBundle(CommandBody):
    """Ask for the full bundle of a counted vote; that you asked, and why, is written down."""

    reason: Text
    box_id: Id | None = None
    """Which box, where buildings or entrances vote by themselves."""


class BundleAnswer(Carried):
    """A bundle that may be fetched, or that is being made: then ask again in some seconds."""

    box_id: str
    form: str
    ready: bool
    size_bytes: int = 0
    manifest: str = ""
    """SHA-256 of manifest.json, hex: to compare with the posted notice."""
    public_key: str = ""


class AskErasure(CommandBody):
    """Ask that the data of a person are erased: one's own at once, another's with a second official."""

    person: Id
    reason: Text


class ConfirmErasure(CommandBody):
    """Confirm the erasure that another official asked for."""


class RefuseErasure(CommandBody):
    """Refuse the erasure that somebody asked for; whoever asked reads why."""

    reason: Text


class AskAsHousehold(CommandBody):
    """Ask that the data of an owner of one's home are erased: an official of the place confirms it, or says why not."""

    owner: Count = 1
    """Which owner, in the order of the register."""
    reason: Text


class ErasureView(Carried):
    """An erasure; `outcome` says by kind of data what is erased, and what is kept, why and until when.

    With a `renovation_id` a home has asked for it on its page; `refusal` is why it was not confirmed.
    """

    erasure: str
    person: str
    asked_by: str
    asked_at: datetime
    reason: str
    confirmed_by: str = ""
    done_at: datetime | None = None
    expires_at: datetime
    outcome: tuple[JsonValue, ...] = ()
    renovation_id: str = ""
    refused_by: str = ""
    refused_at: datetime | None = None
    refusal: str = ""


class OwnerOfHome(Carried):
    """An owner by the register, for whoever has the letter of the home: the first character of the name."""

    owner: int
    initial: str


class HouseholdErasure(Carried):
    """What a home has asked to be erased, and what became of it."""

    erasure: str
    owner: int
    reason: str
    asked_at: datetime
    expires_at: datetime
    done_at: datetime | None = None
    refused_at: datetime | None = None
    refusal: str = ""
    outcome: tuple[JsonValue, ...] = ()


class HouseholdErasures(Carried):
    """The owners of a home, and the erasures that it has asked for, the newest first."""

    owners: tuple[OwnerOfHome, ...]
    erasures: tuple[HouseholdErasure, ...]


class PeriodView(Carried):
    """How long a kind of data is kept, why, and how much of it is due to be erased now."""

    kind: str
    basis: str
    article: str
    starts: str
    days: int
    end: str
    due: int
    next_at: datetime | None


class PersonOfUnit(Carried):
    """An owner of a unit by the roll; no name where it is erased or restricted."""

    person: str
    name: str


class GiveSensitive(CommandBody):
    """Something about hardship, health or a bank account, for the offices of this case alone.

    `consent` is separate from every other one; without it nothing is kept (PIPL art. 29). It may be withdrawn.
    """

    kind: Literal["hardship", "health", "bank"]
    words: Text
    consent: Literal[True]


class WithdrawSensitive(CommandBody):
    """Withdraw the consent: what was said is erased at once."""

    entry: Id


class SensitiveView(Carried):
    """What a household has said with a separate consent, while it stands."""

    entry: str
    unit_number: str
    kind: str
    words: str
    consented_at: datetime
