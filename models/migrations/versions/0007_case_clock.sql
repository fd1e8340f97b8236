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
-- Its statements are planned once a session, and it sets no search path of its own (all is named in
-- full): both would cost every batch of ballots more than the look itself.
CREATE FUNCTION tick_of(of_renovation text) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  told timestamptz;
  last timestamptz;
BEGIN
  SELECT c.now INTO told FROM public.case_clock c WHERE c.renovation_id = of_renovation;
  IF told IS NOT NULL THEN
    RETURN told;
  END IF;
  SELECT e.happened_at INTO last FROM public.event e
  WHERE e.renovation_id = of_renovation ORDER BY e.seq DESC LIMIT 1;
  RETURN greatest(pg_catalog.clock_timestamp(), last);
END
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
