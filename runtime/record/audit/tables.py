"""The audit of tables: every row is the one that its last event was written with, and there are no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from models.values.base import Value
from proof.canonical import utc_text
from proof.tables import DIGESTS, EMPTY, OF_MANY, Columns, rows_of_cases, table_name

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from runtime.rows import AuditedCase, AuditedEvent

ENTERED, CLOSED = "renovation.stage_entered", "renovation.closed"
AWAITED = "renovation.accounts_awaited"
SUSPENDED, RESUMED = "renovation.suspended", "renovation.resumed"
CANCELLED, ANNULLED = "renovation.cancelled", "renovation.vote_annulled"
ENDING = {"renovation.warranty_begun": "in_warranty", "renovation.settling_begun": "settling"}
"""By the event with which it begins, the state of a case of which only the money goes on."""
_COLUMNS = """
SELECT c.oid::regclass::text AS name,
  ARRAY(SELECT a.attname::text FROM pg_index i JOIN pg_attribute a
    ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary
    ORDER BY array_position(i.indkey::int[], a.attnum::int)) AS key,
  ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
    AND a.atttypid = 'jsonb'::regtype ORDER BY a.attname::text COLLATE "C") AS of_json
FROM pg_class c WHERE c.oid = ANY(SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
"""
SCHEME = "scheme"
"""A case whose opening answers for its scheme answers for every row from its first one on."""
LATE = frozenset(table_name(name) for name, digest in DIGESTS.items() if digest.late)


class BadRow(Value):
    """A row that the record does not answer for.

    `reason`: "changed" (it is not as event `seq` left it), "missing" (event `seq` wrote it, and it is
    gone), "unrecorded" (no event has written it; `seq` is the last one), or "told" (the renovation's
    row says something else than the events do). `key` is "" for all rows of a table together.
    """

    renovation_id: str
    table: str
    key: str
    seq: int
    reason: str


class SaidOfRow(NamedTuple):
    """What the record says of a row: the hash after its last event, None where that one deleted it."""

    hash: str | None
    seq: int


class TablesAudit:
    """What the events of one case, which the audit hands over in their order, say of its rows."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], SaidOfRow] = {}
        self._complete = False
        """Whether the case began under a release whose events answer for rows."""
        self._seq = 0
        self._told: dict[str, str] = {}
        self._suspended_at: datetime | None = None
        self._rests: list[list[str]] = []

    def take(self, event: AuditedEvent) -> None:
        """The next event."""
        self._seq = event.seq
        self._complete = self._complete or (event.seq == 1 and SCHEME in (event.row_hashes or {}))
        for table, hashes in (event.row_hashes or {}).items():
            rows = hashes.items() if isinstance(hashes, Mapping) else (("", hashes),)
            for key, each in rows:
                told = each if isinstance(each, str) else None
                self._rows[table, key] = SaidOfRow(told, event.seq)
        if event.kind == SUSPENDED:
            self._suspended_at = event.happened_at
        elif event.kind in (RESUMED, CANCELLED, ANNULLED):
            if event.kind == RESUMED and self._suspended_at is not None:
                self._rests.append([utc_text(self._suspended_at), utc_text(event.happened_at)])
            self._suspended_at = None
        if event.kind in ENDING:
            self._told["state"] = ENDING[event.kind]
        elif event.kind in (ENTERED, AWAITED, CLOSED):
            field = "stage" if event.kind == ENTERED else "state"
            self._told[field] = str(event.details.get(field))

    def faults(self, case: AuditedCase, rows: Mapping[tuple[str, str], str]) -> Iterator[BadRow]:
        """What the rows of the tables have otherwise than the events say."""
        for field, told in {"state": "running", **self._told}.items():
            if getattr(case, field) != told and self._seq:
                yield self._bad(case, "renovation", field, "told")
        halts = {"suspended_at": self._suspended_at, "rests": self._rests}
        for field, told_of_it in halts.items():
            if getattr(case, field) != told_of_it and self._seq:
                yield self._bad(case, "renovation", field, "told")
        for (table, key), answer in self._rows.items():
            there = rows.get((table, key), None if key else EMPTY)
            if there != answer.hash:
                reason = "missing" if there is None else "changed"
                yield self._bad(case, table, key, reason, answer.seq)
        for table, key in sorted(rows.keys() - self._rows.keys()):
            if self._complete and table not in LATE:
                yield self._bad(case, table, key, "unrecorded")

    def _bad(
        self, case: AuditedCase, table: str, key: str, reason: str, seq: int | None = None
    ) -> BadRow:
        at = self._seq if seq is None else seq
        return BadRow(renovation_id=case.id, table=table, key=key, seq=at, reason=reason)


async def rows_query(connection: asyncpg.Connection) -> str:
    """SQL: the hash of every row of the cases from one id ($1) to another ($2), case by case.

    Each table that this database has is read once for all of them.
    """
    found = {
        row["name"]: Columns(tuple(row["key"]), tuple(row["of_json"]))
        for row in await connection.fetch(_COLUMNS, [*DIGESTS])
    }
    parts = [rows_of_cases(name, found[name], OF_MANY) for name in DIGESTS if name in found]
    return f"{' UNION ALL '.join(parts)} ORDER BY of_case"
