"""Saved views: what somebody looks for again and again, under names of their own (design, finding)."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import SavedView
from models.values.refusal import refusal
from runtime.database import Database
from service.finding.bodies import DropView, SavedViewLine, SaveView

MOST = 50
"""Lists of one person."""


async def list_views(database: Database, actor_id: str) -> tuple[SavedViewLine, ...]:
    """The own lists, by name."""
    async with database.session() as session:
        return await _views(session, actor_id)


async def save_view(database: Database, actor_id: str, body: SaveView) -> tuple[SavedViewLine, ...]:
    """Keep a list; the same name again keeps the new one. All of one's own.

    Raises:
        Refused: `saved_view.too_many`.
    """

    async def work(session: AsyncSession) -> tuple[SavedViewLine, ...]:
        wanted = body.wanted.model_dump(mode="json", exclude_defaults=True)
        given = {"wanted": wanted, "saved_at": func.clock_timestamp()}
        row = insert(SavedView).values(actor_id=actor_id, name=body.name, **given)
        key = [SavedView.actor_id, SavedView.name]
        await session.execute(row.on_conflict_do_update(index_elements=key, set_=given))
        kept = await _views(session, actor_id)
        if len(kept) > MOST:
            raise refusal("saved_view.too_many", where="name", most=MOST)
        return kept

    return await database.transaction(work)


async def drop_view(database: Database, actor_id: str, body: DropView) -> tuple[SavedViewLine, ...]:
    """Forget a list; those that are left.

    Raises:
        Refused: `saved_view.unknown`.
    """

    async def work(session: AsyncSession) -> tuple[SavedViewLine, ...]:
        mine = delete(SavedView).where(SavedView.actor_id == actor_id, SavedView.name == body.name)
        if await session.scalar(mine.returning(SavedView.name)) is None:
            raise refusal("saved_view.unknown", where="name", name=body.name)
        return await _views(session, actor_id)

    return await database.transaction(work)


async def _views(session: AsyncSession, actor_id: str) -> tuple[SavedViewLine, ...]:
    rows = await session.scalars(
        select(SavedView).where(SavedView.actor_id == actor_id).order_by(SavedView.name)
    )
    return tuple(SavedViewLine.model_validate(row, from_attributes=True) for row in rows)
