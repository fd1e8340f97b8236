ALTER TABLE feed_entry
  ALTER COLUMN renovation_id DROP NOT NULL,
  ADD COLUMN log_id VARCHAR(64),
  ADD CONSTRAINT fk_feed_entry_log_id_seq FOREIGN KEY (log_id, seq) REFERENCES place_event (log_id, seq),
  ADD CONSTRAINT ck_feed_entry_of_one CHECK ((renovation_id IS NULL) <> (log_id IS NULL))

CREATE UNIQUE INDEX uq_feed_entry_place_event ON feed_entry (log_id, seq)

CREATE TABLE feed_pending_place (
  log_id VARCHAR(64) NOT NULL,
  seq INTEGER NOT NULL,
  CONSTRAINT pk_feed_pending_place PRIMARY KEY (log_id, seq)
)

-- Of the log of a place only what suggestions are about; who holds which role is not in the feed.
CREATE FUNCTION feed_notes_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO feed_pending_place (log_id, seq) VALUES (NEW.log_id, NEW.seq) ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$

CREATE TRIGGER place_event_into_feed AFTER INSERT ON place_event FOR EACH ROW
WHEN (NEW.kind LIKE 'suggestion.%') EXECUTE FUNCTION feed_notes_place()

INSERT INTO feed_pending_place (log_id, seq)
SELECT log_id, seq FROM place_event WHERE kind LIKE 'suggestion.%'

-- As before, and for the logs of places too: a log's events come in their order, for its lock lets one
-- transaction write after the other.
CREATE OR REPLACE FUNCTION feed_advance() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM feed_pending) AND NOT EXISTS (SELECT FROM feed_pending_place) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('feed', 0));
  WITH taken AS (DELETE FROM feed_pending RETURNING renovation_id, seq)
  INSERT INTO feed_entry (renovation_id, seq)
  SELECT renovation_id, seq FROM taken ORDER BY renovation_id, seq
  ON CONFLICT DO NOTHING;
  WITH taken AS (DELETE FROM feed_pending_place RETURNING log_id, seq)
  INSERT INTO feed_entry (log_id, seq)
  SELECT log_id, seq FROM taken ORDER BY log_id, seq
  ON CONFLICT DO NOTHING;
END
$$

REVOKE ALL ON FUNCTION feed_notes_place() FROM PUBLIC
