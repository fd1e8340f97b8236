-- The letters of cases that are open now hold a credential of the first kind. It goes on until replaced.
ALTER TABLE renovation ADD COLUMN v1_letters BOOLEAN NOT NULL DEFAULT false

UPDATE renovation SET v1_letters = true

CREATE TABLE unit_access (
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT pk_unit_access PRIMARY KEY (renovation_id, unit_number),
  CONSTRAINT ck_unit_access_version_positive CHECK (version > 0),
  CONSTRAINT fk_unit_access_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

GRANT SELECT, INSERT, UPDATE ON unit_access TO gongjian_app

-- Until now only a sale made a new version.
INSERT INTO unit_access (renovation_id, unit_number, version)
SELECT renovation_id, unit_number, max(generation) FROM owner_replacement GROUP BY 1, 2

-- With a letter and a second fact somebody enters for a unit, or as the agent of a mandate.
CREATE TABLE letter (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  kind TEXT NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  mandate_id VARCHAR(64),
  number INTEGER NOT NULL DEFAULT 1,
  fact TEXT NOT NULL,
  fact_hash TEXT NOT NULL DEFAULT '',
  token_hash BYTEA,
  made_by VARCHAR(64) NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  handed_by VARCHAR(64),
  coded_by VARCHAR(64),
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  locked_until TIMESTAMP WITH TIME ZONE,
  entered_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_letter PRIMARY KEY (id),
  CONSTRAINT ck_letter_kind_known CHECK (kind IN ('unit', 'buyer', 'agent')),
  CONSTRAINT ck_letter_fact_known CHECK (fact IN ('roll', 'identity', 'code')),
  CONSTRAINT ck_letter_agent_of_mandate CHECK ((kind = 'agent') = (mandate_id IS NOT NULL)),
  CONSTRAINT ck_letter_handed_by_somebody CHECK ((token_hash IS NULL) = (handed_by IS NULL)),
  CONSTRAINT ck_letter_failures_not_negative CHECK (failures >= 0),
  CONSTRAINT ck_letter_number_not_negative CHECK (number >= 0),
  CONSTRAINT ck_letter_token_hash_length CHECK (octet_length(token_hash) = 32),
  CONSTRAINT fk_letter_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT fk_letter_mandate_id FOREIGN KEY(mandate_id) REFERENCES mandate (id),
  CONSTRAINT uq_letter_token_hash UNIQUE (token_hash)
)

CREATE INDEX ix_letter_mandate_id ON letter (mandate_id)

CREATE UNIQUE INDEX uq_letter_of_unit ON letter (renovation_id, unit_number)
  WHERE ended_at IS NULL AND mandate_id IS NULL

CREATE UNIQUE INDEX uq_letter_of_mandate ON letter (mandate_id) WHERE ended_at IS NULL

GRANT SELECT, INSERT, UPDATE ON letter TO gongjian_app

CREATE TABLE letter_session (
  token_hash BYTEA NOT NULL,
  letter_id VARCHAR(64) NOT NULL,
  began_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_letter_session PRIMARY KEY (token_hash),
  CONSTRAINT ck_letter_session_token_hash_length CHECK (octet_length(token_hash) = 32),
  CONSTRAINT fk_letter_session_letter_id FOREIGN KEY(letter_id) REFERENCES letter (id)
)

CREATE INDEX ix_letter_session_letter_id ON letter_session (letter_id)

GRANT SELECT, INSERT, UPDATE, DELETE ON letter_session TO gongjian_app
