"""Proposals: what waits for a second person, confirmed or withdrawn."""

from fastapi import APIRouter

from models.fields import Id
from proof.canonical import utc_text
from service.bodies import Accepted
from service.http.paging import Paged
from service.proposals import deciding
from service.proposals.bodies import (
    ConfirmedSheet,
    ConfirmProposals,
    ProposalView,
    WithdrawProposal,
)
from service.routes.dependencies import CaseSituation, MayConfirm, MayWithdraw, RunningParts

router = APIRouter(prefix="/v1/renovations/{renovation_id}/proposals", tags=["proposals"])


@router.get("")
async def list_proposals(
    situation: CaseSituation, _actor: MayWithdraw, parts: RunningParts, page: Paged
) -> tuple[ProposalView, ...]:
    """What was proposed in the case and what became of it; no names."""
    async with parts.database.session() as session:
        found = await deciding.list_proposals(session, situation)
    return page.cut(found, lambda each: (utc_text(each.proposed_at), each.id))


@router.post("/confirmations", status_code=201)
async def confirm_proposals(
    situation: CaseSituation, actor: MayConfirm, command: ConfirmProposals, parts: RunningParts
) -> ConfirmedSheet:
    """Confirm what somebody else has proposed, as it was read; each line is done or refused by itself."""
    return await deciding.confirm_sheet(parts, situation, actor, command)


@router.post("/{proposal_id}/withdrawal", status_code=201)
async def withdraw_proposal(
    situation: CaseSituation,
    proposal_id: Id,
    actor: MayWithdraw,
    command: WithdrawProposal,
    parts: RunningParts,
) -> Accepted:
    """Take the own proposal back; whoever may confirm one may turn it down."""
    return await deciding.withdraw_proposal(parts, situation, actor, proposal_id, command)
