"""Inspection (检查验收): the works, item by item, for everybody to see."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import func, select

from models.tables import Inspection, WorkItem
from models.values.base import Carried
from service.parts import Parts, running_parts

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["inspection"])


class WorkItemView(Carried):
    """A work item, its state, and how often it was inspected; its value in fen."""

    id: str
    building: str
    title: str
    concealed: bool
    value_fen: int
    state: str
    inspections: int


@router.get("/works")
async def read_works(
    renovation_id: str, parts: Annotated[Parts, Depends(running_parts)]
) -> tuple[WorkItemView, ...]:
    """Every work item with its state; empty before the works begin."""
    counted = (
        select(func.count()).where(Inspection.item_id == WorkItem.id).correlate(WorkItem)
    ).scalar_subquery()
    async with parts.database.session() as session:
        rows = await session.execute(
            select(WorkItem, counted)
            .where(WorkItem.renovation_id == renovation_id)
            .order_by(WorkItem.building, WorkItem.id)
        )
    return tuple(
        WorkItemView(
            id=item.id.removeprefix(f"{renovation_id}."),
            building=item.building,
            title=item.title,
            concealed=item.concealed,
            value_fen=item.value_fen,
            state=item.state,
            inspections=inspections,
        )
        for item, inspections in rows
    )
