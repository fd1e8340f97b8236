"""Who has every right of the database rewrites the record of a case, and makes every hash anew."""

import json
from collections.abc import Callable, Sequence

import asyncpg

from proof.chain import GENESIS, event_hash
from runtime.rows import AuditedEvent, fetch
from runtime.rows.hashed import hashed_fields

Change = Callable[[list[AuditedEvent]], Sequence[AuditedEvent]]
JSON = frozenset({"details", "signature", "row_hashes"})


async def rewrite(superuser: asyncpg.Connection, renovation_id: str, change: Change) -> None:
    """Replace the events by what `change` makes of them, numbered and chained anew; heads are not signed."""
    of_case = "WHERE renovation_id = $1 ORDER BY seq"
    before = await fetch(superuser, AuditedEvent, of_case, renovation_id)
    head, written = GENESIS, []
    for seq, event in enumerate(change(before), start=1):
        made = event._replace(seq=seq, prev_hash=head, head_signature=None)
        head = event_hash(head, hashed_fields(made))
        written.append(made._replace(hash=head))
    names = AuditedEvent._fields
    columns, places = ", ".join(names), ", ".join(f"${n}" for n in range(1, len(names) + 1))
    async with superuser.transaction():
        # Triggers and foreign keys are switched off by this.
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute("DELETE FROM event WHERE renovation_id = $1", renovation_id)
        for event in written:
            values = (
                json.dumps(value) if name in JSON and value is not None else value
                for name, value in zip(names, event, strict=True)
            )
            await superuser.execute(f"INSERT INTO event ({columns}) VALUES ({places})", *values)
            await superuser.execute(
                "UPDATE receipt SET seq = $2, kind = $3 WHERE command_id = $1",
                *(event.command_id, event.seq, event.kind),
            )
        await superuser.execute(
            "UPDATE renovation SET head_seq = $2, head_hash = $3 WHERE id = $1",
            *(renovation_id, len(written), head),
        )
