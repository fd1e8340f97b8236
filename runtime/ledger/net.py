"""What has come in for each home less what has gone back: all that says what a home has paid reads it here."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

NET_PAID = """
SELECT unit_number, sum(fen) AS fen, sum(own) AS own FROM (
  SELECT unit_number, amount_fen AS fen, CASE source WHEN 'owner' THEN amount_fen ELSE 0 END AS own,
    true AS came
  FROM payment WHERE renovation_id = :rid
  UNION ALL
  SELECT unit_number, -paid_fen, -paid_fen, false FROM refund WHERE renovation_id = :rid
  UNION ALL
  SELECT a.name, -t.amount_fen, 0, false
  FROM ledger_account a JOIN ledger_transfer t ON t.to_id = a.id AND t.kind = 'taken_over'
  WHERE a.renovation_id = :rid AND a.kind = 'household'
) moved GROUP BY unit_number HAVING bool_or(came)
"""
"""By unit what has come in from every source, and of that what the household itself paid, of a case.

What went back to the household is in neither, what went back to others not in the first.
"""
_OF_UNITS = "= :rid AND unit_number = ANY(CAST(:units AS text[]))"
OF_CASE = text(NET_PAID)
OF_UNITS = text(
    NET_PAID.replace(
        "payment WHERE renovation_id = :rid", f"payment WHERE renovation_id {_OF_UNITS}"
    )
    .replace("refund WHERE renovation_id = :rid", f"refund WHERE renovation_id {_OF_UNITS}")
    .replace("'household'", "'household' AND a.name = ANY(CAST(:units AS text[]))")
)


class NetPaid(NamedTuple):
    """In fen: from every source, and of that from the household itself."""

    fen: int
    own: int


async def load_net_paid(
    session: AsyncSession, renovation_id: str, units: Sequence[str] | None = None
) -> dict[str, NetPaid]:
    """By unit what came in less what went back, of all units of a case or of some."""
    given: dict[str, object] = {"rid": renovation_id}
    if units is not None:
        given["units"] = [*units]
    rows = await session.execute(OF_CASE if units is None else OF_UNITS, given)
    return {unit: NetPaid(int(fen), int(own)) for unit, fen, own in rows}
