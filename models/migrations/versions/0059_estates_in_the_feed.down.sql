DROP TRIGGER place_event_into_feed ON place_event

DROP FUNCTION feed_notes_place()

CREATE OR REPLACE FUNCTION feed_advance() RETURNS void
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

DROP TABLE feed_pending_place

DELETE FROM feed_entry WHERE renovation_id IS NULL

DROP INDEX uq_feed_entry_place_event

ALTER TABLE feed_entry
  DROP CONSTRAINT ck_feed_entry_of_one,
  DROP CONSTRAINT fk_feed_entry_log_id_seq,
  DROP COLUMN log_id,
  ALTER COLUMN renovation_id SET NOT NULL
