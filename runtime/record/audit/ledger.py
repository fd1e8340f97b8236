"""The audit of money: every event answers for its transfers, and there are no others."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from typing import TYPE_CHECKING

from models.values.ledger import Transfer
from proof.ledger import HASH, transfers_hash, wrong_events

if TYPE_CHECKING:
    import asyncpg

    from runtime.rows import AuditedEvent

TRANSFERS = """
SELECT g.renovation_id AS of_case, g.command_id, t.id, t.amount_fen, t.kind, t.phase, t.pending_id,
  t.reverses_id, t.expires_at, t.certificate_id,
  s.kind AS from_kind, s.name AS from_name, o.kind AS to_kind, o.name AS to_name
FROM ledger_group g JOIN ledger_transfer t ON t.command_id = g.command_id
JOIN ledger_account s ON s.id = t.from_id JOIN ledger_account o ON o.id = t.to_id
WHERE g.renovation_id BETWEEN $1 AND $2 ORDER BY g.renovation_id, g.command_id, t.number
"""
_EVENTS = """
SELECT e.seq, e.command_id, e.details->>$2 AS said
FROM event e LEFT JOIN ledger_group g ON g.command_id = e.command_id
WHERE e.renovation_id = $1 AND (g.command_id IS NOT NULL OR e.details ? $2) ORDER BY e.seq
"""


class LedgerAudit:
    """Checks the money of one case, whose events the audit hands over in their order.

    `hashes` are those of its transfers, by the commands that moved them.
    """

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = hashes
        self._said: list[tuple[int, str, str | None]] = []

    def take(self, event: AuditedEvent) -> None:
        """The next event."""
        if HASH in event.details or event.command_id in self._hashes:
            said = event.details.get(HASH)
            self._said.append((event.seq, event.command_id, None if said is None else str(said)))

    def fault(self) -> int | None:
        """The first event whose transfers are not those that it was written with; None: there is none."""
        return min(wrong_events(self._said, self._hashes), default=None)


async def hashes_of(transfers: AsyncIterable[asyncpg.Record]) -> dict[str, str]:
    """By command the hash of its transfers, which come in their order; in memory are those of one."""
    found: dict[str, str] = {}
    command, group = "", list[Transfer]()
    async for row in transfers:
        if row["command_id"] != command and group:
            found[command] = transfers_hash(group)
            group = []
        command = row["command_id"]
        group.append(_transfer(row))
    if group:
        found[command] = transfers_hash(group)
    return found


def _transfer(row: asyncpg.Record) -> Transfer:
    fields = dict(row)
    del fields["of_case"], fields["command_id"]
    for side, name in (("source", "from"), ("target", "to")):
        fields[side] = {part: fields.pop(f"{name}_{part}") for part in ("kind", "name")}
    return Transfer.model_validate(fields)


async def first_bad_transfers(connection: asyncpg.Connection, renovation_id: str) -> int | None:
    """The same for one case by itself, in the caller's transaction."""
    hashes = await hashes_of(connection.cursor(TRANSFERS, renovation_id, renovation_id))
    said = [
        (int(row["seq"]), str(row["command_id"]), row["said"])
        for row in await connection.fetch(_EVENTS, renovation_id, HASH)
    ]
    return min(wrong_events(said, hashes), default=None)
