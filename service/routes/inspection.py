"""Inspection (检查验收): the works, item by item, for everybody to see."""

from fastapi import APIRouter

from models.fields import Id
from service.routes.dependencies import RunningParts
from service.views import WorkItemView, list_works

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["inspection"])


@router.get("/works")
async def read_works(renovation_id: Id, parts: RunningParts) -> tuple[WorkItemView, ...]:
    """Every work item with its state; empty before the works begin."""
    async with parts.database.session() as session:
        return await list_works(session, renovation_id)
