"""Sums that wait for an owner, and cash: what two people decide about money that came in."""

from fastapi import APIRouter

from proof.canonical import utc_text
from service.http.paging import Paged
from service.ledger import deciding, unclaimed
from service.ledger.bodies import AssignSum, ReceiveCash, ReturnSum, UnclaimedView
from service.proposing import ProposalMade
from service.routes.dependencies import (
    CaseSituation,
    MayAssignSums,
    MayReceiveCash,
    RunningParts,
)

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["cost sharing"])


@router.get("/unclaimed-sums")
async def list_unclaimed_sums(
    situation: CaseSituation, _actor: MayAssignSums, parts: RunningParts, page: Paged
) -> tuple[UnclaimedView, ...]:
    """The sums of bank statements that named no unit; payer and words of the open ones. Money in fen."""
    async with parts.database.session() as session:
        found = await unclaimed.list_unclaimed(session, parts.settings, situation)
    return page.cut(found, lambda each: (utc_text(each.opened_at), each.id))


@router.post("/unclaimed-sums/assignments", status_code=202)
async def assign_unclaimed_sum(
    situation: CaseSituation, actor: MayAssignSums, command: AssignSum, parts: RunningParts
) -> ProposalMade:
    """Say for which units a sum is: it is booked when a second person has confirmed it."""
    return await deciding.propose_assignment(parts, situation, actor, command)


@router.post("/unclaimed-sums/returns", status_code=202)
async def return_unclaimed_sum(
    situation: CaseSituation, actor: MayAssignSums, command: ReturnSum, parts: RunningParts
) -> ProposalMade:
    """Send a sum back to whoever paid it: it goes out when a second person has confirmed it."""
    return await deciding.propose_return(parts, situation, actor, command)


@router.post("/cash", status_code=202)
async def receive_cash(
    situation: CaseSituation, actor: MayReceiveCash, command: ReceiveCash, parts: RunningParts
) -> ProposalMade:
    """Say that cash was counted for a unit: it is booked when a second person has counted it too. Money in fen."""
    return await deciding.propose_cash(parts, situation, actor, command)
