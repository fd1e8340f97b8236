-- What the running cases on the wall clock wait for, as the release before left it on other rows. From its next
-- write on each workflow says it itself. First what the renovation's row says, of its stage's workflow
-- or, where no stage is under way, of its own.
INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)
SELECT CASE WHEN r.waiting_for = 'revise_scheme' OR r.stage_workflow_id = '' THEN r.workflow_id
            ELSE r.stage_workflow_id END,
       r.waiting_for, '', r.id,
       CASE r.waiting_for WHEN 'engine' THEN now() ELSE r.due_at END,
       coalesce(b.opens_at, now()), coalesce(w.who, ''), coalesce(w.consequence, '')
FROM renovation r
LEFT JOIN (VALUES
  ('open_vote', 'owners_committee, residents_committee, street_office', ''),
  ('ballots', 'owners', 'box_closed'),
  ('revise_scheme', 'owners_committee, residents_committee, street_office', ''),
  ('subsidy', 'district_bureau, street_office', ''),
  ('payments', 'owners', 'collection_counted'),
  ('decide_collection', 'owners_committee, residents_committee, street_office', ''),
  ('publish_tender', 'district_bureau, owners_committee, street_office', ''),
  ('bids', 'contractor', 'bids_opened'),
  ('record_evaluation', 'evaluator', ''),
  ('approve_direct_award', 'district_bureau, street_office', ''),
  ('award_contract', 'district_bureau, owners_committee, street_office', ''),
  ('sign_contract', 'district_bureau, owners_committee, street_office', ''),
  ('works', 'chief_supervisor, contractor, supervisor', ''),
  ('accept_works', 'chief_supervisor', ''),
  ('approve_payment', 'district_bureau, owners_committee, street_office', ''),
  ('survey', 'owners', 'tickets_looked_at'),
  ('tickets', '', 'tickets_looked_at'),
  ('engine', '', 'goes_on')
) AS w (what, who, consequence) ON w.what = r.waiting_for
LEFT JOIN ballot_box b
  ON b.renovation_id = r.id AND b.state = 'open' AND r.waiting_for = 'ballots'
WHERE r.state = 'running' AND r.clock = '{}' AND r.waiting_for NOT IN ('', 'nothing', 'answers')
  AND r.waiting_for NOT LIKE 'objections%'
ON CONFLICT DO NOTHING

-- The renovation's own workflow waits for its stage.
INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)
SELECT r.workflow_id, 'stage', r.stage, r.id, NULL, now(), '', ''
FROM renovation r
WHERE r.state = 'running' AND r.clock = '{}' AND r.stage_workflow_id <> ''
  AND r.waiting_for <> 'revise_scheme'
ON CONFLICT DO NOTHING

-- The turnout of an open vote is looked at once.
INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)
SELECT r.stage_workflow_id, 'turnout', '', r.id, b.closes_at
         - make_interval(days => (r.timetable ->> 'extension_decided_days_before')::int),
       now(), '', 'turnout_checked'
FROM renovation r JOIN ballot_box b ON b.renovation_id = r.id AND b.state = 'open'
WHERE r.state = 'running' AND r.clock = '{}' AND r.waiting_for = 'ballots' AND NOT EXISTS (
  SELECT 1 FROM event e WHERE e.renovation_id = r.id AND e.kind = 'voting.turnout_checked'
    AND e.details ->> 'box' = b.id)
ON CONFLICT DO NOTHING

-- Something is posted: whoever is concerned may object, the workflow that posted it waits.
INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)
SELECT 'renovation/' || r.id || '/publication/' || p.id,
       CASE r.waiting_for WHEN 'answers' THEN 'answers' ELSE 'objections.' || p.subject END, '', r.id,
       p.closes_at, p.opens_at,
       CASE r.waiting_for WHEN 'answers'
         THEN 'district_bureau, owners_committee, residents_committee, street_office' ELSE '' END,
       CASE r.waiting_for WHEN 'answers' THEN '' ELSE 'publication_closed' END
FROM renovation r JOIN publication p ON p.renovation_id = r.id AND p.state = 'open'
WHERE r.state = 'running' AND r.clock = '{}'
  AND (r.waiting_for = 'answers' OR r.waiting_for LIKE 'objections%')
ON CONFLICT DO NOTHING

INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)
SELECT coalesce(nullif(r.stage_workflow_id, ''), r.workflow_id), 'publication', p.id, r.id, NULL,
       p.opens_at, '', ''
FROM renovation r JOIN publication p ON p.renovation_id = r.id AND p.state = 'open'
WHERE r.state = 'running' AND r.clock = '{}'
  AND (r.waiting_for = 'answers' OR r.waiting_for LIKE 'objections%')
ON CONFLICT DO NOTHING

-- Complaints go on when the case has ended.
INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who, consequence)
SELECT 'renovation/' || r.id || '/ticket/' || t.id,
       CASE t.state WHEN 'resolved' THEN 'call_back' ELSE 'answer' END, t.id, r.id, t.due_at,
       now(),
       CASE t.state WHEN 'resolved' THEN 'complainant' ELSE 'level_' || t.level END,
       CASE WHEN t.state = 'resolved' THEN 'ticket_closed' WHEN t.level = 'city' THEN ''
            ELSE 'ticket_escalated' END
FROM renovation r JOIN ticket t ON t.renovation_id = r.id
WHERE r.clock = '{}' AND t.state <> 'closed'
ON CONFLICT DO NOTHING
