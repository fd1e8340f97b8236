"""The works as who builds and who inspects them sees them: each with its inspections and open defects."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Inspection
from service.views import WorkItemView, list_works


class ItemInspection(NamedTuple):
    """One inspection of a work."""

    kind: str
    outcome: str
    recorded_at: datetime
    defects: tuple[str, ...]


class ItemOnSite(NamedTuple):
    """A work and its inspections, the last one first."""

    work: WorkItemView
    inspections: tuple[ItemInspection, ...]

    @property
    def defects(self) -> tuple[str, ...]:
        """What is to be put right now."""
        return (
            self.inspections[0].defects
            if self.work.state == "rejected" and self.inspections
            else ()
        )


async def load_items(session: AsyncSession, renovation_id: str) -> tuple[ItemOnSite, ...]:
    """Every work of a case with its inspections."""
    works = await list_works(session, renovation_id)
    found: dict[str, list[ItemInspection]] = {}
    rows = await session.scalars(
        select(Inspection)
        .where(Inspection.item_id.in_([f"{renovation_id}.{each.id}" for each in works]))
        .order_by(Inspection.recorded_at.desc(), Inspection.id.desc())
    )
    for row in rows:
        found.setdefault(row.item_id or "", []).append(
            ItemInspection(row.kind, row.outcome, row.recorded_at, tuple(map(str, row.defects)))
        )
    return tuple(
        ItemOnSite(each, tuple(found.get(f"{renovation_id}.{each.id}", ()))) for each in works
    )
