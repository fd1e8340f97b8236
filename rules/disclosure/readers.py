"""Who reads, and the circles of readers to which a field may be shown."""

from collections.abc import Mapping
from enum import StrEnum

from models.values.actor import Role


class ReaderKind(StrEnum):
    """In which relation whoever asks stands to what is read."""

    PUBLIC = "public"
    OWNER = "owner"
    """An owner of the scope of the case."""
    CO_OWNER = "co_owner"
    """An owner of the same unit as the person."""
    AGENT = "agent"
    TENANT = "tenant"
    PERSON = "person"
    """Whom the field is about, or who wrote it."""
    COMPLAINED_ABOUT = "complained_about"
    """The unit that a complaint is about: of the complaint it reads nothing (P-6)."""
    BIDDER = "bidder"
    """Of a bid: whoever made it."""
    BANK = "bank"
    PORTAL = "portal"
    GRID_WORKER = "grid_worker"
    EVALUATOR = "evaluator"
    OFFICIAL = "official"
    """An official of the place."""
    GOVERNMENT = "government"
    """An official of the place who decides on hardship: the street office, the district bureau."""
    AUDITOR = "auditor"
    COURT = "court"


class Disclosed(StrEnum):
    """Whether a reader may read a field; redacted: that there is something, not what."""

    YES = "yes"
    NO = "no"
    REDACTED = "redacted"


class Circle(StrEnum):
    """For whom a field is; each has its readers below."""

    EVERYBODY = "everybody"
    OWNERS = "owners"
    """Those of the estate, and who watches over them."""
    HOUSEHOLD = "household"
    """Which home it was, what it owes and answered: its own people, and who watches over the case."""
    MONEY = "money"
    """As HOUSEHOLD, with the bank that collects."""
    DOORS = "doors"
    """As HOUSEHOLD, with the grid workers who go from door to door."""
    SHARES = "shares"
    """Who pays which part of what: the owners of the scope among themselves, the officials, the bank (P-4)."""
    RELIEF = "relief"
    """That a home is in hardship, and which: it and who decides on it (P-3)."""
    COMPLAINT = "complaint"
    """Who complained, the words and the answer: whoever wrote, and who must answer, the grid worker first."""
    OBJECTION = "objection"
    """The same of an objection to what was posted, which no grid worker answers."""
    ENVELOPE = "envelope"
    """A bid before the opening: its bidder alone (Tendering Law art. 22 and 38)."""
    OPENED_BIDS = "opened_bids"
    """What of a bid is for its bidder and those who evaluate and watch, once it is opened."""
    EVALUATION = "evaluation"
    """Every opened bid with what it says of itself: for those who evaluate and watch, no other bidder."""
    FREE_TEXT = "free_text"
    """What an official wrote, which nobody has reviewed: owners and officials read it, the public sees that
    there is something."""
    OFFICIALS = "officials"
    CHOICES = "choices"
    """How a line of the roll voted: no official's business, on request for owners of the scope."""
    READINGS = "readings"
    """Who has read something: whom it was about, and who watches."""
    AUDIT = "audit"
    OWN = "own"
    """The person's alone."""
    NOBODY = "nobody"
    """Secrets and their hashes: no door shows them."""


R = ReaderKind
_WATCH = frozenset({R.AUDITOR, R.COURT})
_STAFF = _WATCH | {R.OFFICIAL, R.GOVERNMENT}
_HOME = frozenset({R.PERSON, R.CO_OWNER})
_OWNERS = _HOME | {R.OWNER}
_NOT_ABOUT = frozenset(ReaderKind) - {R.COMPLAINED_ABOUT}

READERS: Mapping[Circle, frozenset[ReaderKind]] = {
    Circle.EVERYBODY: _NOT_ABOUT,
    Circle.OWNERS: _OWNERS | {R.AGENT} | _STAFF,
    Circle.HOUSEHOLD: _HOME | _STAFF,
    Circle.MONEY: _HOME | _STAFF | {R.BANK},
    Circle.DOORS: _HOME | _STAFF | {R.GRID_WORKER},
    Circle.SHARES: _OWNERS | {R.AGENT, R.BANK} | _STAFF,
    Circle.RELIEF: _HOME | _WATCH | {R.GOVERNMENT},
    Circle.COMPLAINT: frozenset({R.PERSON, R.GRID_WORKER}) | _STAFF,
    Circle.OBJECTION: frozenset({R.PERSON}) | _STAFF,
    Circle.ENVELOPE: frozenset({R.BIDDER}),
    Circle.OPENED_BIDS: frozenset({R.BIDDER, R.EVALUATOR}) | _STAFF,
    Circle.EVALUATION: frozenset({R.EVALUATOR}) | _STAFF,
    Circle.FREE_TEXT: _OWNERS | {R.AGENT} | _STAFF,
    Circle.OFFICIALS: _STAFF,
    Circle.CHOICES: _OWNERS | _WATCH,
    Circle.READINGS: _WATCH | {R.PERSON},
    Circle.AUDIT: _WATCH,
    Circle.OWN: frozenset({R.PERSON}),
    Circle.NOBODY: frozenset(),
}
"""Identity page, "Who reads what"; P-3, P-5 and P-6 of the law page."""
REDACTED_FOR: Mapping[Circle, frozenset[ReaderKind]] = {
    circle: _NOT_ABOUT - READERS[circle]
    for circle in (Circle.HOUSEHOLD, Circle.MONEY, Circle.DOORS, Circle.FREE_TEXT, Circle.OFFICIALS)
}
"""Who sees that there is something, where the field stands among others that may be read."""
_OF_ROLE: Mapping[Role, ReaderKind] = {
    Role.OWNER: R.OWNER,
    Role.RESIDENT: R.TENANT,
    Role.GRID_WORKER: R.GRID_WORKER,
    Role.CONTRACTOR: R.BIDDER,
    Role.EVALUATOR: R.EVALUATOR,
    Role.AUDITOR: R.AUDITOR,
    Role.PAYMENT_PROVIDER: R.BANK,
    Role.CITY_PORTAL: R.PORTAL,
    Role.OWNERS_COMMITTEE: R.OFFICIAL,
    Role.RESIDENTS_COMMITTEE: R.OFFICIAL,
    Role.STREET_OFFICE: R.GOVERNMENT,
    Role.DISTRICT_BUREAU: R.GOVERNMENT,
    # Who builds and who supervises the works is no authority: they read what everybody reads.
    Role.SUPERVISOR: R.PUBLIC,
    Role.CHIEF_SUPERVISOR: R.PUBLIC,
    Role.ADMINISTRATOR: R.PUBLIC,
    Role.OPERATOR: R.PUBLIC,
    Role.ENGINE: R.PUBLIC,
}


def reader_in_role(role: Role) -> ReaderKind:
    """What somebody reads as who has a role in the place of the case, about nothing of their own."""
    return _OF_ROLE[role]


def roles_in(circle: Circle) -> frozenset[Role]:
    """The roles on record that read what is for a circle."""
    return frozenset(role for role, reader in _OF_ROLE.items() if reader in READERS[circle])


def answer_of(circle: Circle, reader: ReaderKind) -> Disclosed:
    """Whether a reader may read what is for a circle."""
    if reader in READERS[circle]:
        return Disclosed.YES
    return Disclosed.REDACTED if reader in REDACTED_FOR.get(circle, ()) else Disclosed.NO
