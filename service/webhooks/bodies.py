"""What is sent about webhooks and the feed, and what is answered."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, StringConstraints

from models.fields import Count, Expected, IdInFile, PlacePath, TicketKind, entries
from models.values.base import Carried, Value
from service.bodies import CommandBody
from service.programs.bodies import HoursOfOverlap
from service.views import EventView

Url = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^https?://[!-~]+$"),
    Expected("url", most=500),
]
WebhookState = Literal["active", "paused", "ended"]


class AddWebhook(CommandBody):
    """An address that is to be told of the events below a place; of some kinds only, where they are named."""

    webhook: IdInFile
    url: Url
    place: PlacePath
    kinds: Annotated[tuple[TicketKind, ...], *entries(50)] = ()
    training: bool = False
    """Of training cases too."""
    after: Count | None = None
    """The position in the feed after which it begins; else with what happens from now on."""


class ChangeWebhook(CommandBody):
    """Pause it, let it go on, end it for good; `after` lets it go on from another position."""

    state: WebhookState
    after: Count | None = None


class RotateSecret(CommandBody):
    """A new secret; for some hours messages have a signature of the one before, too."""

    overlap_hours: HoursOfOverlap = 24


class WebhookView(Carried):
    """A webhook as its keeper sees it. `position`: so far it was told; `error`: why it was paused.

    `previous_until`: until then its messages have a signature of the secret of before, too.
    """

    webhook: str
    actor: str
    url: str
    place: str
    kinds: tuple[str, ...]
    training: bool
    state: WebhookState
    position: int
    failures: int
    failing_since: datetime | None
    next_at: datetime
    error: str
    previous_until: datetime | None = None


class WebhookSecret(Value):
    """A webhook with what its messages are signed with, which is told once: the same command again has none."""

    webhook: WebhookView
    secret: str = ""


class DeliveryView(Carried):
    """One attempt: `status` is what the address answered, null where it did not; `position` 0 is a test."""

    number: int = Field(validation_alias=AliasChoices("number", "id"))
    """Of the attempts of all webhooks, in the order in which they were made."""
    position: int
    attempt: int
    sent_at: datetime
    milliseconds: int
    status: int | None
    error: str


class FeedEvent(EventView):
    """An event of any case, with its position in the feed; `sandbox`: of a training case or an invented estate.

    Without a `renovation_id` it is of a suggestion that was made for an estate (`estate_id`) which has no case.
    """

    position: int
    renovation_id: str
    estate_id: str = ""
    place_path: str
    sandbox: bool


class Feed(Carried):
    """A page of the feed. Ask again with `next` as `after`; `more`: at once, else when it suits you."""

    events: tuple[FeedEvent, ...]
    next: int
    more: bool
