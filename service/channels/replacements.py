"""A sale on a frozen roll: the buyer replaces the seller, logged; the weights stay as they were frozen (E7).

After the vote too: then it hands no vote on, and what falls due from then on is the buyer's (E18).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from formats.roll import owner_key, owner_key_before, stored_owner_key
from formats.roll.identities import read_number
from formats.roll.replacement import replace_owner
from models.tables import (
    Ballot,
    BallotBox,
    Event,
    Mandate,
    MandateRevocation,
    OwnerReplacement,
    Proposal,
    RollEntry,
    RollUnit,
    Unit,
)
from models.values.actor import Actor
from models.values.base import Value
from models.values.refusal import Refused, refusal
from models.values.replacement import Replacement, Sale
from models.values.states import Stage
from models.values.voting import HeadGroup
from rules.four_eyes import Proposing
from rules.time.deadlines import deadline, last_day
from runtime.ballots.boxes import load_running_boxes, named_box
from runtime.calendars import chinese_calendar
from runtime.record.journal import id_from
from service.access.facts import slow_hash
from service.access.letters import new_letter
from service.access.units import lock_mandate, raise_version
from service.channels.bodies import ReplaceOwner
from service.channels.open_box import lock_open_box
from service.estates.units import owner_secret_of
from service.parts import Parts
from service.proposing import Ask, Effect, ProposalMade, propose
from service.reading.money import balance_of
from service.situation import Situation

KIND = "voting.owner_replaced"
BY_SALE = "the unit was sold"


class _SaleProposed(ProposalMade):
    """The stored answer; releases before stored the version of the buyer's credential with it."""

    generation: int = 0


class ProposedSale(Value):
    """What a second person confirms: the sale by keyed digests, and the box that the page showed."""

    sale: Sale
    seller_before: str
    box_id: str | None
    buyers_fact: str = ""
    """What the buyers' letter is entered with, slowly hashed; "": a code."""


class _AskedSale(Value):
    """The request as the journal hashes it: keyed digests instead of names."""

    sale: Sale


async def replace_unit_owner(
    parts: Parts, situation: Situation, actor: Actor, command: ReplaceOwner
) -> ProposalMade:
    """Propose to log a sale; it counts from the confirmation of a second person (`enter_sale`)."""
    secret = owner_secret_of(parts.settings)
    content = ProposedSale(
        sale=_sale(secret, command),
        seller_before=_seller_before(secret, command),
        box_id=command.box_id,
        buyers_fact=await _known_of_buyers(situation, command),
    )

    async def prepare(session: AsyncSession, now: datetime, key: str) -> Ask:
        places = await _places(session, situation, content)
        boxes = await _open_boxes(session, situation, list(places))
        # Refused already now where it would be refused; nothing is written.
        await _replacement(session, situation, boxes, places, content)
        timetable = situation.timetable
        later = deadline(now, timetable.proposal, chinese_calendar(), timetable.zone)
        until = max((box.closes_at for box in boxes), default=later)
        return Ask(f"s{id_from(key)}", content, until)

    act, request = Proposing.SALE, _AskedSale(sale=content.sale)
    done = await propose(
        parts.journal, situation, actor, command, act, KIND, request, prepare, into=_SaleProposed
    )
    return ProposalMade(**done.model_dump(exclude={"generation"}))


async def enter_sale(
    _parts: Parts,
    situation: Situation,
    session: AsyncSession,
    proposal: Proposal,
    key: str,
    now: datetime,
) -> Effect:
    """Log the sale; from its commit on the seller's ticket casts nothing, in any box of the vote.

    What fell due until now is the seller's debt: the event has the certificate of balance (E18).

    A ballot that the seller has cast stands until the buyer casts one; by another way it is
    contested, and the ruling is made with the register's extract. The seller's mandate ends, unless
    other units of the entry stay with the seller.
    """
    asked = ProposedSale.model_validate(proposal.content)
    places = await _places(session, situation, asked)
    # Before the boxes: an agent's ballot that is under way needs the box to get done.
    mandates = {box_id: await _standing_mandate(session, each) for box_id, each in places.items()}
    boxes = await _open_boxes(session, situation, list(places))
    box, made = await _replacement(session, situation, boxes, places, asked)
    entry = places[box.id]
    ended = [
        mandate
        for each in boxes
        if (mandate := mandates[each.id]) is not None and len(places[each.id].units) == 1
    ]
    session.add_all(_revoked(mandate, proposal.proposed_by, key) for mandate in ended)
    session.add(await _row(session, situation, box, made, proposal.proposed_by, key))
    box_ids = [each.id for each in boxes]
    await raise_version(session, situation.id, made.unit_number, box_ids)
    letter_id, unit, maker = f"l{id_from(key)}", made.unit_number, proposal.proposed_by
    # The buyer enters with a link that another official hands over.
    session.add(new_letter(situation, letter_id, "buyer", unit, maker, fact_hash=asked.buyers_fact))
    balance = await balance_of(session, situation.id, made.unit_number, now)
    details: dict[str, JsonValue] = {
        "box": box.id,
        "entry": entry.pseudonym,
        "generation": made.generation,
        "shared": made.shared,
        "registered_on": made.registered_on.isoformat(),
        "evidence": made.evidence,
        "mandate_revoked": bool(ended),
    }
    if balance is not None:
        details["balance"] = balance.model_dump(mode="json", exclude={"unit_number"})
    return Effect(f"{entry.pseudonym}.{made.generation}", KIND, details)


async def _known_of_buyers(situation: Situation, command: ReplaceOwner) -> str:
    """The second fact of the buyer's letter, hashed: a number of any of the buyers, if one was given."""
    told = situation.clock == "told"
    return " ".join([await slow_hash(each, told=told) for each in command.buyer_identities])


