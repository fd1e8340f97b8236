"""Cases of a province with their records, written by SQL: the same rows for the same numbers.

Cases, places and agenda are those of `tests/support/files/many_cases.py`. Each case has 200 events of a journey
with its kinds in their order; the hashes are of the right form and not chained, because nothing here checks them.
"""

import asyncio
import time
from collections.abc import Iterator

import asyncpg

from rules.history.levels import LEVELS
from runtime.local.postgres import Urls
from tests.support.files.many_cases import write_cases

EVENTS_OF_CASE = 200
AT_ONCE = 1_000
"""Cases whose events one statement writes."""
WRITERS = 2
NAMES = """
UPDATE renovation SET title = t.name || (ARRAY['老旧小区改造', '加装电梯', '屋面防水', '外墙保温', '雨污分流'])[1 + n % 5]
FROM (SELECT id, n, (ARRAY['梅园', '桂花', '松柏', '长江', '幸福', '和平', '向阳', '光明'])[1 + n / 7 % 8]
    || (ARRAY['新村', '小区', '花园', '里', '坊'])[1 + n / 56 % 5] || n % 997 || '号 ' AS name
  FROM (SELECT id, substr(estate_id, 2)::int AS n FROM renovation) AS numbered) AS t
WHERE renovation.id = t.id"""
CONTRACTS = """
WITH made AS (
  INSERT INTO tender (id, renovation_id, round, notice_at, deadline_at, ceiling_fen, estimate_fen, method, criteria)
  SELECT id || '.t', id, 1, opened_at, opened_at, 1, 1, 'lowest_price', '{}' FROM renovation
  WHERE stage IN ('inspection', 'feedback') RETURNING id, renovation_id)
INSERT INTO contract (id, renovation_id, tender_id, bidder_id, value_fen, contingency_fen, retention_permille, signed_at)
SELECT renovation_id || '.c', renovation_id, id, 'firm:' || abs(hashtext(renovation_id)) % 400, 1, 0, 30, now()
FROM made"""
EVENTS = """
INSERT INTO event (renovation_id, seq, command_id, happened_at, recorded_at, actor_id, actor_role, actor_label,
  actor_place, kind, details, rule_pack, workflow_id, run_id, prev_hash, hash)
SELECT r.id, seq, r.id || '#' || seq, at, at, 'official-' || seq % 40, 'street_office', '梅园街道办事处', r.place_path,
  CASE WHEN seq = 1 THEN 'renovation.opened' WHEN seq % 40 = 2 THEN 'renovation.stage_entered'
    ELSE ($3::text[])[1 + (seq * 7) % array_length($3::text[], 1)] END,
  CASE WHEN seq % 40 = 2 THEN jsonb_build_object('stage',
      (ARRAY['voting', 'cost_sharing', 'bidding', 'inspection', 'feedback'])[1 + seq / 40])
    ELSE jsonb_build_object('number', seq, 'text', '已按规定公示，期间未收到异议', 'amount_fen', seq * 12345) END,
  r.rule_pack, r.workflow_id, 'bench', encode(sha256((r.id || (seq - 1))::bytea), 'hex'),
  encode(sha256((r.id || seq)::bytea), 'hex')
FROM (SELECT * FROM renovation ORDER BY id OFFSET $1 LIMIT $2) AS r,
  generate_series(1, $4::int) AS seq, LATERAL (SELECT r.opened_at + seq * interval '1 day' AS at) AS dated
ORDER BY r.id, seq"""
CHECKS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'event'::regclass AND contype IN ('c', 'f')"""
TAIL = """
UPDATE renovation SET head_seq = $1, head_hash = encode(sha256((id || $1)::bytea), 'hex')"""
OFFICIAL = """
INSERT INTO role_grant (actor_id, label, role, place_id) SELECT 'head', '街道主任', 'street_office', 'd3'
UNION ALL SELECT 'head', '街道主任', 'district_bureau', 'd3'"""


async def generate(urls: Urls, cases: int, events: int = EVENTS_OF_CASE) -> float:
    """Write so many cases with so many events each, by two writers; the seconds that it took."""
    begun = time.perf_counter()
    owner = await asyncpg.connect(urls.owner)
    try:
        await owner.execute("SET synchronous_commit = off")
        await write_cases(owner, cases)
        for statement in (NAMES, CONTRACTS, OFFICIAL):
            await owner.execute(statement)
        # The rows are made to fit, of those that they point to: checking each would be most of the time.
        checks = await owner.fetch(CHECKS)
        for name, _ in checks:
            await owner.execute(f"ALTER TABLE event DROP CONSTRAINT {name}")
        await owner.execute("ALTER TABLE event DISABLE TRIGGER USER")
        starts = iter(range(0, cases, AT_ONCE))
        await asyncio.gather(*(_write_events(urls, starts, events) for _ in range(WRITERS)))
        await owner.execute("ALTER TABLE event ENABLE TRIGGER USER")
        await owner.execute(TAIL.replace("$1", str(events)))
        for name, what in checks:
            await owner.execute(f"ALTER TABLE event ADD CONSTRAINT {name} {what} NOT VALID")
        for table in ("renovation", "case_wait", "contract", "event"):
            await owner.execute(f"VACUUM ANALYZE {table}")
    finally:
        await owner.close()
    return time.perf_counter() - begun


async def _write_events(urls: Urls, starts: Iterator[int], events: int) -> None:
    """Take piece after piece of the cases, until none is left."""
    kinds = sorted(set(LEVELS) - {"renovation.opened", "renovation.stage_entered"})
    writer = await asyncpg.connect(urls.owner)
    try:
        await writer.execute("SET synchronous_commit = off")
        for first in starts:
            await writer.execute(EVENTS, first, AT_ONCE, kinds, events)
    finally:
        await writer.close()
