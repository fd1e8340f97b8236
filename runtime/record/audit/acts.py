"""The audit of who acted: what a person did has the gateway's signature, and that person held the role."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Seal
from models.tables import CommandReceipt, Event, Place, Renovation, RoleGrant
from models.values.actor import SEALED_BIDDER, Actor, Role
from models.values.base import Value
from proof.seals import GatewayKeys
from rules.authority import RESIDENTS
from runtime.record.authority import BROKE_GLASS, load_signed_since

AT_ONCE = 500


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
    session: AsyncSession, renovation: Renovation, keys: GatewayKeys | None
) -> list[BadAct]:
    """Every event of a case in a person's name for which nobody answers.

    Without `keys` a signature is taken for what it says. In a case of before, what has no signature is
    let pass: there is none.
    """
    signed = bool(await load_signed_since(session, renovation.id))
    held = await _held(session, renovation.id)
    return [
        BadAct(renovation_id=renovation.id, seq=event.seq, reason=reason)
        async for event, content in _of_people(session, renovation.id)
        if (reason := _reason(event, content, keys, held, signed=signed))
    ]


async def _held(session: AsyncSession, renovation_id: str) -> Lives:
    """Who held what when, of all places and of this case."""
    rows = await session.execute(
        select(RoleGrant, func.coalesce(Place.path, ""))
        .outerjoin(Place, Place.id == RoleGrant.place_id)
        .where(
            RoleGrant.valid_from.is_not(None),
            or_(RoleGrant.only_case.is_(None), RoleGrant.only_case == renovation_id),
        )
    )
    lives: dict[Held, list[Life]] = defaultdict(list)
    for row, path in rows:
        life = Life(cast("datetime", row.valid_from), row.valid_until)
        lives[Held(row.actor_id, row.role, path)].append(life)
    return lives


async def _of_people(session: AsyncSession, renovation_id: str) -> AsyncIterator[tuple[Event, str]]:
    """Events that the engine did not write by itself, each with the hash of what was asked."""
    query = (
        select(Event, CommandReceipt.request_hash)
        .outerjoin(CommandReceipt, CommandReceipt.command_id == Event.command_id)
        .where(Event.renovation_id == renovation_id, Event.actor_role != Role.ENGINE.value)
        .order_by(Event.seq)
    )
    result = await session.stream(query.execution_options(yield_per=AT_ONCE))
    async for event, content in result:
        yield event, content or ""
        session.expunge(event)


def _reason(
    event: Event, content: str, keys: GatewayKeys | None, held: Lives, *, signed: bool
) -> str:
    """Why nobody answers for an event; "" where somebody does."""
    if event.signature is None:
        return "unsigned" if signed else ""
    if keys is not None and _fault(event, content, keys):
        return "signature_wrong"
    lives = held.get(Held(event.actor_id, event.actor_role, event.actor_place), ())
    holds = any(life.covers(event.recorded_at) for life in lives)
    return "" if holds or _is_on_no_list(event) else "not_granted"


def _is_on_no_list(event: Event) -> bool:
    """A resident, or a bidder without a name: whether they may was asked at the door, and is signed.

    Nor is anybody given the role of the operator: that one breaks the glass, signed and named so.
    """
    nameless = event.kind.startswith("bidding.bid_") and event.actor_id.startswith(SEALED_BIDDER)
    operator = (event.kind, event.actor_role) == (BROKE_GLASS, Role.OPERATOR.value)
    return nameless or operator or event.actor_role in {role.value for role in RESIDENTS}


def _fault(event: Event, content: str, keys: GatewayKeys) -> bool:
    seal = Seal.model_validate(event.signature)
    actor = Actor(
        id=event.actor_id,
        role=Role(event.actor_role),
        label=event.actor_label,
        place=event.actor_place,
        on_behalf_of=event.on_behalf_of,
    )
    return keys.fault(seal, event.renovation_id, content, actor, event.command_id) is not None
