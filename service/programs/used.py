"""An assertion is good once, and no longer for whom the unit was sold by."""

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import OwnerReplacement, UsedAssertion
from models.values.refusal import refusal
from service.access.units import version_of
from service.identity.sessions import database_now
from service.programs.assertions import LEEWAY, Vouched

REMEMBERED = timedelta(hours=1)
"""Beyond its end: whoever was checked just before is still on the way."""
_SWEPT = 50


async def use_up(session: AsyncSession, assertion: Vouched) -> int:
    """Use an assertion, in the caller's transaction; the version of the unit for which it speaks.

    The ballot goes in only if it is the unit's version then: of a sale meanwhile the intake knows.

    Raises:
        Refused: `assertion.used`; `credential.replaced` where the unit was sold after it was signed.
    """
    row = insert(UsedAssertion).values(
        id=assertion.id, expires_at=assertion.expires_at + REMEMBERED
    )
    fresh = await session.scalar(row.on_conflict_do_nothing().returning(UsedAssertion.id))
    if fresh is None:
        raise refusal("assertion.used")
    await _sweep(session)
    of_unit = (
        OwnerReplacement.renovation_id == assertion.renovation_id,
        OwnerReplacement.unit_number == assertion.unit_number,
    )
    sold = await session.scalar(select(func.max(OwnerReplacement.recorded_at)).where(*of_unit))
    if sold is not None and assertion.issued_at <= sold + LEEWAY:
        raise refusal("credential.replaced", unit=assertion.unit_number)
    return await version_of(session, assertion.renovation_id, assertion.unit_number)


async def _sweep(session: AsyncSession) -> None:
    """Forget some that are over; what another transaction forgets just now is left to it."""
    over = (
        select(UsedAssertion.id)
        .where(UsedAssertion.expires_at < await database_now(session))
        .limit(_SWEPT)
        .with_for_update(skip_locked=True)
    )
    await session.execute(delete(UsedAssertion).where(UsedAssertion.id.in_(over.scalar_subquery())))
