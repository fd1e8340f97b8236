"""The log of who read what is not for everybody (`private.access`): written, and read by who watches."""

from collections.abc import Iterable, Sequence

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import AccessEntry
from models.values.actor import Actor, Role
from models.values.base import Carried

MOST = 200
"""Lines of one page."""


class AccessLine(Carried):
    """One reading: who, in which role, by which door, when; `subject` is whom or what it was about."""

    number: int
    at: str
    """Real time, UTC."""
    reader: str
    role: Role
    door: str
    renovation_id: str | None
    subject: str
    reason: str


async def note_access(
    session: AsyncSession,
    reader: Actor,
    door: str,
    *,
    renovation_id: str | None = None,
    subject: str = "",
    reason: str = "",
) -> None:
    """Write down that somebody reads, in the transaction of the reading or before it."""
    await session.execute(
        insert(AccessEntry).values(
            reader_id=reader.id[:64],
            reader_role=reader.role.value,
            door=door,
            renovation_id=renovation_id,
            subject=subject[:64],
            reason=reason,
        )
    )


async def access_of_case(
    session: AsyncSession, renovation_id: str, before: int | None = None, most: int = MOST
) -> tuple[AccessLine, ...]:
    """The newest readings of a case; `before` is the number of the last line that was seen."""
    query = select(AccessEntry).where(AccessEntry.renovation_id == renovation_id)
    if before is not None:
        query = query.where(AccessEntry.id < before)
    return _lines(await session.scalars(query.order_by(AccessEntry.id.desc()).limit(most)))


async def access_to(session: AsyncSession, subjects: Sequence[str]) -> tuple[AccessLine, ...]:
    """The newest readings of what these ids name: a person's own, or a unit's."""
    about = or_(AccessEntry.subject.in_(subjects), AccessEntry.reader_id.in_(subjects))
    query = select(AccessEntry).where(about).order_by(AccessEntry.id.desc()).limit(MOST)
    return _lines(await session.scalars(query))


def _lines(rows: Iterable[AccessEntry]) -> tuple[AccessLine, ...]:
    return tuple(
        AccessLine(
            number=row.id,
            at=row.at.isoformat(timespec="seconds"),
            reader=row.reader_id,
            role=row.reader_role,
            door=row.door,
            renovation_id=row.renovation_id,
            subject=row.subject,
            reason=row.reason,
        )
        for row in rows
    )
