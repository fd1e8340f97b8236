ALTER TABLE notice
  DROP CONSTRAINT ck_notice_state_known,
  ADD COLUMN queued_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  ADD COLUMN unreached INTEGER DEFAULT 0 NOT NULL,
  ADD CONSTRAINT ck_notice_unreached_not_negative CHECK (unreached >= 0),
  ADD CONSTRAINT ck_notice_state_known CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'expired'))

-- Nobody has sent them, and what they tell may be long over: they are not sent now.
UPDATE notice SET queued_at = created_at

UPDATE notice SET state = 'expired' WHERE state = 'queued'

CREATE INDEX ix_notice_sending ON notice (id) WHERE state = 'sending'

CREATE TABLE private.contact (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64),
  unit_number VARCHAR(64),
  access_version INTEGER DEFAULT 0 NOT NULL,
  actor_id VARCHAR(64),
  channel TEXT NOT NULL,
  address BYTEA NOT NULL,
  language TEXT NOT NULL,
  consented_at TIMESTAMP WITH TIME ZONE NOT NULL,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  returned_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_contact PRIMARY KEY (id),
  CONSTRAINT ck_contact_channel_known CHECK (channel IN ('email', 'sms')),
  CONSTRAINT ck_contact_language_known CHECK (language IN ('en', 'zh_CN')),
  CONSTRAINT ck_contact_of_unit_or_actor CHECK (CASE WHEN actor_id IS NULL THEN renovation_id IS NOT NULL AND unit_number IS NOT NULL ELSE renovation_id IS NULL AND unit_number IS NULL END),
  CONSTRAINT ck_contact_access_version_not_negative CHECK (access_version >= 0),
  CONSTRAINT fk_contact_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_contact_of_unit ON private.contact (renovation_id, unit_number)

CREATE INDEX ix_contact_of_actor ON private.contact (actor_id)

CREATE TABLE private.notice_message (
  id VARCHAR(64) NOT NULL,
  notice_id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64),
  actor_id VARCHAR(64),
  contact_id VARCHAR(64),
  channel TEXT NOT NULL,
  state TEXT DEFAULT 'created' NOT NULL,
  attempts INTEGER DEFAULT 0 NOT NULL,
  next_at TIMESTAMP WITH TIME ZONE NOT NULL,
  error TEXT DEFAULT '' NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_notice_message PRIMARY KEY (id),
  CONSTRAINT ck_notice_message_id_sha256 CHECK (id ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_notice_message_channel_known CHECK (channel IN ('email', 'sms', 'paper', 'training')),
  CONSTRAINT ck_notice_message_state_known CHECK (state IN ('created', 'sending', 'delivered', 'failed_for_now', 'failed', 'returned')),
  CONSTRAINT ck_notice_message_attempts_not_negative CHECK (attempts >= 0),
  CONSTRAINT fk_notice_message_notice_id FOREIGN KEY(notice_id) REFERENCES notice (id),
  CONSTRAINT fk_notice_message_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT fk_notice_message_contact_id FOREIGN KEY(contact_id) REFERENCES private.contact (id)
)

CREATE INDEX ix_notice_message_notice_id ON private.notice_message (notice_id)

CREATE INDEX ix_notice_message_of_unit ON private.notice_message (renovation_id, unit_number)

CREATE INDEX ix_notice_message_due ON private.notice_message (next_at) WHERE state IN ('created', 'sending', 'failed_for_now') AND channel IN ('email', 'sms', 'training')

GRANT SELECT, INSERT, UPDATE, DELETE ON private.contact, private.notice_message TO gongjian_app
