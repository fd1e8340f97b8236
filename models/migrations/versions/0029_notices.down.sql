DROP TABLE private.notice_message

DROP TABLE private.contact

UPDATE notice SET state = CASE state WHEN 'sent' THEN 'sent' WHEN 'failed' THEN 'failed' ELSE 'queued' END

DROP INDEX ix_notice_sending

ALTER TABLE notice
  DROP COLUMN queued_at,
  DROP COLUMN unreached,
  DROP CONSTRAINT ck_notice_state_known,
  ADD CONSTRAINT ck_notice_state_known CHECK (state IN ('queued', 'sent', 'failed'))
