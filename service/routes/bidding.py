"""Bidding (招标投标): contractors hand in and take back bids before the deadline."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Bid, Tender
from models.values.actor import Actor, Role
from models.values.refusal import Refused, refusal
from models.values.states import BidState
from rules.bidding.procedure import submission_problems
from service.parts import Parts, running_parts
from service.residents.commands import Accepted, SubmitBid, WithdrawBid
from service.situation import Situation, load_situation
from service.writing import role_actor, write

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["bidding"])


@router.post("/bids", status_code=201)
async def submit_bid(
    renovation_id: str,
    command: SubmitBid,
    request: Request,
    parts: Annotated[Parts, Depends(running_parts)],
) -> Accepted:
    """Hand in a bid; one that stands per contractor. The event does not say the price."""
    situation = await load_situation(parts.database, renovation_id)
    actor = await role_actor(parts, situation, request, Role.CONTRACTOR)

    async def change(session: AsyncSession, now: datetime) -> tuple[str, Mapping[str, JsonValue]]:
        tender = await _open_tender(session, situation)
        problems = submission_problems(
            price_fen=command.price_fen,
            bond_fen=command.bond_fen,
            ceiling_fen=tender.ceiling_fen,
            estimate_fen=tender.estimate_fen,
            now=now,
            notice_at=tender.notice_at,
            deadline_at=tender.deadline_at,
            timetable=situation.timetable,
        )
        if problems:
            raise Refused(*problems)
        if await _standing_bid(session, tender, actor.id) is not None:
            raise refusal("bidding.already_bid", bidder=actor.id, tender=tender.id)
        bid = bid_row(tender, actor.id, command, now)
        session.add(bid)
        return bid.id, {"tender": tender.id, "bid": bid.id}

    sealed = sealed_bidder(parts, situation, actor)
    return await write(parts, situation, sealed, command, "bidding.bid_submitted", change)


@router.post("/bids/withdrawal")
async def withdraw_bid(
    renovation_id: str,
    command: WithdrawBid,
    request: Request,
    parts: Annotated[Parts, Depends(running_parts)],
) -> Accepted:
    """Take the own bid back before the deadline (Tendering Law art. 29); the bond goes back."""
    situation = await load_situation(parts.database, renovation_id)
    actor = await role_actor(parts, situation, request, Role.CONTRACTOR)

    async def change(session: AsyncSession, now: datetime) -> tuple[str, Mapping[str, JsonValue]]:
        tender = await _open_tender(session, situation)
        bid = await _standing_bid(session, tender, actor.id)
        if bid is None:
            raise refusal("bidding.no_bid", bidder=actor.id, tender=tender.id)
        if now >= tender.deadline_at:
            raise refusal(
                "bidding.late", now=now.isoformat(), deadline_at=tender.deadline_at.isoformat()
            )
        bid.state, bid.withdrawn_at = BidState.WITHDRAWN, now
        return bid.id, {"tender": tender.id, "bid": bid.id}

    sealed = sealed_bidder(parts, situation, actor)
    return await write(parts, situation, sealed, command, "bidding.bid_withdrawn", change)


def sealed_bidder(parts: Parts, situation: Situation, actor: Actor) -> Actor:
    """The bidder as the record names it: nobody may know before the opening who has bid.

    Tendering Law art. 22 [M] keeps names and number of bidders secret. The id is keyed, so that the
    list of contractors does not give it away; the bid's own row says who it was once it is opened.
    """
    key = bytes.fromhex(parts.settings.credential_key.get_secret_value())
    name = hmac.digest(key, f"{situation.id}\0{actor.id}".encode(), "sha256").hex()[:24]
    return Actor(
        id=f"sealed-{name}", role=actor.role, label="投标人 / bidder", place=situation.place_path
    )


def bid_row(tender: Tender, bidder_id: str, command: SubmitBid, now: datetime) -> Bid:
    """The bid as it lies sealed until the opening."""
    name = hashlib.sha256(command.command_id.encode()).hexdigest()[:20]
    return Bid(
        id=f"{tender.id}.{name}",
        tender_id=tender.id,
        command_id=command.command_id,
        bidder_id=bidder_id,
        price_fen=command.price_fen,
        technical_milli=command.technical_milli,
        bond_fen=command.bond_fen,
        bond_account=command.bond_account,
        flags=dict(command.flags),
        submitted_at=now,
        state="submitted",
    )


async def _open_tender(session: AsyncSession, situation: Situation) -> Tender:
    """The latest tender; the share lock keeps the opening out until this bid is committed."""
    tender = await session.scalar(
        select(Tender)
        .where(Tender.renovation_id == situation.id)
        .order_by(Tender.round.desc())
        .limit(1)
        .with_for_update(read=True)
    )
    if tender is None:
        raise refusal("bidding.no_tender", where=situation.id)
    if tender.state != "open":
        raise refusal("bidding.tender_closed", tender=tender.id, at=tender.deadline_at.isoformat())
    return tender


async def _standing_bid(session: AsyncSession, tender: Tender, bidder_id: str) -> Bid | None:
    return await session.scalar(
        select(Bid).where(
            Bid.tender_id == tender.id, Bid.bidder_id == bidder_id, Bid.state != "withdrawn"
        )
    )
