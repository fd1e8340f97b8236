CREATE TABLE feed_pending (
  renovation_id VARCHAR(64) NOT NULL,
  seq INTEGER NOT NULL,
  CONSTRAINT pk_feed_pending PRIMARY KEY (renovation_id, seq)
)

CREATE TABLE feed_entry (
  position BIGINT GENERATED ALWAYS AS IDENTITY,
  renovation_id VARCHAR(64) NOT NULL,
  seq INTEGER NOT NULL,
  CONSTRAINT pk_feed_entry PRIMARY KEY (position),
  CONSTRAINT fk_feed_entry_renovation_id_seq FOREIGN KEY(renovation_id, seq) REFERENCES event (renovation_id, seq)
)

CREATE UNIQUE INDEX uq_feed_entry_event ON feed_entry (renovation_id, seq)

-- The history of before, in the order in which it was recorded.
INSERT INTO feed_entry (renovation_id, seq)
SELECT renovation_id, seq FROM event ORDER BY recorded_at, renovation_id, seq

CREATE FUNCTION feed_notes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO feed_pending (renovation_id, seq) VALUES (NEW.renovation_id, NEW.seq)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$

CREATE TRIGGER event_into_feed AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION feed_notes()

-- Gives a position to every event that is committed and has none. One at a time: a later call gives later
-- positions, and a position that is seen has all lower ones before it. A case's events come in their order,
-- for its lock lets one transaction write after the other.
CREATE FUNCTION feed_advance() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM feed_pending) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('feed', 0));
  WITH taken AS (DELETE FROM feed_pending RETURNING renovation_id, seq)
  INSERT INTO feed_entry (renovation_id, seq)
  SELECT renovation_id, seq FROM taken ORDER BY renovation_id, seq
  ON CONFLICT DO NOTHING;
END
$$

REVOKE ALL ON FUNCTION feed_advance(), feed_notes() FROM PUBLIC

GRANT EXECUTE ON FUNCTION feed_advance() TO gongjian_app

GRANT SELECT ON feed_entry TO gongjian_app

CREATE TABLE private.webhook (
  id VARCHAR(64) NOT NULL,
  actor_id VARCHAR(64) NOT NULL,
  place_path TEXT NOT NULL,
  kinds VARCHAR(64)[] NOT NULL,
  training BOOLEAN NOT NULL,
  url TEXT NOT NULL,
  secret BYTEA NOT NULL,
  state TEXT NOT NULL,
  position BIGINT NOT NULL,
  failures INTEGER DEFAULT 0 NOT NULL,
  failing_since TIMESTAMP WITH TIME ZONE,
  next_at TIMESTAMP WITH TIME ZONE NOT NULL,
  error TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_webhook PRIMARY KEY (id),
  CONSTRAINT ck_webhook_state_known CHECK (state IN ('active', 'paused', 'ended')),
  CONSTRAINT ck_webhook_failures_not_negative CHECK (failures >= 0),
  CONSTRAINT ck_webhook_position_not_negative CHECK (position >= 0)
)

CREATE INDEX ix_webhook_actor_id ON private.webhook (actor_id)

CREATE INDEX ix_webhook_due ON private.webhook (next_at) WHERE state = 'active'

CREATE TABLE private.webhook_delivery (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  webhook_id VARCHAR(64) NOT NULL,
  position BIGINT NOT NULL,
  attempt INTEGER NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
  milliseconds INTEGER NOT NULL,
  status INTEGER,
  error TEXT NOT NULL,
  CONSTRAINT pk_webhook_delivery PRIMARY KEY (id),
  CONSTRAINT fk_webhook_delivery_webhook_id FOREIGN KEY(webhook_id) REFERENCES private.webhook (id)
)

CREATE INDEX ix_webhook_delivery_webhook ON private.webhook_delivery (webhook_id, id)

GRANT SELECT, INSERT, UPDATE ON private.webhook TO gongjian_app

-- Old lines of the log of deliveries are deleted.
GRANT SELECT, INSERT, DELETE ON private.webhook_delivery TO gongjian_app
