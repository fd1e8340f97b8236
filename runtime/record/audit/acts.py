"""The audit of who acted: what a person did has the gateway's signature, and that person held the role."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from models.messages.command import Seal
from models.values.actor import RESIDENTS, SEALED_BIDDER, Actor, Role
from models.values.base import Value
from proof.seals import BROKE_GLASS, SIGNED_BY, GatewayKeys
from runtime.rows import AuditedEvent, rows

OPENING = "SELECT details ->> $2 FROM event WHERE renovation_id = $1 AND seq = 1"
HELD = """
SELECT g.actor_id, g.role, coalesce(p.path, ''), g.valid_from, g.valid_until
FROM role_grant g LEFT JOIN place p ON p.id = g.place_id
WHERE g.valid_from IS NOT NULL AND (g.only_case IS NULL OR g.only_case = $1)
"""
ASKED = """
SELECT e.command_id, r.request_hash FROM event e JOIN receipt r ON r.command_id = e.command_id
WHERE e.renovation_id = $1 AND e.actor_role <> $2 AND e.signature IS NOT NULL
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


Lives = Mapping[Held, Sequence[Life]]


async def audit_acts(
    connection: asyncpg.Connection, renovation_id: str, keys: GatewayKeys | None
) -> list[BadAct]:
    """Every event of a case in a person's name for which nobody answers.

    Without `keys` a signature is taken for what it says. In a case of before, what has no signature is
    let pass: there is none.
    """
    signed = bool(await connection.fetchval(OPENING, renovation_id, SIGNED_BY))
    held = await _held(connection, renovation_id)
    asked = dict(map(tuple, await connection.fetch(ASKED, renovation_id, Role.ENGINE.value)))
    return [
        BadAct(renovation_id=renovation_id, seq=event.seq, reason=reason)
        async for event in _of_people(connection, renovation_id)
        if (reason := _reason(event, asked.get(event.command_id, ""), keys, held, signed=signed))
    ]


async def _held(connection: asyncpg.Connection, renovation_id: str) -> Lives:
    """Who held what when, of all places and of this case."""
    lives: dict[Held, list[Life]] = defaultdict(list)
    for actor_id, role, path, begins, ends in await connection.fetch(HELD, renovation_id):
        lives[Held(actor_id, role, path)].append(Life(begins, ends))
    return lives


def _of_people(connection: asyncpg.Connection, renovation_id: str) -> AsyncIterator[AuditedEvent]:
    """Events that the engine did not write by itself."""
    rest = "WHERE renovation_id = $1 AND actor_role <> $2 ORDER BY seq"
    return rows(connection, AuditedEvent, rest, renovation_id, Role.ENGINE.value)


def _reason(
    event: AuditedEvent, content: str, keys: GatewayKeys | None, held: Lives, *, signed: bool
) -> str:
    """Why nobody answers for an event; "" where somebody does."""
    if event.signature is None:
        return "unsigned" if signed else ""
    if keys is not None and _fault(event, content, keys):
        return "signature_wrong"
    lives = held.get(Held(event.actor_id, event.actor_role, event.actor_place), ())
    holds = any(life.covers(event.recorded_at) for life in lives)
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
