CREATE TABLE paper_batch (
  id VARCHAR(64) NOT NULL,
  box_id VARCHAR(64) NOT NULL,
  reference VARCHAR(64) NOT NULL,
  channel TEXT NOT NULL,
  scan TEXT NOT NULL,
  code_check BYTEA NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_paper_batch PRIMARY KEY (id),
  CONSTRAINT uq_paper_batch_box_id_reference UNIQUE (box_id, reference),
  CONSTRAINT ck_paper_batch_code_check_length CHECK (octet_length(code_check) = 32),
  CONSTRAINT ck_paper_batch_channel_known CHECK (channel IN ('paper', 'door', 'onsite')),
  CONSTRAINT fk_paper_batch_box_id FOREIGN KEY(box_id) REFERENCES ballot_box (id),
  CONSTRAINT uq_paper_batch_command_id UNIQUE (command_id)
)

CREATE TABLE paper_entry (
  batch_id VARCHAR(64) NOT NULL,
  number INTEGER NOT NULL,
  entered_by VARCHAR(64) NOT NULL,
  ballots INTEGER NOT NULL,
  invalid INTEGER,
  command_id VARCHAR(200) NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_paper_entry PRIMARY KEY (batch_id, number),
  CONSTRAINT ck_paper_entry_number_positive CHECK (number > 0),
  CONSTRAINT ck_paper_entry_ballots_not_negative CHECK (ballots >= 0),
  CONSTRAINT ck_paper_entry_invalid_not_negative CHECK (invalid >= 0),
  CONSTRAINT fk_paper_entry_batch_id FOREIGN KEY(batch_id) REFERENCES paper_batch (id),
  CONSTRAINT uq_paper_entry_command_id UNIQUE (command_id)
)

CREATE TABLE paper_line (
  batch_id VARCHAR(64) NOT NULL,
  number INTEGER NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  digest BYTEA NOT NULL,
  absent BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT pk_paper_line PRIMARY KEY (batch_id, number, unit_number),
  CONSTRAINT fk_paper_line_batch_id_number FOREIGN KEY(batch_id, number) REFERENCES paper_entry (batch_id, number),
  CONSTRAINT ck_paper_line_digest_length CHECK (octet_length(digest) = 32)
)

CREATE INDEX ix_paper_line_unit_number ON paper_line (unit_number)

CREATE TABLE paper_cast (
  batch_id VARCHAR(64) NOT NULL,
  number INTEGER NOT NULL,
  ballots INTEGER NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_paper_cast PRIMARY KEY (batch_id, number),
  CONSTRAINT fk_paper_cast_batch_id_number FOREIGN KEY(batch_id, number) REFERENCES paper_entry (batch_id, number),
  CONSTRAINT ck_paper_cast_ballots_not_negative CHECK (ballots >= 0),
  CONSTRAINT uq_paper_cast_command_id UNIQUE (command_id)
)

CREATE TABLE mandate (
  id VARCHAR(64) NOT NULL,
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  agent_id VARCHAR(64) NOT NULL,
  motions VARCHAR(64)[] NOT NULL,
  document TEXT NOT NULL,
  valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
  valid_until TIMESTAMP WITH TIME ZONE NOT NULL,
  instructions JSONB NOT NULL,
  registered_by VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_mandate PRIMARY KEY (id),
  CONSTRAINT fk_mandate_box_id_entry_id FOREIGN KEY(box_id, entry_id) REFERENCES roll_entry (box_id, entry_id),
  CONSTRAINT ck_mandate_ends_after_beginning CHECK (valid_until > valid_from),
  CONSTRAINT ck_mandate_covers_a_motion CHECK (cardinality(motions) > 0),
  CONSTRAINT uq_mandate_command_id UNIQUE (command_id)
)

CREATE INDEX ix_mandate_box_id_agent_id ON mandate (box_id, agent_id)

CREATE INDEX ix_mandate_box_id_entry_id ON mandate (box_id, entry_id)

CREATE TABLE mandate_revocation (
  mandate_id VARCHAR(64) NOT NULL,
  reason TEXT NOT NULL,
  revoked_by VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_mandate_revocation PRIMARY KEY (mandate_id),
  CONSTRAINT fk_mandate_revocation_mandate_id FOREIGN KEY(mandate_id) REFERENCES mandate (id),
  CONSTRAINT uq_mandate_revocation_command_id UNIQUE (command_id)
)

CREATE TABLE door_visit (
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  box_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  outcome TEXT NOT NULL,
  envelope TEXT NOT NULL,
  visited_by VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_door_visit PRIMARY KEY (seq),
  CONSTRAINT fk_door_visit_box_id_unit_number FOREIGN KEY(box_id, unit_number) REFERENCES roll_unit (box_id, unit_number),
  CONSTRAINT ck_door_visit_outcome_known CHECK (outcome IN ('visited', 'handed_over', 'refused', 'not_at_home'))
)

CREATE INDEX ix_door_visit_box_id_unit_number ON door_visit (box_id, unit_number)

CREATE TABLE official_result (
  box_id VARCHAR(64) NOT NULL,
  system TEXT NOT NULL,
  certificate TEXT NOT NULL,
  file_sha256 VARCHAR(64) NOT NULL,
  results JSONB NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_official_result PRIMARY KEY (box_id),
  CONSTRAINT ck_official_result_file_sha256_sha256 CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT fk_official_result_box_id FOREIGN KEY(box_id) REFERENCES ballot_box (id),
  CONSTRAINT uq_official_result_command_id UNIQUE (command_id)
)

CREATE TRIGGER paper_batch_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON paper_batch
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER paper_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON paper_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER paper_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON paper_line
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER paper_cast_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON paper_cast
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER mandate_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mandate
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER mandate_revocation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mandate_revocation
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER door_visit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON door_visit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER official_result_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON official_result
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

GRANT SELECT, INSERT ON paper_batch, paper_entry, paper_line, paper_cast,
  mandate, mandate_revocation, door_visit, official_result TO gongjian_app
