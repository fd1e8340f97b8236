"""What came of an attempt to send a message, whichever way it went."""

from enum import StrEnum
from typing import NamedTuple, Protocol


class Came(StrEnum):
    """Of one attempt."""

    TAKEN = "taken"
    LATER = "later"
    """Not now; the same message is tried again."""
    NEVER = "never"


class Attempt(NamedTuple):
    """How an attempt ended, with a word for why where it was not taken."""

    came: Came
    error: str = ""


class Outgoing(NamedTuple):
    """One message as it leaves: the same in every attempt."""

    id: str
    to: str
    title: str
    text: str
    language: str
    address: str
    """Where its reader reads on."""


class OpenWay(Protocol):
    """One connection to whoever takes messages."""

    async def send(self, message: Outgoing) -> Attempt:
        """Hand it over once; whatever goes wrong is an outcome."""

    async def close(self) -> None:
        """End the connection."""
