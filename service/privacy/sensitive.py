"""What is sensitive about a household, in a store of its own with a separate consent (PIPL art. 28 and 29; P-3)."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import SensitiveEntry
from models.values.refusal import refusal
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, destroy_keys, keys_for, open_all, seal
from runtime.record.journal import id_from
from runtime.settings import Settings
from service.access.sold import sold_at
from service.access.tickets import Voter
from service.access.units import refuse_replaced
from service.privacy.bodies import GiveSensitive, SensitiveView, WithdrawSensitive

MOST = 20
"""Entries of one household in one case."""


async def give_sensitive(
    database: Database, settings: Settings, voter: Voter, body: GiveSensitive
) -> tuple[SensitiveView, ...]:
    """Keep what a household says; the same command again changes nothing.

    Raises:
        Refused: `sensitive.too_many`.
    """
    entry = id_from(f"{voter.renovation_id}/{voter.unit_number}/sensitive/{body.command_id}")

    async def work(session: AsyncSession) -> None:
        await refuse_replaced(session, voter)
        kept = select(func.count()).select_from(SensitiveEntry).where(*await _own(session, voter))
        if (await session.scalar(kept) or 0) >= MOST:
            raise refusal("sensitive.too_many", most=MOST)
        if await session.get(SensitiveEntry, entry) is not None:
            return
        key = (await keys_for(session, PersonKeys.of(settings), [entry]))[entry]
        row = insert(SensitiveEntry).values(
            id=entry,
            renovation_id=voter.renovation_id,
            unit_number=voter.unit_number,
            kind=body.kind,
            content=seal(key, entry, body.words),
        )
        await session.execute(row.on_conflict_do_nothing())

    await database.transaction(work)
    return await list_sensitive(database, settings, voter.renovation_id, voter.unit_number)


async def withdraw_sensitive(
    database: Database, settings: Settings, voter: Voter, body: WithdrawSensitive
) -> tuple[SensitiveView, ...]:
    """Withdraw the consent: the words and their key are gone.

    Raises:
        Refused: `sensitive.unknown`.
    """

    async def work(session: AsyncSession) -> None:
        mine = await _own(session, voter)
        gone = update(SensitiveEntry).where(*mine, SensitiveEntry.id == body.entry)
        found = await session.scalar(
            gone.values(content=b"", withdrawn_at=func.clock_timestamp()).returning(
                SensitiveEntry.id
            )
        )
        if found is None:
            raise refusal("sensitive.unknown", where="entry")
        await destroy_keys(session, [found])

    await database.transaction(work)
    return await list_sensitive(database, settings, voter.renovation_id, voter.unit_number)


async def list_sensitive(
    database: Database, settings: Settings, renovation_id: str, unit_number: str | None = None
) -> tuple[SensitiveView, ...]:
    """What stands, of one household or of all of a case."""
    query = select(SensitiveEntry).where(
        SensitiveEntry.renovation_id == renovation_id, SensitiveEntry.withdrawn_at.is_(None)
    )
    async with database.session() as session:
        if unit_number is not None:
            query = query.where(*await _of_home(session, renovation_id, unit_number))
        rows: Sequence[SensitiveEntry] = (
            await session.scalars(query.order_by(SensitiveEntry.consented_at, SensitiveEntry.id))
        ).all()
        said = await open_all(
            session, PersonKeys.of(settings), {row.id: row.content for row in rows}
        )
    return tuple(
        SensitiveView(
            entry=row.id,
            unit_number=row.unit_number,
            kind=row.kind,
            words=said[row.id],
            consented_at=row.consented_at,
        )
        for row in rows
    )


async def _own(session: AsyncSession, voter: Voter) -> tuple[ColumnElement[bool], ...]:
    return await _of_home(session, voter.renovation_id, voter.unit_number)


async def _of_home(
    session: AsyncSession, renovation_id: str, unit_number: str
) -> tuple[ColumnElement[bool], ...]:
    """What the owner of today has said: the words of one who has sold are not the buyer's."""
    since = await sold_at(session, renovation_id, unit_number)
    return (
        SensitiveEntry.renovation_id == renovation_id,
        SensitiveEntry.unit_number == unit_number,
        true() if since is None else SensitiveEntry.consented_at > since,
    )
