-- The clock of a told case: it moves only when somebody tells it. A case without a row runs on the wall clock.
CREATE TABLE case_clock (
  renovation_id VARCHAR(64) NOT NULL,
  now TIMESTAMP WITH TIME ZONE NOT NULL,
  moved_seq INTEGER NOT NULL,
  CONSTRAINT pk_case_clock PRIMARY KEY (renovation_id),
  CONSTRAINT ck_case_clock_moved_seq_positive CHECK (moved_seq > 0),
  CONSTRAINT fk_case_clock_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE FUNCTION refuse_going_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.renovation_id <> OLD.renovation_id OR NEW.now <= OLD.now OR NEW.moved_seq <= OLD.moved_seq THEN
    RAISE EXCEPTION 'the clock of a case only goes forward';
  END IF;
  RETURN NEW;
END
$$

CREATE TRIGGER case_clock_forward BEFORE UPDATE ON case_clock
  FOR EACH ROW EXECUTE FUNCTION refuse_going_back()

-- What every open workflow of a case waits for. Many rows may belong to one workflow.
CREATE TABLE case_wait (
  workflow_id VARCHAR(200) NOT NULL,
  what TEXT NOT NULL,
  subject VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  who TEXT NOT NULL,
  consequence TEXT NOT NULL,
  CONSTRAINT pk_case_wait PRIMARY KEY (workflow_id, what, subject),
  CONSTRAINT ck_case_wait_what_word CHECK (what ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT fk_case_wait_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_case_wait_renovation_id_due_at ON case_wait (renovation_id, due_at)

CREATE INDEX ix_case_wait_due_at ON case_wait (due_at)

-- What must be released by somebody before a told clock goes on.
CREATE TABLE case_hold (
  renovation_id VARCHAR(64) NOT NULL,
  name VARCHAR(64) NOT NULL,
  set_by VARCHAR(64) NOT NULL,
  CONSTRAINT pk_case_hold PRIMARY KEY (renovation_id, name),
  CONSTRAINT fk_case_hold_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

-- The moment by which the deadlines of a case are kept. Ask it after the lock that the answer is for,
-- in a statement of its own. A step of the system clock never breaks the order of a case's events.
CREATE FUNCTION tick_of(of_renovation text) RETURNS timestamptz
LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
  SELECT coalesce(
    (SELECT c.now FROM case_clock c WHERE c.renovation_id = of_renovation),
    greatest(clock_timestamp(), (
      SELECT e.happened_at FROM event e
      WHERE e.renovation_id = of_renovation ORDER BY e.seq DESC LIMIT 1)))
$$

GRANT SELECT, INSERT ON case_clock TO gongjian_app

GRANT UPDATE (now, moved_seq) ON case_clock TO gongjian_app

GRANT SELECT, INSERT, UPDATE, DELETE ON case_wait, case_hold TO gongjian_app

-- Boxes of the old sandboxes: their moments become case time, like everybody else's.
UPDATE ballot_box b SET closes_at = b.case_closes_at, opens_at = (
  SELECT (e.details ->> 'opens_at')::timestamptz FROM event e
  WHERE e.renovation_id = b.renovation_id AND e.kind = 'voting.box_announced'
    AND e.details ->> 'box' = b.id)
FROM renovation r
WHERE r.id = b.renovation_id AND r.clock <> '{}' AND EXISTS (
  SELECT 1 FROM event e WHERE e.renovation_id = b.renovation_id
    AND e.kind = 'voting.box_announced' AND e.details ->> 'box' = b.id)

ALTER TABLE ballot_box DROP COLUMN case_closes_at

-- TEMPORARY
CREATE OR REPLACE FUNCTION cast_ballots(
  of_box text, of_roll text, of_channel text, of_seal text, of_intake text, of_batch bigint,
  unit_numbers text[], command_ids text[], request_hashes bytea[], sealeds bytea[],
  commitments bytea[], leaves bytea[], versions int[] DEFAULT NULL
) RETURNS TABLE (ballot_leaf bytea, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  may_change boolean;
  closing timestamptz;
  moment timestamptz;
BEGIN
  -- First the lock, then a look: who waited for the close or for a replacement sees it.
  SELECT b.change_allowed, b.closes_at INTO may_change, closing FROM ballot_box b
  WHERE b.id = of_box AND b.state = 'open' AND b.roll_hash = of_roll
    AND b.opens_at <= tick_of(b.renovation_id)
  FOR SHARE;
  moment := tick_of((SELECT renovation_id FROM ballot_box WHERE id = of_box));
  IF closing IS NULL OR moment >= closing OR NOT EXISTS (
    SELECT 1 FROM ballot_seal s WHERE s.id = of_seal AND s.box_id = of_box
  ) THEN
    RETURN;
  END IF;
  -- LATERAL … LIMIT 1: two lookups by key for each ballot, whatever the planner thinks of tables
  -- that nobody has analysed yet; a join of them cost 0.4 s a batch with 2,000 households.
  RETURN QUERY
  INSERT INTO ballot (id, box_id, entry_id, unit_number, command_id, request_hash, channel,
                      pseudonym, heads, area_dm2, shares, seal_id, sealed, commitment, leaf,
                      only_one, intake, batch, recorded_at)
  SELECT encode(substring(g.leaf FOR 16), 'hex'), of_box, e.entry_id, g.unit_number, g.command_id,
         g.request_hash, of_channel, e.pseudonym, e.heads, e.area_dm2, e.shares, of_seal, g.sealed,
         g.commitment, g.leaf, CASE WHEN may_change THEN NULL ELSE true END, of_intake, of_batch,
         moment
  FROM unnest(unit_numbers, command_ids, request_hashes, sealeds, commitments, leaves, versions)
    AS g(unit_number, command_id, request_hash, sealed, commitment, leaf, version)
  CROSS JOIN LATERAL (
    SELECT u.entry_id, u.credential_version FROM roll_unit u
    WHERE u.box_id = of_box AND u.unit_number = g.unit_number LIMIT 1
  ) unit
  CROSS JOIN LATERAL (
    SELECT r.entry_id, r.pseudonym, r.heads, r.area_dm2, r.shares, r.excluded_reason
    FROM roll_entry r WHERE r.box_id = of_box AND r.entry_id = unit.entry_id LIMIT 1
  ) e
  WHERE e.excluded_reason IS NULL
    AND (g.version IS NULL OR g.version = unit.credential_version)
  ORDER BY g.command_id
  ON CONFLICT DO NOTHING
  RETURNING ballot.leaf, ballot.recorded_at;
END
$$

