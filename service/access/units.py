"""The version of a unit: which letters, tickets and sessions of it are good.

It stands once, in `unit_access`; no row is version 0. Whoever raises it writes the copy on the roll of
the running vote in the same transaction, under the lock of the boxes: from its commit on no ballot of
an older version goes in (`cast_ballots`).
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Letter, RollUnit, UnitAccess
from models.values.refusal import refusal
from runtime.database import Executor
from service.access.tickets import Shown, Voter
from service.http.credentials import wrong

STANDS = text("""
SELECT r.v1_letters, coalesce(a.version, 0) AS version
FROM renovation r
LEFT JOIN unit_access a ON a.renovation_id = r.id AND a.unit_number = :unit
WHERE r.id = :renovation
""")
LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('mandate/' || :mandate, 0))")
LOCK_SHARED = text(
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('mandate/' || :mandate, 0))"
)


async def refuse_replaced(session: Executor, voter: Voter) -> None:
    """Whoever was replaced does nothing more for the unit.

    Raises:
        Refused: `credential.replaced`; `credential.wrong` for a letter of the first kind in a case
            that has none; `renovation.unknown`.
    """
    given = {"renovation": voter.renovation_id, "unit": voter.unit_number}
    row = (await session.execute(STANDS, given)).one_or_none()
    if row is None:
        raise refusal("renovation.unknown")
    refuse_other_version(voter, row.version, v1_letters=row.v1_letters)


def refuse_other_version(voter: Voter, version: int, *, v1_letters: bool) -> None:
    """`refuse_replaced` for whoever has read the unit's version with something else.

    Raises:
        Refused: `credential.replaced`, `credential.wrong`.
    """
    if voter.first and not v1_letters:
        raise wrong()
    if voter.version != version:
        raise refusal("credential.replaced", unit=voter.unit_number)


async def refuse_replaced_agent(session: AsyncSession, agent: Shown, unit_number: str) -> None:
    """An agent's ticket is good while no later letter of the mandate was made.

    Raises:
        Refused: `credential.replaced`.
    """
    of_mandate = select(func.max(Letter.number)).where(Letter.mandate_id == agent.holder)
    if await session.scalar(of_mandate) != agent.version:
        raise refusal("credential.replaced", unit=unit_number)


async def lock_mandate(session: AsyncSession, mandate_id: str, *, shared: bool = False) -> None:
    """Whoever ends a mandate or its letter waits for its ballots on their way (`shared`), and they for it."""
    lock = LOCK_SHARED if shared else LOCK
    await session.execute(lock, {"mandate": mandate_id})


async def raise_version(
    session: AsyncSession, renovation_id: str, unit_number: str, box_ids: Collection[str]
) -> int:
    """The unit's next version, on the rolls of these boxes too, which the caller has locked.

    The letters of the unit end, and with them the sessions that were entered with them.
    """
    first = insert(UnitAccess).values(
        renovation_id=renovation_id, unit_number=unit_number, version=1
    )
    raised = first.on_conflict_do_update(
        index_elements=(UnitAccess.renovation_id, UnitAccess.unit_number),
        set_={"version": UnitAccess.version + 1},
    )
    version: int = (await session.execute(raised.returning(UnitAccess.version))).scalar_one()
    of_unit = update(Letter).where(
        Letter.renovation_id == renovation_id,
        Letter.unit_number == unit_number,
        Letter.mandate_id.is_(None),
        Letter.ended_at.is_(None),
    )
    await session.execute(of_unit.values(ended_at=func.clock_timestamp()))
    on_rolls = update(RollUnit).where(
        RollUnit.box_id.in_(box_ids), RollUnit.unit_number == unit_number
    )
    await session.execute(on_rolls.values(credential_version=version))
    return version


async def version_of(session: AsyncSession, renovation_id: str, unit_number: str) -> int:
    """The unit's version now."""
    found = version_where(
        UnitAccess.renovation_id == renovation_id, UnitAccess.unit_number == unit_number
    )
    return await session.scalar(select(found)) or 0


def version_where(*of_unit: ColumnElement[bool]) -> ColumnElement[int]:
    """The version of the unit of these conditions as an expression; a unit without a row has version 0."""
    return func.coalesce(select(UnitAccess.version).where(*of_unit).scalar_subquery(), 0)
