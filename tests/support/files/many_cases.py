"""Cases of a whole province as rows, written by SQL: for what is asked of a list of 100,000.

They have what a list looks at and no more: no roll, no event, no workflow.
"""

import asyncpg

from models.values.timetable import Timetable

PLACES = """
INSERT INTO place (id, kind, parent_id, name, path)
SELECT id, kind, parent_id, id, path FROM (
  SELECT 'd' || d AS id, 'district' AS kind, NULL AS parent_id, 'd' || d AS path
  FROM generate_series(0, 9) d
  UNION ALL
  SELECT concat('d', d, 's', s), 'street_office', 'd' || d, concat('d', d, '/d', d, 's', s)
  FROM generate_series(0, 9) d, generate_series(0, 19) s
  UNION ALL
  SELECT concat('d', d, 's', s, 'c', c), 'community', concat('d', d, 's', s),
    concat('d', d, '/d', d, 's', s, '/d', d, 's', s, 'c', c)
  FROM generate_series(0, 9) d, generate_series(0, 19) s, generate_series(0, 9) c
  UNION ALL
  SELECT concat('d', d, 's', s, 'c', c, 'g', g), 'grid', concat('d', d, 's', s, 'c', c),
    concat('d', d, '/d', d, 's', s, '/d', d, 's', s, 'c', c, '/d', d, 's', s, 'c', c, 'g', g)
  FROM generate_series(0, 9) d, generate_series(0, 19) s, generate_series(0, 9) c,
    generate_series(0, 4) g
) AS tree ORDER BY length(path)
"""
ESTATES = """
INSERT INTO estate (id, name, place_id, synthetic, created_at)
SELECT 'e' || n, 'Estate ' || n,
  concat('d', n % 10, 's', n / 10 % 20, 'c', n / 200 % 10, 'g', n / 2000 % 5), true, now()
FROM generate_series(1, $1::int) n
"""
RENOVATIONS = """
INSERT INTO renovation (id, estate_id, title, stage, state, workflow_id, place_id, place_path,
  rule_pack, timetable, clock, head_seq, opened_at, closed_at, waiting_for, due_at)
SELECT 'r' || substr(md5(n::text), 1, 20), e.id, 'Renovation of ' || e.name,
  (ARRAY['voting', 'cost_sharing', 'bidding', 'inspection', 'feedback'])[1 + n % 5],
  CASE WHEN n % 10 < 6 THEN 'running' WHEN n % 10 < 9 THEN 'completed' ELSE 'shelved' END,
  'renovation/r' || substr(md5(n::text), 1, 20), e.place_id, p.path, 'CN-2021', $2::jsonb, '{}', 40,
  now() - make_interval(mins => n * 5), CASE WHEN n % 10 >= 6 THEN now() END, 'engine', NULL
FROM generate_series(1, $1::int) n JOIN estate e ON e.id = 'e' || n JOIN place p ON p.id = e.place_id
"""
CLOCKS = """
INSERT INTO case_clock (renovation_id, now, moved_seq)
SELECT id, now() - interval '1 year', 1 FROM renovation
WHERE state = 'running' AND right(estate_id, 3) = '001'
"""
STAGES = """
INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)
SELECT workflow_id, 'stage', stage, id, NULL, opened_at, '', ''
FROM renovation WHERE state = 'running'
"""
WAITS = """
INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)
SELECT concat(r.workflow_id, '/', r.stage), w.what, '', r.id,
  coalesce(c.now, now()) + make_interval(hours => abs(hashtext(r.id)) % 2000 - w.late_h),
  r.opened_at, w.who, w.consequence
FROM renovation r LEFT JOIN case_clock c ON c.renovation_id = r.id
JOIN (VALUES
  ('voting', 'open_vote', 'owners_committee, residents_committee, street_office', '', 200),
  ('voting', 'ballots', 'owners', 'box_closed', 0),
  ('voting', 'turnout', '', 'turnout_checked', 0),
  ('cost_sharing', 'payments', 'owners', 'collection_counted', 0),
  ('bidding', 'award_contract', 'district_bureau, owners_committee, street_office', '', 200),
  ('inspection', 'works', 'chief_supervisor, contractor, supervisor', '', 200),
  ('feedback', 'survey', 'owners', 'tickets_looked_at', 1)
) AS w (stage, what, who, consequence, late_h) ON w.stage = r.stage
WHERE r.state = 'running'
"""
TICKETS = """
INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)
SELECT concat(r.workflow_id, '/ticket/', n), 'answer', n::text, r.id, now() + interval '3 days',
  now(), 'level_street', 'ticket_escalated'
FROM renovation r, generate_series(1, 2) n WHERE r.stage = 'feedback'
"""
TROUBLES = """
INSERT INTO case_trouble (workflow_id, step, renovation_id, by_act, error, reference, since)
SELECT concat(workflow_id, '/', stage), 'voting.box_closed', id, false, 'KeyError', 'f00' || id, now()
FROM renovation WHERE state = 'running' AND abs(hashtext(id)) % 200 = 0
"""


async def write_cases(owner: asyncpg.Connection, cases: int) -> None:
    """Write so many cases; six of ten are running, one in twenty is late, one in 300 is stuck."""
    timetable = Timetable().model_dump_json()
    await owner.execute(PLACES)
    await owner.execute(ESTATES, cases)
    await owner.execute(RENOVATIONS, cases, timetable)
    for statement in (CLOCKS, STAGES, WAITS, TICKETS, TROUBLES):
        await owner.execute(statement)
    # As autovacuum leaves them.
    await owner.execute("VACUUM ANALYZE renovation")
    await owner.execute("VACUUM ANALYZE case_wait")
    await owner.execute("VACUUM ANALYZE case_clock")
    await owner.execute("VACUUM ANALYZE case_trouble")