async def _places(
    session: AsyncSession, situation: Situation, asked: ProposedSale
) -> dict[str, RollEntry]:
    """The entry of the unit in each box of the running vote that has it on its roll, by box.

    Raises:
        Refused: `voting.no_box`, `voting.other_box`, `voting.unit_not_on_roll`.
    """
    boxes = await load_running_boxes(session, situation.id)
    if not boxes:
        raise refusal("voting.no_box", where=situation.id)
    if asked.box_id is not None:
        named_box(boxes, asked.box_id)
    entries = await session.scalars(
        select(RollEntry)
        .join(
            RollUnit,
            (RollUnit.box_id == RollEntry.box_id) & (RollUnit.entry_id == RollEntry.entry_id),
        )
        .where(
            RollUnit.box_id.in_([box.id for box in boxes]),
            RollUnit.unit_number == asked.sale.unit_number,
        )
    )
    found = {entry.box_id: entry for entry in entries}
    if not found:
        unit = asked.sale.unit_number
        raise refusal("voting.unit_not_on_roll", where="unit_number", unit=unit)
    return {box.id: found[box.id] for box in boxes if box.id in found}


async def _open_boxes(
    session: AsyncSession, situation: Situation, box_ids: Sequence[str]
) -> list[BallotBox]:
    """These boxes, locked, without the ones that have closed already; none once the vote is over.

    Raises:
        Refused: `voting.box_closed` where all of them have, and the vote is not over yet.
    """
    found: list[BallotBox] = []
    for box_id in box_ids:
        try:
            found.append(await lock_open_box(session, situation, box_id, alone=True, early=True))
        except Refused:
            if box_id == box_ids[-1] and not found and not await _is_over(session, situation):
                raise
    return found


async def _is_over(session: AsyncSession, situation: Situation) -> bool:
    """Whether the last vote has its result: between a failed vote and the next one the stage stays."""
    if situation.stage != Stage.VOTING:
        return True
    first, *_ = await load_running_boxes(session, situation.id)
    declared = await session.scalar(
        select(Event.seq).where(
            Event.renovation_id == situation.id,
            Event.kind == "voting.result_declared",
            Event.details["box_id"].as_string() == first.id,
        )
    )
    return declared is not None


def _sale(secret: bytes, command: ReplaceOwner) -> Sale:
    """The sale with the stored keys of both sets of owners; no name is passed on."""

    def stored(names: tuple[str, ...], numbers: tuple[str, ...]) -> str:
        return stored_owner_key(owner_key(names, tuple(map(_as_on_rolls, numbers))), secret)

    return Sale(
        unit_number=command.unit_number,
        seller_key=stored(command.seller_names, command.seller_identities),
        buyer_key=stored(command.buyer_names, command.buyer_identities),
        registered_on=command.registered_on,
        evidence=command.evidence,
    )


def _as_on_rolls(number: str) -> str:
    """A number of identity in the spelling in which rolls are compared; as it is where it is none."""
    return read_number(number).text or number.upper()


def _seller_before(secret: bytes, command: ReplaceOwner) -> str:
    """The seller's key on a roll that was frozen while names and numbers were compared as they were written."""
    numbers = tuple(number.upper() for number in command.seller_identities)
    return stored_owner_key(owner_key_before(command.seller_names, numbers), secret)


async def _replacement(
    session: AsyncSession,
    situation: Situation,
    boxes: Sequence[BallotBox],
    places: Mapping[str, RollEntry],
    asked: ProposedSale,
) -> tuple[BallotBox, Replacement]:
    """What `replace_owner` decides about the sale, given the rows, and the box by whose roll it does.

    After the vote it is the roll that was frozen last, and the sale was registered until today. From the
    first vote on no roll is imported any more: a sale since then is for nobody else to hold.
    """
    box = boxes[0] if boxes else await session.get_one(BallotBox, next(iter(places)))
    entry, sale = places[box.id], asked.sale
    owner = await session.scalar(
        select(Unit.owner_key).where(
            Unit.estate_id == situation.estate_id, Unit.number == sale.unit_number
        )
    )
    if owner == asked.seller_before:
        sale = sale.model_copy(update={"seller_key": asked.seller_before})
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
    today = situation.now.astimezone(zone).date()
    made = replace_owner(
        [group],
        {sale.unit_number: str(owner)},
        earlier,
        sale,
        frozen_on=(await _first_frozen_at(session, box)).astimezone(zone).date(),
        closes_on=last_day(box.closes_at, situation.timetable.zone) if boxes else today,
        votes=bool(boxes),
    )
    return box, made


async def _first_frozen_at(session: AsyncSession, box: BallotBox) -> datetime:
    """The case moment of the first announcement, which froze the owners of the case."""
    at = await session.scalar(
        select(func.min(Event.happened_at)).where(
            Event.renovation_id == box.renovation_id, Event.kind == "voting.box_announced"
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
        await lock_mandate(session, found)
    return found


def _revoked(mandate_id: str, revoked_by: str, command_id: str) -> MandateRevocation:
    return MandateRevocation(
        mandate_id=mandate_id,
        reason=BY_SALE,
        revoked_by=revoked_by,
        command_id=command_id,
        revoked_at=func.clock_timestamp(),
    )


async def _row(
    session: AsyncSession,
    situation: Situation,
    box: BallotBox,
    made: Replacement,
    replaced_by: str,
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
        replaced_by=replaced_by,
        command_id=command_id,
        recorded_at=func.clock_timestamp(),
    )
