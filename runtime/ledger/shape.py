"""What keeps the ledger in the database: its columns, constraints, triggers, functions and rights.

`shape.json` has a hash of each as the migrations make it. Whoever may change the schema could switch a
trigger off, change a balance and switch it on again; while it is off or another one, `ledger check` says so.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SHAPE = text(r"""
WITH ours AS (
  SELECT oid, relname FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND relname IN ('ledger_account', 'ledger_entry', 'ledger_group', 'ledger_transfer')
)
SELECT 'column ' || ours.relname || '.' || attname AS name,
  concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
    pg_get_expr(adbin, adrelid)) AS said
FROM ours JOIN pg_attribute ON attrelid = ours.oid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint ' || conname, concat_ws(' ', pg_get_constraintdef(k.oid), convalidated)
FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid
WHERE contype <> 't' AND (conrelid IN (SELECT oid FROM ours)
  OR (c.relname = 'certificate' AND conname ~ '(passed|inspection_id)')
  OR (c.relname = 'inspection' AND conname ~ 'passed'))
UNION ALL
SELECT 'index ' || i.relname, concat_ws(' ', pg_get_indexdef(x.indexrelid), indisvalid)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid IN (SELECT oid FROM ours)
UNION ALL
SELECT 'trigger ' || tgname, concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled)
FROM pg_trigger t WHERE tgrelid IN (SELECT ours.oid FROM ours) AND NOT tgisinternal
UNION ALL
SELECT 'foreign keys of ' || ours.relname, string_agg(DISTINCT tgenabled::text, '' ORDER BY tgenabled::text)
FROM ours JOIN pg_trigger ON tgrelid = ours.oid WHERE tgisinternal GROUP BY ours.relname
UNION ALL
SELECT 'function ' || proname, concat_ws(' ', pg_get_functiondef(p.oid))
FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND (proname ~ '^ledger_' OR proname = 'refuse_change')
UNION ALL
SELECT 'rights on ' || ours.relname, coalesce(string_agg(
    CASE WHEN grantee = c.relowner THEN 'owner' WHEN grantee = 0 THEN 'public' ELSE grantee::regrole::text END
      || ' ' || privilege_type, ', ' ORDER BY grantee = c.relowner DESC, grantee::regrole::text, privilege_type), '')
FROM ours JOIN pg_class c ON c.oid = ours.oid, aclexplode(c.relacl) GROUP BY ours.relname
UNION ALL
SELECT 'rules of ' || ours.relname, concat_ws(' ', relhasrules, relrowsecurity, relforcerowsecurity)
FROM ours JOIN pg_class c ON c.oid = ours.oid
""")


async def load_shape(session: AsyncSession) -> dict[str, str]:
    """A hash of each object by its name, as the database has it now."""
    return hashes_of((name, said) for name, said in await session.execute(SHAPE))


def hashes_of(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By name the first digits of the SHA-256 of what an object is."""
    return {name: hashlib.sha256(said.encode()).hexdigest()[:16] for name, said in rows}


@cache
def expected_shape() -> Mapping[str, str]:
    """The same as the migrations make it."""
    read: dict[str, str] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return read


def shape_faults(found: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Objects that differ, each with "missing", "foreign" or "changed", by their names."""
    expected = expected_shape()
    return tuple(
        (name, "missing" if name not in found else "foreign" if name not in expected else "changed")
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    )
