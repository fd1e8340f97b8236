"""The audit of who acted: what a person did has the gateway's signature, and that person held the role."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

import asyncpg

from models.messages.command import Seal
from models.values.actor import RESIDENTS, SEALED_BIDDER, Actor, Role
from models.values.base import Value
from proof.seals import BROKE_GLASS, SIGNED_BY, GatewayKeys
from runtime.rows import AuditedEvent

HELD = """
SELECT g.only_case, g.actor_id, g.role, coalesce(p.path, ''), g.valid_from, g.valid_until
FROM role_grant g LEFT JOIN place p ON p.id = g.place_id
WHERE g.valid_from IS NOT NULL AND ($1::text IS NULL OR g.only_case IS NULL OR g.only_case = $1)
"""


class BadAct(Value):
    """An event in a person's name that the person is not known to have caused.

    `reason`: "unsigned" (in a case whose acts are signed), "signature_wrong" (the gateway has not signed
    this), or "not_granted" (the actor does not hold the role in which it was done).
    """

    renovation_id: str
    seq: int
    reason: str


class Held(NamedTuple):
    """A role that somebody holds for a place, "" for the whole installation."""

    actor_id: str
    role: str
    path: str


class Life(NamedTuple):
    """From when until when a role is held; None: as long as the record goes."""

    begins: datetime
    ends: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Whether the role was held then."""
        return self.begins <= moment and (self.ends is None or moment < self.ends)


class Holders:
    """Who held what when: for every case of a place, and some for one case alone."""

    def __init__(self) -> None:
        self._of_all: dict[Held, list[Life]] = defaultdict(list)
        self._of_one: dict[str, dict[Held, list[Life]]] = defaultdict(lambda: defaultdict(list))

    def add(self, only_case: str | None, held: Held, life: Life) -> None:
        """Another grant."""
        (self._of_all if only_case is None else self._of_one[only_case])[held].append(life)

    def holds(self, renovation_id: str, held: Held, moment: datetime) -> bool:
        """Whether the role was held then, for this case."""
        own = self._of_one.get(renovation_id, {})
        lives = (*self._of_all.get(held, ()), *own.get(held, ()))
        return any(life.covers(moment) for life in lives)


async def load_holders(connection: asyncpg.Connection, renovation_id: str | None) -> Holders:
    """Who held what when, of all places and of one case or all of them."""
    found = Holders()
    for only_case, *held, begins, ends in await connection.fetch(HELD, renovation_id):
        found.add(only_case, Held(*held), Life(begins, ends))
    return found


class ActsAudit:
    """Checks who acted in one case, whose events the audit hands over in their order.

    Without `keys` a signature is taken for what it says. In a case of before, what has no signature is
    let pass: there is none.
    """

    def __init__(self, keys: GatewayKeys | None, holders: Holders) -> None:
        self._keys = keys
        self._holders = holders
        self._signed = False
        """Whether the opening says that the acts of the case are signed."""
        self.bad: list[BadAct] = []

    def take(self, event: AuditedEvent, content: str) -> None:
        """The next event; `content` is the hash of what was asked, by its receipt."""
        if event.seq == 1:
            self._signed = bool(event.details.get(SIGNED_BY))
        if event.actor_role == Role.ENGINE.value:
            return
        reason = self._fault(event, content)
        if reason:
            self.bad.append(BadAct(renovation_id=event.renovation_id, seq=event.seq, reason=reason))

    def _fault(self, event: AuditedEvent, content: str) -> str:
        """Why nobody answers for an event; "" where somebody does."""
        if event.signature is None:
            return "unsigned" if self._signed else ""
        if self._keys is not None and _fault(event, content, self._keys):
            return "signature_wrong"
        held = Held(event.actor_id, event.actor_role, event.actor_place)
        holds = self._holders.holds(event.renovation_id, held, event.recorded_at)
        return "" if holds or _is_on_no_list(event) else "not_granted"


def _is_on_no_list(event: AuditedEvent) -> bool:
    """A resident, or a bidder without a name: whether they may was asked at the door, and is signed.

    Nor is anybody given the role of the operator: that one breaks the glass, signed and named so.
    """
    nameless = event.kind.startswith("bidding.bid_") and event.actor_id.startswith(SEALED_BIDDER)
    operator = (event.kind, event.actor_role) == (BROKE_GLASS, Role.OPERATOR.value)
    return nameless or operator or event.actor_role in {role.value for role in RESIDENTS}


def _fault(event: AuditedEvent, content: str, keys: GatewayKeys) -> bool:
    seal = Seal.model_validate(event.signature)
    actor = Actor(
        id=event.actor_id,
        role=Role(event.actor_role),
        label=event.actor_label,
        place=event.actor_place,
        on_behalf_of=event.on_behalf_of,
    )
    return keys.fault(seal, event.renovation_id, content, actor, event.command_id) is not None
