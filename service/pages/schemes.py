"""The scheme of a case as pages show it: one version of it, and how each follows from the one before."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Scheme
from models.values.scheme import SchemeContent


class ChangedItem(NamedTuple):
    """A piece of work whose cost a version changes, in fen; None where a version has it not."""

    title: str
    before_fen: int | None
    after_fen: int | None


class SchemeVersion(NamedTuple):
    """A version of a scheme; case time."""

    number: int
    title: str
    created_at: datetime
    budget_fen: int
    changes: tuple[ChangedItem, ...]
    """Against the version before it; none for the first one."""


async def load_scheme(
    session: AsyncSession, rid: str, version: int | None = None
) -> SchemeContent | None:
    """What a version says, the latest one where none is named; None where there is none."""
    query = select(Scheme.content).where(Scheme.renovation_id == rid)
    if version is not None:
        query = query.where(Scheme.version == version)
    found = await session.scalar(query.order_by(Scheme.version.desc()).limit(1))
    return None if found is None else SchemeContent.model_validate(found)


async def list_versions(session: AsyncSession, rid: str) -> tuple[SchemeVersion, ...]:
    """Every version, the latest first."""
    rows = await session.scalars(
        select(Scheme).where(Scheme.renovation_id == rid).order_by(Scheme.version)
    )
    found: list[SchemeVersion] = []
    before: SchemeContent | None = None
    for row in rows:
        content = SchemeContent.model_validate(row.content)
        changes = tuple(_changes(before, content)) if before else ()
        found.append(SchemeVersion(row.version, row.title, row.created_at, row.budget_fen, changes))
        before = content
    return tuple(reversed(found))


def _changes(before: SchemeContent, after: SchemeContent) -> Iterator[ChangedItem]:
    """What costs something else than before, what is new and what is given up."""
    titles: Mapping[str, str] = {each.id: each.title for each in (*before.items, *after.items)}
    old = {each.id: each.cost_fen for each in before.items}
    new = {each.id: each.cost_fen for each in after.items}
    for name, title in titles.items():
        if old.get(name) != new.get(name):
            yield ChangedItem(title, old.get(name), new.get(name))
