"""The works as who builds and who inspects them sees them: each with its inspections and open defects."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contract, Inspection
from models.values.actor import Role
from rules.authority import Grant, acts_as
from rules.disclosure.readers import Circle, roles_in
from service.views import WorkItemView, list_works

READ_DEFECTS = roles_in(Circle.FREE_TEXT) | {Role.SUPERVISOR, Role.CHIEF_SUPERVISOR}
"""Who reads what an inspection found: as `rules.disclosure` says of its words, and who writes them."""


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


async def load_items(
    session: AsyncSession, renovation_id: str, held: Collection[Grant]
) -> tuple[ItemOnSite, ...]:
    """Every work of a case with its inspections, and their defects where somebody who holds these roles there reads them."""
    told = await _reads_defects(session, renovation_id, held)
    works = await list_works(session, renovation_id)
    found: dict[str, list[ItemInspection]] = {}
    rows = await session.scalars(
        select(Inspection)
        .where(Inspection.item_id.in_([f"{renovation_id}.{each.id}" for each in works]))
        .order_by(Inspection.recorded_at.desc(), Inspection.id.desc())
    )
    for row in rows:
        found.setdefault(row.item_id or "", []).append(
            ItemInspection(
                row.kind, row.outcome, row.recorded_at, tuple(map(str, row.defects)) if told else ()
            )
        )
    return tuple(
        ItemOnSite(each, tuple(found.get(f"{renovation_id}.{each.id}", ()))) for each in works
    )


async def _reads_defects(
    session: AsyncSession, renovation_id: str, held: Collection[Grant]
) -> bool:
    """Whether somebody with these roles reads defects: of the firms those that build here, or have built."""
    if READ_DEFECTS & {each.role for each in held}:
        return True
    builds = exists().where(
        Contract.renovation_id == renovation_id, Contract.bidder_id.in_(acts_as(held))
    )
    return bool(await session.scalar(select(builds)))
