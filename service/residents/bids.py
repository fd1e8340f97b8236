"""Bids: handed in, read by their bidder and taken back before the deadline; sealed until the opening."""

import hashlib
from datetime import datetime

from pydantic import BaseModel, JsonValue, SecretStr
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Award, Bid, Renovation, Tender
from models.values.actor import SEALED_BIDDER, Actor
from models.values.base import Carried
from models.values.refusal import refusal, refuse_if_any
from models.values.states import BidState, TenderState
from proof.canonical import canonical_json, framed
from rules.bidding import submission_problems
from runtime.bidding.envelopes import BidContent, Envelopes, envelopes_of
from runtime.record.firms import refuse_defaulter, refuse_related
from runtime.record.journal import id_from
from service.bodies import Accepted, SubmitBid, WithdrawBid
from service.http.credentials import keyed_hash
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation

_HASHES = b"gongjian/bid-hash"


class OwnBid(Carried):
    """A bid as whoever made it reads it at any time, and where it stands; money in fen, case time.

    `rank` and `award` are null while it is not among the candidates.
    """

    id: str
    tender_id: str
    round: int
    tender_state: str
    deadline_at: datetime
    """Until then it may be taken back; then the bids are opened."""
    bidder_id: str
    price_fen: int
    technical_milli: int
    bond_fen: int
    bond_account: str
    flags: JsonValue
    submitted_at: datetime
    withdrawn_at: datetime | None
    state: BidState
    grounds: JsonValue
    rank: int | None = None
    award: str | None = None


class _KeptBid(BaseModel):
    """What the record keeps of a bid that was handed in, to know it again: nothing that can be tried out."""

    content: str


async def submit_bid(
    parts: Parts, situation: Situation, bidder: Actor, command: SubmitBid
) -> Accepted:
    """Put a sealed envelope beside the others; neither the event nor the row says who bids, or what.

    Raises:
        Refused: `bidding.no_tender`, `bidding.tender_closed`, `bidding.already_bid`,
            `bidding.contractor_defaulted`, `bidding.related`, and what `submission_problems` finds.
    """
    envelopes = envelopes_of(parts.settings)

    async def change(session: AsyncSession, now: datetime, key: str) -> tuple[str, Details]:
        tender = await _open_tender(session, situation)
        await refuse_defaulter(session, situation.id, bidder.party)
        await refuse_related(session, situation.id, situation.place_path, bidder.party)
        refuse_if_any(
            submission_problems(
                price_fen=command.price_fen,
                bond_fen=command.bond_fen,
                ceiling_fen=tender.ceiling_fen,
                estimate_fen=tender.estimate_fen,
                now=now,
                notice_at=tender.notice_at,
                deadline_at=tender.deadline_at,
                timetable=situation.timetable,
            )
        )
        if await _standing_bid(session, parts, tender, bidder.party) is not None:
            raise refusal("bidding.already_bid", bidder=bidder.party, tender=tender.id)
        sealed_as = _sealed_name(parts, tender.id, bidder.party)
        bid = bid_row(envelopes, tender, bidder.party, sealed_as, command, now, key)
        session.add(bid)
        envelope = hashlib.sha256(bid.envelope or b"").hexdigest()
        return bid.id, {"tender": tender.id, "bid": bid.id, "envelope_sha256": envelope}

    kept = _KeptBid(content=hash_of(parts.settings.credential_key, command))
    sealed, caller = await sealed_bidder(parts, situation, bidder)
    kind = "bidding.bid_submitted"
    return await accept(
        parts.journal, situation, sealed, command, kind, change, kept, caller, quota="bids"
    )


async def withdraw_bid(
    parts: Parts, situation: Situation, bidder: Actor, command: WithdrawBid
) -> Accepted:
    """Take the bidder's bid back (Tendering Law art. 29); the bond goes back. It stays sealed for good.

    Raises:
        Refused: `bidding.no_tender`, `bidding.tender_closed`, `bidding.no_bid`, `bidding.late`.
    """

    async def change(session: AsyncSession, now: datetime, _key: str) -> tuple[str, Details]:
        tender = await _open_tender(session, situation)
        bid = await _standing_bid(session, parts, tender, bidder.party)
        if bid is None:
            raise refusal("bidding.no_bid", bidder=bidder.party, tender=tender.id)
        if now >= tender.deadline_at:
            raise refusal(
                "bidding.late", now=now.isoformat(), deadline_at=tender.deadline_at.isoformat()
            )
        bid.state, bid.withdrawn_at = BidState.WITHDRAWN, now
        return bid.id, {"tender": tender.id, "bid": bid.id}

    sealed, caller = await sealed_bidder(parts, situation, bidder)
    kind = "bidding.bid_withdrawn"
    return await accept(parts.journal, situation, sealed, command, kind, change, caller=caller)


