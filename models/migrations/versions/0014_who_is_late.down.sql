-- The release before knows no reminders: whoever is awaited is late when the moment is over.
UPDATE case_wait SET due_at = COALESCE(late_since, due_at), consequence = ''
WHERE consequence IN ('reminded', 'escalated') OR late_since IS NOT NULL

DROP INDEX ix_case_wait_missed

ALTER TABLE case_wait DROP COLUMN level

ALTER TABLE case_wait DROP COLUMN late_since
