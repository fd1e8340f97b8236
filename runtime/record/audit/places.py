"""The audit of the logs of places: each is a hash chain like that of a case."""

import asyncpg

from proof import chain
from runtime.rows import AuditedPlaceEvent, rows
from runtime.rows.hashed import hashed_of_place
from runtime.rows.turns import InTurn


async def faults(connection: asyncpg.Connection) -> tuple[int, list[tuple[str, int, str]]]:
    """The number of all places' events; log, number and reason of the first bad one of each place."""
    count, bad = 0, []
    logs = await connection.fetch("SELECT id, head_seq, head_hash FROM place_log ORDER BY id")
    events = InTurn(
        rows(connection, AuditedPlaceEvent, "ORDER BY log_id, seq"),
        lambda event: event.log_id,
        (log_id for log_id, _, _ in logs),
    )
    for log_id, head_seq, head_hash in logs:
        seq, head, reason = 0, chain.GENESIS, None
        async for event in events.of(log_id):
            count += 1
            if reason is None:
                link = chain.Link(event.seq, event.prev_hash, event.hash, hashed_of_place(event))
                reason = chain.fault(link, seq, head)
                seq, head = event.seq, event.hash
        if reason is None and (seq, head) != (head_seq, head_hash):
            seq, reason = max(seq, head_seq), "head"
        if reason is not None:
            bad.append((log_id, seq, reason))
    return count, bad