async def list_own_bids(
    session: AsyncSession, parts: Parts, situation: Situation, bidder: Actor
) -> tuple[OwnBid, ...]:
    """What a bidder has handed in in this case, round by round; nobody else's, and read by nobody else.

    Raises:
        Refused: `bidding.envelope_shut` where the key of that time is gone.
    """
    envelopes = envelopes_of(parts.settings)
    rows = await session.execute(
        select(Tender, Award)
        .outerjoin(Award, (Award.tender_id == Tender.id) & (Award.bidder_id == bidder.party))
        .where(Tender.renovation_id == situation.id)
        .order_by(Tender.round)
    )
    found: list[OwnBid] = []
    for tender, award in rows.all():
        own = await session.scalars(
            select(Bid)
            .where(Bid.tender_id == tender.id, is_of(parts, tender.id, bidder.party))
            .order_by(Bid.submitted_at, Bid.id)
        )
        found += [_own(envelopes, tender, bid, award) for bid in own]
    return tuple(found)


async def sealed_bidder(parts: Parts, situation: Situation, bidder: Actor) -> tuple[Actor, str]:
    """The bidder as the record names it: nobody may know before the opening who has bid.

    Tendering Law art. 22 [M] keeps names and number of bidders secret. The id is keyed, so that the
    list of contractors does not give it away, and another one in each tender: the opening of one does
    not tell who bids in the next. The second value is the bidder's in the whole case: by it, never
    stored, a command that is sent again is known.
    """
    async with parts.database.session() as session:
        tender = await session.scalar(
            select(Tender.id)
            .where(Tender.renovation_id == situation.id)
            .order_by(Tender.round.desc())
            .limit(1)
        )
    actor = Actor(
        id=_sealed_name(parts, tender or situation.id, bidder.party),
        role=bidder.role,
        label="投标人 / bidder",
        place=situation.place_path,
    )
    return actor, _sealed_name(parts, situation.id, bidder.party)


def bid_row(
    envelopes: Envelopes,
    tender: Tender,
    bidder_id: str,
    sealed_name: str,
    command: SubmitBid,
    now: datetime,
    key: str,
) -> Bid:
    """The row of a new bid: an envelope, and when it came. `key` is that of the command."""
    name = f"{tender.id}.{id_from(key, 20)}"
    offer = BidContent(
        bidder_id=bidder_id,
        price_fen=command.price_fen,
        technical_milli=command.technical_milli,
        bond_fen=command.bond_fen,
        bond_account=command.bond_account,
        flags=dict(command.flags),
    )
    return Bid(
        id=name,
        tender_id=tender.id,
        command_id=key,
        sealed_name=sealed_name,
        envelope=envelopes.seal(name, offer),
        submitted_at=now,
        state=BidState.SUBMITTED,
    )


def _sealed_name(parts: Parts, within: str, bidder_id: str) -> str:
    """A bidder's name in a tender or a case, which only who has the key can tell whose it is."""
    named = keyed_hash(parts.settings.credential_key, f"{within}\0{bidder_id}".encode())
    return f"{SEALED_BIDDER}{named.hex()[:24]}"


def hash_of(key: SecretStr, request: SubmitBid) -> str:
    """By what a repeated request is recognised: a plain hash could be tried out with every price.

    Under the key that is never rotated, so that a bid is known again after the key of envelopes was.
    """
    asked = canonical_json(request.model_dump(mode="json"))
    return keyed_hash(key, framed(_HASHES, asked)).hex()


def _own(envelopes: Envelopes, tender: Tender, bid: Bid, award: Award | None) -> OwnBid:
    """As it was handed in: from the envelope, also after the committee has given it points."""
    if bid.envelope is None:
        offer = BidContent.model_validate(bid, from_attributes=True)
    else:
        offer = envelopes.open(bid.id, bid.envelope)
    stands = award is not None and bid.state is not BidState.WITHDRAWN
    return OwnBid(
        **offer.model_dump(),
        id=bid.id,
        tender_id=tender.id,
        round=tender.round,
        tender_state=tender.state,
        deadline_at=tender.deadline_at,
        submitted_at=bid.submitted_at,
        withdrawn_at=bid.withdrawn_at,
        state=bid.state,
        grounds=bid.grounds,
        rank=award.rank if stands and award else None,
        award=award.state if stands and award else None,
    )


async def _open_tender(session: AsyncSession, situation: Situation) -> Tender:
    """The latest tender if it is open; its share lock makes the opening wait for the commit."""
    tender = await session.scalar(
        select(Tender)
        .where(Tender.renovation_id == situation.id)
        .order_by(Tender.round.desc())
        .limit(1)
        .with_for_update(read=True)
    )
    if tender is None:
        raise refusal("bidding.no_tender", where=situation.id)
    case = await session.get_one(Renovation, situation.id)
    if case.suspended_at is not None:
        since = case.suspended_at.isoformat()
        raise refusal("renovation.suspended", where=situation.id, since=since)
    if tender.state != TenderState.OPEN:
        raise refusal("bidding.tender_closed", tender=tender.id, at=tender.deadline_at.isoformat())
    return tender


async def _standing_bid(
    session: AsyncSession, parts: Parts, tender: Tender, bidder_id: str
) -> Bid | None:
    return await session.scalar(
        select(Bid).where(
            Bid.tender_id == tender.id,
            is_of(parts, tender.id, bidder_id),
            Bid.state != BidState.WITHDRAWN,
        )
    )


def is_of(parts: Parts, tender_id: str, bidder_id: str) -> ColumnElement[bool]:
    """By the name in the tender; bids of before envelopes have the bidder's own."""
    return or_(
        Bid.sealed_name == _sealed_name(parts, tender_id, bidder_id), Bid.bidder_id == bidder_id
    )
