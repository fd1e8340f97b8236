-- What one person has proposed and another one has to confirm; a decision is written once.
CREATE TABLE proposal (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  act TEXT NOT NULL,
  content JSONB NOT NULL,
  content_sha256 VARCHAR(64) NOT NULL,
  stage VARCHAR(200) NOT NULL,
  proposed_by VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decision TEXT,
  decided_by VARCHAR(64),
  decided_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_proposal PRIMARY KEY (id),
  CONSTRAINT uq_proposal_command_id UNIQUE (command_id),
  CONSTRAINT ck_proposal_act_word CHECK (act ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT ck_proposal_content_sha256_sha256 CHECK (content_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_proposal_decision_known CHECK (decision IN ('confirmed', 'withdrawn')),
  CONSTRAINT ck_proposal_decided_whole CHECK ((decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL)),
  CONSTRAINT fk_proposal_renovation_id FOREIGN KEY (renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_proposal_renovation_id ON proposal (renovation_id)

GRANT SELECT, INSERT, UPDATE ON proposal TO gongjian_app
