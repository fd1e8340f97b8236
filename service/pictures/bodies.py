"""The bodies of what is done with photographs, and how they are shown."""

from datetime import datetime
from typing import Annotated, Literal

from models.fields import Id, Permille, Sha256, entries
from models.values.base import Carried, Value
from service.bodies import CommandBody

MOST_PARTS = 40


class AddPicture(CommandBody):
    """A photograph for a ticket, as the journal hashes it: the file itself is not in the record."""

    ticket_id: Id
    received_sha256: Sha256


class BlurredPart(Value):
    """A rectangle in which nothing may be read, in thousandths of width and height from the upper left."""

    left: Permille
    top: Permille
    width: Permille
    height: Permille


class PublishPicture(CommandBody):
    """Show a photograph to everybody, with these parts blurred."""

    parts: Annotated[tuple[BlurredPart, ...], *entries(MOST_PARTS)] = ()
    nobody_is_seen: Literal[True]
    """Whoever publishes has looked: outside of the parts there is no face, no plate of a car, no name at a
    door. A machine that finds faces misses some, a person answers for it (P-7)."""


class PictureView(Carried):
    """A photograph of a ticket for whoever may read the ticket; case time."""

    id: str
    ticket_id: str
    width: int
    height: int
    sha256: str
    received_sha256: str
    received_at: datetime
    published_at: datetime | None


class PublishedPictureView(Carried):
    """A photograph that everybody may see; case time."""

    picture_id: str
    sha256: str
    blurred: int
    published_at: datetime
