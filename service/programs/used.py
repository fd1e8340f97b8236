"""An assertion is good once, and no longer for whom the unit was sold by."""

from datetime import timedelta

from sqlalchemy import text

from models.values.refusal import refusal
from runtime.database import Executor
from service.programs.assertions import LEEWAY, Vouched

REMEMBERED = timedelta(hours=1)
"""Beyond its end: whoever was checked just before is still on the way."""
_USE = """
WITH swept AS (
  DELETE FROM private.used_assertion WHERE id IN (
    SELECT id FROM private.used_assertion WHERE expires_at < clock_timestamp()
    LIMIT 50 FOR UPDATE SKIP LOCKED)
), sale AS (
  SELECT EXISTS (SELECT FROM owner_replacement
    WHERE {where} AND unit_number = :unit AND recorded_at >= :stale) AS sold
), fresh AS (
  INSERT INTO private.used_assertion (id, expires_at) SELECT :id, :until FROM sale WHERE NOT sold
  ON CONFLICT DO NOTHING RETURNING id
)
SELECT sold, EXISTS (SELECT FROM fresh) AS fresh,
  coalesce((SELECT version FROM unit_access
   WHERE renovation_id = :renovation AND unit_number = :unit), 0) AS version
FROM sale
"""
USE = text(_USE.format(where="renovation_id = :renovation"))
USE_IN_ESTATE = text(
    _USE.format(where="renovation_id IN (SELECT id FROM renovation WHERE estate_id = :estate)")
)
"""One statement, for a whole city may come by here: it also forgets some assertions that are over."""


async def use_up(session: Executor, assertion: Vouched) -> int:
    """Use an assertion, in the caller's transaction or in none; the version of the unit for which it speaks.

    What is refused is not used up. One of an estate speaks for no version in a case: then it is 0.

    The ballot goes in only if it is the unit's version then: of a sale meanwhile the intake knows.

    Raises:
        Refused: `assertion.used`; `credential.replaced` where the unit was sold after it was signed.
    """
    given = {
        "id": assertion.id,
        "until": assertion.expires_at + REMEMBERED,
        "stale": assertion.issued_at - LEEWAY,
        "renovation": assertion.renovation_id,
        "unit": assertion.unit_number,
    }
    if assertion.estate_id:
        given["estate"] = assertion.estate_id
    statement = USE_IN_ESTATE if assertion.estate_id else USE
    found = (await session.execute(statement, given)).one()
    if found.sold:
        raise refusal("credential.replaced", unit=assertion.unit_number)
    if not found.fresh:
        raise refusal("assertion.used")
    version: int = found.version
    return version
