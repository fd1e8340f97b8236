"""A sale on a frozen roll: the buyer replaces the seller, logged; the weights stay as they were frozen."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from formats.roll import owner_key, stored_owner_key
from formats.roll.replacement import replace_owner
from models.tables import (
    Ballot,
    BallotBox,
    Event,
    Mandate,
    MandateRevocation,
    OwnerReplacement,
    RollEntry,
    RollUnit,
    Unit,
)
from models.values.actor import Actor
from models.values.base import Value
from models.values.replacement import Replacement, Sale
from models.values.voting import HeadGroup
from rules.time.deadlines import last_day
from runtime.record.journal import Recorded
from service.bodies import Accepted
from service.channels.bodies import ReplacedOwner, ReplaceOwner
from service.channels.mandates import LOCK
from service.channels.open_box import load_entry, lock_open_box, running_box
from service.estates.units import owner_secret
from service.http.credentials import voter_credential
from service.parts import Parts
from service.recording import record
from service.situation import Situation

KIND = "voting.owner_replaced"
BY_SALE = "the unit was sold"


class _Generation(Accepted):
    """The stored answer: it has the version of the buyer's credential, not the credential."""

    generation: int


class _AskedSale(Value):
    """The request as the journal hashes it: keyed digests instead of names."""

    sale: Sale


async def replace_unit_owner(
    parts: Parts, situation: Situation, actor: Actor, command: ReplaceOwner
) -> ReplacedOwner:
    """Log the sale; from its commit on the seller's credential casts nothing.

    A ballot that the seller has cast stands until the buyer casts one; by another way it is
    contested, and the ruling is made with the register's extract. The seller's mandate ends, unless
    other units of the entry stay with the seller.
    """
    key = parts.settings.credential_key
    sale = _sale(key, command)
    name = await parts.journal.key_of(command.command_id, situation.id, actor.id)

    async def inside(session: AsyncSession, now: datetime) -> Recorded[_Generation]:
        entry = await load_entry(
            session, await running_box(session, situation), command.unit_number
        )
        # Before the box: an agent's ballot that is under way needs the box to get done.
        mandate = await _standing_mandate(session, entry)
        box = await lock_open_box(session, situation, command.box_id, alone=True, early=True)
        made = await _replacement(session, situation, box, entry, sale)
        if mandate is not None and not made.shared:
            session.add(_revoked(mandate, actor, name))
        session.add(await _row(session, situation, box, made, actor, name))
        await session.execute(
            update(RollUnit)
            .where(RollUnit.box_id == box.id, RollUnit.unit_number == made.unit_number)
            .values(credential_version=made.generation)
        )
        accepted = _Generation(
            command_id=command.command_id,
            id=f"{entry.pseudonym}.{made.generation}",
            kind=KIND,
            happened_at=now.isoformat(),
            generation=made.generation,
        )
        return Recorded(
            accepted,
            {
                "box": box.id,
                "entry": entry.pseudonym,
                "generation": made.generation,
                "shared": made.shared,
                "registered_on": made.registered_on.isoformat(),
                "evidence": made.evidence,
                "mandate_revoked": mandate is not None and not made.shared,
            },
        )

    request = _AskedSale(sale=sale)
    done = await record(parts.journal, situation, actor, name, KIND, request, inside, _Generation)
    credential = voter_credential(key, situation.id, command.unit_number, done.generation)
    return ReplacedOwner(**done.model_dump(exclude={"generation"}), credential=credential)


def _sale(key: SecretStr, command: ReplaceOwner) -> Sale:
    """The sale with the stored keys of both sets of owners; no name is passed on."""
    secret = owner_secret(key)

    def stored(names: tuple[str, ...], numbers: tuple[str, ...]) -> str:
        return stored_owner_key(owner_key(names, tuple(n.upper() for n in numbers)), secret)

    return Sale(
        unit_number=command.unit_number,
        seller_key=stored(command.seller_names, command.seller_identities),
        buyer_key=stored(command.buyer_names, command.buyer_identities),
        registered_on=command.registered_on,
        evidence=command.evidence,
    )


async def _replacement(
    session: AsyncSession, situation: Situation, box: BallotBox, entry: RollEntry, sale: Sale
) -> Replacement:
    """What `replace_owner` decides about the sale, given the rows."""
    owner = await session.scalar(
        select(Unit.owner_key).where(
            Unit.estate_id == situation.estate_id, Unit.number == sale.unit_number
        )
    )
    rows = await session.scalars(
        select(OwnerReplacement)
        .where(
            OwnerReplacement.renovation_id == situation.id,
            OwnerReplacement.unit_number == sale.unit_number,
        )
        .order_by(OwnerReplacement.generation)
    )
    earlier = [Replacement.model_validate(row, from_attributes=True) for row in rows]
    group = HeadGroup(
        entry_id=entry.entry_id,
        area_dm2=entry.area_dm2,
        units=tuple(entry.units),
        developer=entry.developer,
        excluded_reason=entry.excluded_reason,
    )
    zone = ZoneInfo(situation.timetable.zone)
    return replace_owner(
        [group],
        {sale.unit_number: str(owner)},
        earlier,
        sale,
        frozen_on=(await _frozen_at(session, box)).astimezone(zone).date(),
        closes_on=last_day(box.closes_at, situation.timetable.zone),
    )


async def _frozen_at(session: AsyncSession, box: BallotBox) -> datetime:
    """The case moment of the announcement, which froze the roll."""
    at = await session.scalar(
        select(Event.happened_at).where(
            Event.renovation_id == box.renovation_id,
            Event.kind == "voting.box_announced",
            Event.details["box"].as_string() == box.id,
        )
    )
    return at if at is not None else box.opens_at


async def _standing_mandate(session: AsyncSession, entry: RollEntry) -> str | None:
    """The entry's mandate that is not revoked; waits for ballots of the agent that are under way."""
    found = await session.scalar(
        select(Mandate.id)
        .outerjoin(MandateRevocation, MandateRevocation.mandate_id == Mandate.id)
        .where(
            Mandate.box_id == entry.box_id,
            Mandate.entry_id == entry.entry_id,
            MandateRevocation.mandate_id.is_(None),
        )
    )
    if found is not None:
        await session.execute(LOCK, {"mandate": found})
    return found


def _revoked(mandate_id: str, actor: Actor, command_id: str) -> MandateRevocation:
    return MandateRevocation(
        mandate_id=mandate_id,
        reason=BY_SALE,
        revoked_by=actor.id,
        command_id=command_id,
        revoked_at=func.clock_timestamp(),
    )


async def _row(
    session: AsyncSession,
    situation: Situation,
    box: BallotBox,
    made: Replacement,
    actor: Actor,
    command_id: str,
) -> OwnerReplacement:
    last = await session.scalar(
        select(func.max(Ballot.seq)).where(
            Ballot.box_id == box.id, Ballot.unit_number == made.unit_number
        )
    )
    return OwnerReplacement(
        **made.model_dump(),
        renovation_id=situation.id,
        box_id=box.id,
        up_to_seq=last or 0,
        replaced_by=actor.id,
        command_id=command_id,
        recorded_at=func.clock_timestamp(),
    )
