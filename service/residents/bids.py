"""Bids: handed in and taken back before the deadline, sealed until the opening."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Bid, Tender
from models.values.actor import SEALED_BIDDER, Actor
from models.values.refusal import refusal, refuse_if_any
from models.values.states import BidState, TenderState
from rules.bidding import submission_problems
from runtime.record.firms import refuse_defaulter, refuse_related
from runtime.record.journal import id_from
from service.bodies import Accepted, SubmitBid, WithdrawBid
from service.http.credentials import keyed_hash
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation


async def submit_bid(
    parts: Parts, situation: Situation, bidder: Actor, command: SubmitBid
) -> Accepted:
    """Put a bid beside the others; the event does not say the price.

    Raises:
        Refused: `bidding.no_tender`, `bidding.tender_closed`, `bidding.already_bid`,
            `bidding.contractor_defaulted`, `bidding.related`, and what `submission_problems` finds.
    """

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
        if await _standing_bid(session, tender, bidder.party) is not None:
            raise refusal("bidding.already_bid", bidder=bidder.party, tender=tender.id)
        bid = bid_row(tender, bidder.party, command, now, key)
        session.add(bid)
        return bid.id, {"tender": tender.id, "bid": bid.id}

    sealed = sealed_bidder(parts, situation, bidder)
    kind = "bidding.bid_submitted"
    return await accept(parts.journal, situation, sealed, command, kind, change, quota="bids")


async def withdraw_bid(
    parts: Parts, situation: Situation, bidder: Actor, command: WithdrawBid
) -> Accepted:
    """Take the bidder's bid back (Tendering Law art. 29); the bond goes back.

    Raises:
        Refused: `bidding.no_tender`, `bidding.tender_closed`, `bidding.no_bid`, `bidding.late`.
    """

    async def change(session: AsyncSession, now: datetime, _key: str) -> tuple[str, Details]:
        tender = await _open_tender(session, situation)
        bid = await _standing_bid(session, tender, bidder.party)
        if bid is None:
            raise refusal("bidding.no_bid", bidder=bidder.party, tender=tender.id)
        if now >= tender.deadline_at:
            raise refusal(
                "bidding.late", now=now.isoformat(), deadline_at=tender.deadline_at.isoformat()
            )
        bid.state, bid.withdrawn_at = BidState.WITHDRAWN, now
        return bid.id, {"tender": tender.id, "bid": bid.id}

    sealed = sealed_bidder(parts, situation, bidder)
    kind = "bidding.bid_withdrawn"
    return await accept(parts.journal, situation, sealed, command, kind, change)


def sealed_bidder(parts: Parts, situation: Situation, bidder: Actor) -> Actor:
    """The bidder as the record names it: nobody may know before the opening who has bid.

    Tendering Law art. 22 [M] keeps names and number of bidders secret. The id is keyed, so that the
    list of contractors does not give it away; the bid's own row says who it was once it is opened.
    """
    key, named = parts.settings.credential_key, f"{situation.id}\0{bidder.party}"
    name = keyed_hash(key, named.encode()).hex()[:24]
    return Actor(
        id=f"{SEALED_BIDDER}{name}",
        role=bidder.role,
        label="投标人 / bidder",
        place=situation.place_path,
    )


def bid_row(tender: Tender, bidder_id: str, command: SubmitBid, now: datetime, key: str) -> Bid:
    """The row of a new bid; nothing shows it before the opening. `key` is that of the command."""
    name = id_from(key, 20)
    return Bid(
        id=f"{tender.id}.{name}",
        tender_id=tender.id,
        command_id=key,
        bidder_id=bidder_id,
        price_fen=command.price_fen,
        technical_milli=command.technical_milli,
        bond_fen=command.bond_fen,
        bond_account=command.bond_account,
        flags=dict(command.flags),
        submitted_at=now,
        state=BidState.SUBMITTED,
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
    if tender.state != TenderState.OPEN:
        raise refusal("bidding.tender_closed", tender=tender.id, at=tender.deadline_at.isoformat())
    return tender


async def _standing_bid(session: AsyncSession, tender: Tender, bidder_id: str) -> Bid | None:
    return await session.scalar(
        select(Bid).where(
            Bid.tender_id == tender.id, Bid.bidder_id == bidder_id, Bid.state != BidState.WITHDRAWN
        )
    )
