ALTER TABLE private.notice_message DROP CONSTRAINT ck_notice_message_of_case_or_person

ALTER TABLE notice DROP CONSTRAINT ck_notice_of_case_or_person

DELETE FROM private.notice_message WHERE renovation_id IS NULL

DELETE FROM notice WHERE renovation_id IS NULL

ALTER TABLE private.notice_message ALTER COLUMN renovation_id SET NOT NULL

ALTER TABLE notice ALTER COLUMN renovation_id SET NOT NULL

ALTER TABLE private.webhook
  DROP CONSTRAINT ck_webhook_previous_until_an_end,
  DROP COLUMN previous_secret,
  DROP COLUMN previous_until
