"""What a workflow of a case waits for, one line of the agenda; and who is not there to be waited for."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from models.values.actor import Role
from models.values.base import Carried
from models.values.states import Stage

STARTING = "starting"
"""A workflow that is about to begin; its own first write says what it waits for."""
ENGINE = "engine"
"""The workflow itself has something to do now."""
CONFIRMING = "confirmation"
"""A second person is awaited for a proposal; no workflow waits, the proposal just ends."""
CORRECTING = "report_corrected"
"""Whoever an order of correction addresses; it is awaited beside whatever else its workflow waits for."""
BLOCKED = "unblock_payments"
"""No money goes out until somebody frees the payments; awaited beside whatever else its workflow waits for."""
BESIDE = (CORRECTING, BLOCKED)
"""What the writes of its workflow leave as it is."""
ACCOUNTS = "accounts"
"""The accounts of a case in warranty are to be settled."""
ACCOUNTS_SETTLED = "accounts_settled"
"""The last one is: the case is completed now."""
INSTALMENT = "instalment"
"""The next instalment falls due: it is called then."""
ARREARS = "arrears"
"""Somebody owes of what was called, and every reminder is over."""
PAID_UP = "paid_up"
"""The last share is paid: the collection is counted before its deadline."""


class Consequence(StrEnum):
    """What the engine does when a wait is over; its sentence is `then.<word>` in the catalogues."""

    NONE = ""
    """Nothing: then somebody is late."""
    GOES_ON = "goes_on"
    TURNOUT_CHECKED = "turnout_checked"
    BOX_CLOSED = "box_closed"
    OBJECTIONS_COUNTED = "objections_counted"
    PUBLICATION_CLOSED = "publication_closed"
    REMINDER_SENT = "reminder_sent"
    COLLECTION_COUNTED = "collection_counted"
    BIDS_OPENED = "bids_opened"
    NEXT_CANDIDATE = "next_candidate"
    CONTRACTOR_DEFAULT = "contractor_default"
    CURE_NOTICED = "cure_noticed"
    TERMINATION_ASKED = "termination_asked"
    PROPOSAL_ENDED = "proposal_ended"
    TICKETS_LOOKED_AT = "tickets_looked_at"
    TICKET_ESCALATED = "ticket_escalated"
    TICKET_CLOSED = "ticket_closed"
    VOTES_ENDED = "votes_ended"
    REMINDED = "reminded"
    """Whoever is awaited is late from then on, and is reminded."""
    ESCALATED = "escalated"
    """Whoever is awaited is late; the level above hears of it."""


REMINDING = frozenset({Consequence.REMINDED, Consequence.ESCALATED})
"""What `Agenda.remind` does: it decides nothing, it tells whoever is late and who stands above."""


class NotYetError(Exception):
    """A step of the engine that comes too early by the tick: nothing is written, `left` is to wait."""

    def __init__(self, left: timedelta) -> None:
        super().__init__(f"not yet: {left} left")
        self.left = left


class Wait(Carried):
    """Who is awaited and what happens when nobody comes. Moments are case time.

    `subject` tells several waits of one kind apart. `since` None is now; it may lie ahead, as for
    the ballots of a box that is still to open. `due_at` None has no end. `consequence` is what the
    engine does at `due_at`, if anything.

    Whoever has not come in time is late: `late_since` is the moment that was missed, `level` the
    role that was told last, and `due_at` the moment at which the next level is (None after the top).
    """

    what: str
    subject: str = ""
    due_at: datetime | None = None
    since: datetime | None = None
    who: str = ""
    consequence: Consequence = Consequence.NONE
    late_since: datetime | None = None
    level: str = ""


def next_reminder(waits: Iterable[Wait]) -> datetime | None:
    """When somebody is reminded next, or the level above; None for never."""
    return min((w.due_at for w in waits if w.due_at and w.consequence in REMINDING), default=None)


def at_work(what: str, now: datetime) -> Wait:
    """The engine goes on by itself: due at once."""
    return Wait(what=what, due_at=now, since=now, consequence=Consequence.GOES_ON)


class LackKind(StrEnum):
    """What is missing: anybody, enough bidders, or a second person."""

    NOBODY = "nobody"
    FEW_BIDDERS = "few_bidders"
    ONE_ALONE = "one_alone"


class Lack(Carried):
    """What a stage lacks: `have` of `need` people in any of `roles`, for `acts`."""

    stage: Stage | None
    """None for what may be done at every stage."""
    kind: LackKind
    roles: tuple[Role, ...]
    acts: tuple[str, ...] = ()
    have: int = 0
    need: int = 1
