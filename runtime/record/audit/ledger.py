"""The audit of money: every event answers for its transfers, and there are no others."""

from collections import defaultdict

import asyncpg

from models.values.ledger import Transfer
from proof.ledger import HASH, transfers_hash, wrong_events

_EVENTS = """
SELECT e.seq, e.command_id, e.details->>$2 AS said
FROM event e LEFT JOIN ledger_group g ON g.command_id = e.command_id
WHERE e.renovation_id = $1 AND (g.command_id IS NOT NULL OR e.details ? $2) ORDER BY e.seq
"""
_TRANSFERS = """
SELECT t.command_id, t.id, t.amount_fen, t.kind, t.phase, t.pending_id, t.reverses_id, t.expires_at,
  t.certificate_id, s.kind AS from_kind, s.name AS from_name, o.kind AS to_kind, o.name AS to_name
FROM ledger_group g JOIN ledger_transfer t ON t.command_id = g.command_id
JOIN ledger_account s ON s.id = t.from_id JOIN ledger_account o ON o.id = t.to_id
WHERE g.renovation_id = $1 ORDER BY t.command_id, t.number
"""


async def first_bad_transfers(connection: asyncpg.Connection, renovation_id: str) -> int | None:
    """The first event whose transfers are not those that it was written with; None: there is none."""
    said = [
        (int(row["seq"]), str(row["command_id"]), row["said"])
        for row in await connection.fetch(_EVENTS, renovation_id, HASH)
    ]
    groups: dict[str, list[Transfer]] = defaultdict(list)
    for row in await connection.fetch(_TRANSFERS, renovation_id) if said else ():
        fields = dict(row)
        command_id = fields.pop("command_id")
        for side, name in (("source", "from"), ("target", "to")):
            fields[side] = {part: fields.pop(f"{name}_{part}") for part in ("kind", "name")}
        groups[command_id].append(Transfer.model_validate(fields))
    hashes = {command_id: transfers_hash(transfers) for command_id, transfers in groups.items()}
    return min(wrong_events(said, hashes), default=None)
