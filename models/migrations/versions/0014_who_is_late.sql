-- Whoever is awaited is reminded when the time is over; the record says since when they are late and who
-- was told. Waits that were written before stay as they are until their workflow writes again.
ALTER TABLE case_wait ADD COLUMN late_since timestamptz

ALTER TABLE case_wait ADD COLUMN level text NOT NULL DEFAULT ''

CREATE INDEX ix_case_wait_missed ON case_wait (COALESCE(late_since, due_at))
