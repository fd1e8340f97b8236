"""The scheme of a case as pages show it: the latest version."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Scheme
from models.values.scheme import SchemeContent


async def load_scheme(session: AsyncSession, rid: str) -> SchemeContent | None:
    """What the latest version says; None before there is one."""
    query = select(Scheme.content).where(Scheme.renovation_id == rid)
    found = await session.scalar(query.order_by(Scheme.version.desc()).limit(1))
    return None if found is None else SchemeContent.model_validate(found)
