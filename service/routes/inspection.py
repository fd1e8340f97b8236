"""Inspection (检查验收): the works, item by item, for everybody to see."""

from fastapi import APIRouter

from models.fields import Id
from service.bodies import Accepted, GiveConsent, WithdrawConsent
from service.http.paging import Paged
from service.residents import consents
from service.routes.dependencies import CaseSituation, CurrentVoter, RunningParts
from service.views import WorkItemView, list_works

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["inspection"])


@router.get("/works")
async def read_works(
    renovation_id: Id, parts: RunningParts, page: Paged
) -> tuple[WorkItemView, ...]:
    """Every work item with its state; empty before the works begin."""
    async with parts.database.session() as session:
        found = await list_works(session, renovation_id)
    return page.cut(found, lambda each: (each.building, each.id))


@router.post("/part-consents", status_code=201)
async def give_consent(
    situation: CaseSituation, voter: CurrentVoter, command: GiveConsent, parts: RunningParts
) -> Accepted:
    """The owner lets a work occupy part of the own unit; without it that work is not inspected."""
    return await consents.give_consent(parts, situation, voter, command)


@router.post("/part-consents/withdrawals", status_code=201)
async def withdraw_consent(
    situation: CaseSituation, voter: CurrentVoter, command: WithdrawConsent, parts: RunningParts
) -> Accepted:
    """The owner takes the consent back, until works there begin."""
    return await consents.withdraw_consent(parts, situation, voter, command)
