"""What waits for a second official: whose data are asked to be erased, as whoever decides must see it."""

from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from runtime.database import Database
from runtime.privacy.access import note_access
from runtime.privacy.keys import PersonKeys, names_of
from runtime.settings import Settings
from service.privacy.bodies import ErasureView
from service.privacy.erasing import allowed, list_erasures

READ = "GET /office/erasures"
HOMES = text(
    """SELECT e.name || ' ' || u.number FROM private.unit_owner o JOIN unit u ON u.id = o.unit_id
    JOIN estate e ON e.id = u.estate_id WHERE o.person_id = :person ORDER BY 1 LIMIT 5"""
)


class Deciding(NamedTuple):
    """An erasure with the person's name and homes, while somebody may still decide on it."""

    view: ErasureView
    waits: bool
    own: bool
    """Whoever asked for it, or whose data they are, does not decide on it."""
    name: str
    homes: tuple[str, ...]


async def load_deciding(
    database: Database, settings: Settings, sender_id: str
) -> tuple[Deciding, ...]:
    """The erasures of the people of one's places; each name of one that waits is read on the record."""
    views = await list_erasures(database, sender_id)

    async def work(session: AsyncSession) -> tuple[Deciding, ...]:
        now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        waiting = [
            each
            for each in views
            if each.done_at is None and each.refused_at is None and each.expires_at > now
        ]
        people = [each.person for each in waiting]
        names = await names_of(session, PersonKeys.of(settings), people)
        for person in dict.fromkeys(people):
            reader = await allowed(session, sender_id, person)
            if reader is not None:
                await note_access(session, reader, READ, subject=person)
        return tuple(
            [
                Deciding(
                    view=each,
                    waits=each in waiting,
                    own=sender_id in (each.asked_by, each.person),
                    name=names.get(each.person, "") if each in waiting else "",
                    homes=await _homes(session, each.person) if each in waiting else (),
                )
                for each in views
            ]
        )

    return await database.transaction(work)


async def _homes(session: AsyncSession, person: str) -> tuple[str, ...]:
    return tuple(await session.scalars(HOMES, {"person": person}))
