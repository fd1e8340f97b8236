"""The contracts of a case, one after the other, for commands that answer without the tables."""

from datetime import datetime

import asyncpg

from models.values.base import Carried

CONTRACTS = """
SELECT id, works_round, bidder_id, state, value_fen, signed_at, start_by, decide_by
FROM contract WHERE renovation_id = $1 ORDER BY works_round
"""


class ContractLine(Carried):
    """A contract; `works_round` 1 is for the works as planned. Money in fen, moments in case time."""

    id: str
    works_round: int
    bidder_id: str
    state: str
    value_fen: int
    signed_at: datetime
    start_by: datetime | None
    """Its works begin until then; None in contracts of earlier releases."""
    decide_by: datetime | None
    """Until then it is to be decided whether it is terminated."""


async def load_contracts(
    connection: asyncpg.Connection, renovation_id: str
) -> tuple[ContractLine, ...]:
    """Every contract of a renovation, in their order."""
    rows = await connection.fetch(CONTRACTS, renovation_id)
    return tuple(ContractLine.model_validate(dict(row)) for row in rows)
