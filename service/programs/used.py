"""An assertion is good once, and no longer for whom the unit was sold by."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.values.refusal import refusal
from service.programs.assertions import LEEWAY, Vouched

REMEMBERED = timedelta(hours=1)
"""Beyond its end: whoever was checked just before is still on the way."""
_USE = """
WITH swept AS (
  DELETE FROM private.used_assertion WHERE id IN (
    SELECT id FROM private.used_assertion WHERE expires_at < clock_timestamp()
    LIMIT 50 FOR UPDATE SKIP LOCKED)
), fresh AS (
  INSERT INTO private.used_assertion (id, expires_at) VALUES (:id, :until)
  ON CONFLICT DO NOTHING RETURNING id
)
SELECT EXISTS (SELECT FROM fresh) AS fresh,
  (SELECT max(recorded_at) FROM owner_replacement
   WHERE {where} AND unit_number = :unit) AS sold,
  coalesce((SELECT version FROM unit_access
   WHERE renovation_id = :renovation AND unit_number = :unit), 0) AS version
"""
USE = text(_USE.format(where="renovation_id = :renovation"))
USE_IN_ESTATE = text(
    _USE.format(where="renovation_id IN (SELECT id FROM renovation WHERE estate_id = :estate)")
)
"""One statement, for a whole city may come by here: it also forgets some assertions that are over."""


async def use_up(session: AsyncSession, assertion: Vouched) -> int:
    """Use an assertion, in the caller's transaction; the version of the unit for which it speaks.

    One of an estate speaks for no version in a case: then it is 0.

    The ballot goes in only if it is the unit's version then: of a sale meanwhile the intake knows.

    Raises:
        Refused: `assertion.used`; `credential.replaced` where the unit was sold after it was signed.
    """
    given = {
        "id": assertion.id,
        "until": assertion.expires_at + REMEMBERED,
        "renovation": assertion.renovation_id,
        "unit": assertion.unit_number,
    }
    if assertion.estate_id:
        given["estate"] = assertion.estate_id
    statement = USE_IN_ESTATE if assertion.estate_id else USE
    found = (await session.execute(statement, given)).one()
    if not found.fresh:
        raise refusal("assertion.used")
    if found.sold is not None and assertion.issued_at <= found.sold + LEEWAY:
        raise refusal("credential.replaced", unit=assertion.unit_number)
    version: int = found.version
    return version
