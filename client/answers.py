"""The answers of the service, as far as this client reads them; `tests/client` compares them with /openapi.json.

Moments are aware, money is in fen (0.01 yuan), areas in dm2. A field that a later release adds is passed over.
"""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Of the service: never changed, and read by its own fields only."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Awaited(Answer):
    """What a case waits for and who is late."""

    what: str
    who: str
    since: datetime
    due_at: datetime | None
    late_since: datetime | None


class Case(Answer):
    """A renovation in a list."""

    id: str
    title: str
    place_path: str
    stage: str
    state: str
    waiting_for: str
    due_at: datetime | None
    awaited: tuple[Awaited, ...]


class Progress(Answer):
    """What everybody may know of a renovation."""

    title: str
    state: str
    stages_done: tuple[str, ...]
    stage: str
    waiting_for: str
    due_on: str | None
    sandbox: bool


class Turnout(Answer):
    """Who has taken part so far; never how."""

    box_id: str
    roll_heads: int
    roll_area_dm2: int
    participating_heads: int
    participating_area_dm2: int
    counted_at: datetime


class Paper(Answer):
    """A ballot box in which a home votes, with its motions."""

    id: str
    attempt: int
    state: str
    opens_at: datetime
    closes_at: datetime
    motions: Any


class Batch(Answer):
    """Where a receipt stands in the tree of what was committed with it."""

    id: str
    index: int
    size: int
    path: tuple[str, ...]


class Receipt(Answer):
    """That a ballot is in the box; it does not say how anybody voted."""

    ballot_id: str
    box_id: str
    unit_number: str
    leaf_hash: str
    cast_at: str | None
    recorded_at: str
    code: str
    batch: Batch
    public_key: str
    signature: str


class FoundBallot(Answer):
    """A ballot found again by the code of its receipt."""

    box_id: str
    code: str
    leaf_hash: str
    channel: str
    cast_at: datetime
    recorded_at: datetime
    state: str


class Entered(Answer):
    """A way in for a home: a ticket of hours, and a session that gives the next one."""

    renovation_id: str
    unit_number: str
    ticket: str
    ticket_expires_at: datetime
    session: str
    session_expires_at: datetime


class Accepted(Answer):
    """A write that was recorded: the id of what was written."""

    command_id: str
    id: str
    kind: str
    happened_at: str


class Done(Answer):
    """An official act that was done, or proposed where a second person must confirm it (`id`)."""

    command_id: str
    kind: str
    id: str = ""
    text: str = ""


class Instalment(Answer):
    """A part of what a home owes."""

    number: int
    due_at: datetime
    amount_fen: int


class Complaint(Answer):
    """A home's complaint or suggestion, and the answer to it."""

    id: str
    kind: str
    text: str
    state: str
    opened_at: datetime
    due_at: datetime
    answer: str


class Household(Answer):
    """What a home owes, has paid, has said and was answered."""

    unit_number: str
    share_fen: int
    paid_fen: int
    refund_fen: int
    instalments: tuple[Instalment, ...]
    tickets: tuple[Complaint, ...]


class Event(Answer):
    """An event of a case's record."""

    seq: int
    kind: str
    happened_at: datetime
    recorded_at: datetime
    actor_id: str
    actor_role: str
    details: Any
    hash: str


class FeedEvent(Event):
    """An event of any case, with its position in the feed."""

    position: int
    renovation_id: str
    place_path: str
    sandbox: bool


class FeedPage(Answer):
    """A page of the feed; ask again with `next`."""

    events: tuple[FeedEvent, ...]
    next: int
    more: bool


class Webhook(Answer):
    """An address that is told of events."""

    webhook: str
    url: str
    place: str
    kinds: tuple[str, ...]
    state: str
    position: int
    failures: int
    error: str
    previous_until: datetime | None


class WebhookSecret(Answer):
    """A webhook with what signs its messages, which is told once."""

    webhook: Webhook
    secret: str


class Delivery(Answer):
    """One attempt to tell an address something."""

    number: int
    position: int
    attempt: int
    sent_at: datetime
    milliseconds: int
    status: int | None
    error: str


class PlaceSetUp(Answer):
    """A grid that is there now with the places above it."""

    path: str


class ImportedRoll(Answer):
    """What an import of a roll did, or in a preview would do."""

    estate_id: str
    created: bool
    imported: bool
    units: int
    added: int
    changed: int
    removed: int
    difference: dict[str, Any] | None
    warnings: tuple[dict[str, Any], ...]


class CalendarStep(Answer):
    """One period of the calendar that a case implies; `waited_for` is False where somebody may be done earlier."""

    stage: str
    period: str
    begins_on: date
    ends_on: date
    waited_for: bool
    provisional: bool
    article: str


class OpenedCase(Answer):
    """A case that was opened, or in a preview (`renovation_id` is empty) would be."""

    renovation_id: str
    estate_id: str
    place_path: str
    title: str
    rule_pack: str
    units: int
    budget_fen: int
    calendar: tuple[CalendarStep, ...]
    days_for_works: int
    missing: tuple[str, ...]
    warnings: tuple[dict[str, Any], ...]
    cast: tuple[dict[str, Any], ...]
    invitations: dict[str, str]
