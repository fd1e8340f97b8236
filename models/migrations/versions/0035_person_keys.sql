-- Outside the ordinary backup: pg_dump --exclude-schema=person_keys, see deploy/runbook.md.
CREATE SCHEMA person_keys

GRANT USAGE ON SCHEMA person_keys TO gongjian_app

CREATE TABLE person_keys.person_key (
  id VARCHAR(64) NOT NULL,
  wrapped BYTEA NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  CONSTRAINT pk_person_key PRIMARY KEY (id)
)

-- Names that stand there in clear are sealed by the service, which has the key, when it starts.
ALTER TABLE private.person
  ALTER COLUMN name DROP NOT NULL,
  DROP COLUMN phone,
  ADD COLUMN sealed BYTEA,
  ADD COLUMN restricted_until TIMESTAMP WITH TIME ZONE

CREATE INDEX ix_person_clear ON private.person (id) WHERE name IS NOT NULL

CREATE TABLE private.sensitive (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  kind TEXT NOT NULL,
  content BYTEA NOT NULL,
  consented_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_sensitive PRIMARY KEY (id),
  CONSTRAINT ck_sensitive_kind_known CHECK (kind IN ('hardship', 'health', 'bank')),
  CONSTRAINT fk_sensitive_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_sensitive_renovation_id ON private.sensitive (renovation_id)

CREATE TABLE private.erasure (
  id VARCHAR(64) NOT NULL,
  person_id VARCHAR(64) NOT NULL,
  asked_by VARCHAR(64) NOT NULL,
  reason TEXT NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  confirmed_by VARCHAR(64),
  done_at TIMESTAMP WITH TIME ZONE,
  outcome JSONB,
  CONSTRAINT pk_erasure PRIMARY KEY (id),
  CONSTRAINT ck_erasure_done_whole CHECK ((done_at IS NULL) = (outcome IS NULL)),
  CONSTRAINT ck_erasure_four_eyes CHECK (confirmed_by IS NULL OR confirmed_by <> asked_by)
)

CREATE INDEX ix_erasure_person_id ON private.erasure (person_id)

GRANT SELECT, INSERT, UPDATE, DELETE ON person_keys.person_key, private.sensitive TO gongjian_app

GRANT SELECT, INSERT, UPDATE ON private.erasure TO gongjian_app
