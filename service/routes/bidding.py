"""Bidding (招标投标): contractors hand in and take back bids before the deadline."""

from fastapi import APIRouter

from service.bodies import Accepted, SubmitBid, WithdrawBid
from service.residents import bids
from service.routes.dependencies import CaseSituation, CurrentContractor, RunningParts

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["bidding"])


@router.post("/bids", status_code=201)
async def submit_bid(
    situation: CaseSituation, bidder: CurrentContractor, command: SubmitBid, parts: RunningParts
) -> Accepted:
    """Hand in a bid; one that stands per contractor. The record does not say the price."""
    return await bids.submit_bid(parts, situation, bidder, command)


@router.post("/bids/withdrawal")
async def withdraw_bid(
    situation: CaseSituation, bidder: CurrentContractor, command: WithdrawBid, parts: RunningParts
) -> Accepted:
    """Take the own bid back before the deadline (Tendering Law art. 29); the bond goes back."""
    return await bids.withdraw_bid(parts, situation, bidder, command)
