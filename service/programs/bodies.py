"""What is sent about programs and their keys, and what is answered."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from models.fields import IdInFile, Reason, TicketKind, entries, whole
from models.values.base import Value
from service.bodies import CommandBody

Scope = TicketKind
"""The name of a route, or of the room it is in."""
DaysOfKey = Annotated[int, *whole("number", 730, 1)]
HoursOfOverlap = Annotated[int, *whole("number", 168)]


class AddClient(CommandBody):
    """A program that acts as an actor, by the doors that the scopes name."""

    client: IdInFile
    actor: IdInFile
    scopes: Annotated[tuple[Scope, ...], *entries(50, 1)]
    days: DaysOfKey = 365
    """For how long its key is good."""


class RotateKey(CommandBody):
    """A new key; those of before are good for some hours more."""

    days: DaysOfKey = 365
    overlap_hours: HoursOfOverlap = 24


class RevokeClient(CommandBody):
    """No key of the client is good any more, from now on and for ever."""

    reason: Reason


class ClientView(Value):
    """A program as whoever may change it sees it; its keys are known by how long they are good."""

    client: str
    actor: str
    scopes: tuple[str, ...]
    made_by: str
    keys_until: tuple[datetime, ...] = Field(default=())
    """The ends of the keys that are good now, the latest first."""
    revoked: bool


class ClientKey(Value):
    """A program with its new key, which is told once: the same command again has none."""

    client: ClientView
    key: str = ""
