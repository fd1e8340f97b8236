ALTER TABLE private.webhook
  ADD COLUMN previous_secret BYTEA,
  ADD COLUMN previous_until TIMESTAMP WITH TIME ZONE,
  ADD CONSTRAINT ck_webhook_previous_until_an_end CHECK ((previous_secret IS NULL) = (previous_until IS NULL))

-- A notice may be of a person's own thing and of no case.
ALTER TABLE notice
  ALTER COLUMN renovation_id DROP NOT NULL,
  ADD CONSTRAINT ck_notice_of_case_or_person CHECK (renovation_id IS NOT NULL OR audience_id IS NOT NULL)

ALTER TABLE private.notice_message
  ALTER COLUMN renovation_id DROP NOT NULL,
  ADD CONSTRAINT ck_notice_message_of_case_or_person CHECK (renovation_id IS NOT NULL OR actor_id IS NOT NULL)
