ALTER TABLE private.session
  DROP CONSTRAINT ck_session_idle_minutes_positive,
  DROP COLUMN idle_minutes,
  DROP COLUMN seen_at
