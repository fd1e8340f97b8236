CREATE TABLE suggestion_reply (
  id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  estate_id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64),
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  scheme_version INTEGER,
  item VARCHAR(64) DEFAULT '' NOT NULL,
  motion VARCHAR(64) DEFAULT '' NOT NULL,
  replied_by VARCHAR(64) NOT NULL,
  replied_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_suggestion_reply PRIMARY KEY (id),
  CONSTRAINT uq_suggestion_reply_command_id UNIQUE (command_id),
  CONSTRAINT ck_suggestion_reply_outcome_known CHECK (outcome IN ('adopted', 'partly', 'referred', 'not_adopted')),
  CONSTRAINT ck_suggestion_reply_stands_in_a_scheme CHECK ((scheme_version IS NOT NULL) = (item <> '' OR motion <> '') AND (item = '' OR motion = '') AND (scheme_version IS NULL OR renovation_id IS NOT NULL)),
  CONSTRAINT fk_suggestion_reply_estate_id FOREIGN KEY (estate_id) REFERENCES estate (id),
  CONSTRAINT fk_suggestion_reply_renovation_id FOREIGN KEY (renovation_id) REFERENCES renovation (id)
)

CREATE TABLE suggestion (
  id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  estate_id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64),
  only_case VARCHAR(64),
  theme TEXT NOT NULL,
  reason TEXT NOT NULL,
  proposal TEXT NOT NULL,
  words_sha256 VARCHAR(64) NOT NULL,
  written_by VARCHAR(64),
  sheet_sha256 VARCHAR(64),
  state TEXT DEFAULT 'submitted' NOT NULL,
  submitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE,
  reviewed_by VARCHAR(64),
  reviewed_at TIMESTAMP WITH TIME ZONE,
  hidden_because TEXT DEFAULT '' NOT NULL,
  merged_into VARCHAR(64),
  qualified_at TIMESTAMP WITH TIME ZONE,
  reply_id VARCHAR(64),
  CONSTRAINT pk_suggestion PRIMARY KEY (id),
  CONSTRAINT uq_suggestion_command_id UNIQUE (command_id),
  CONSTRAINT ck_suggestion_state_known CHECK (state IN ('submitted', 'open', 'answered', 'merged', 'withdrawn', 'hidden', 'ended')),
  CONSTRAINT ck_suggestion_words_sha256_sha256 CHECK (words_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_suggestion_sheet_sha256_sha256 CHECK (sheet_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_suggestion_merged_into_one CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
  CONSTRAINT ck_suggestion_answered_by_a_reply CHECK (state <> 'answered' OR reply_id IS NOT NULL),
  CONSTRAINT ck_suggestion_hidden_for_a_reason CHECK (state <> 'hidden' OR hidden_because <> ''),
  CONSTRAINT fk_suggestion_estate_id FOREIGN KEY (estate_id) REFERENCES estate (id),
  CONSTRAINT fk_suggestion_renovation_id FOREIGN KEY (renovation_id) REFERENCES renovation (id),
  CONSTRAINT fk_suggestion_only_case FOREIGN KEY (only_case) REFERENCES renovation (id),
  CONSTRAINT fk_suggestion_merged_into FOREIGN KEY (merged_into) REFERENCES suggestion (id),
  CONSTRAINT fk_suggestion_reply_id FOREIGN KEY (reply_id) REFERENCES suggestion_reply (id)
)

CREATE INDEX ix_suggestion_of_estate ON suggestion (estate_id, submitted_at, id)

CREATE INDEX ix_suggestion_of_case ON suggestion (renovation_id)

CREATE INDEX ix_suggestion_due ON suggestion (due_at) WHERE due_at IS NOT NULL

CREATE TABLE suggestion_support (
  suggestion_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  author BOOLEAN DEFAULT false NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  supported_at TIMESTAMP WITH TIME ZONE NOT NULL,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_suggestion_support PRIMARY KEY (suggestion_id, unit_number),
  CONSTRAINT fk_suggestion_support_suggestion_id FOREIGN KEY (suggestion_id) REFERENCES suggestion (id)
)

-- Before there is a case, what somebody sends is counted in the estate.
ALTER TABLE quota_use
  ALTER COLUMN renovation_id DROP NOT NULL,
  ADD COLUMN estate_id VARCHAR(64),
  ADD CONSTRAINT fk_quota_use_estate_id FOREIGN KEY (estate_id) REFERENCES estate (id),
  ADD CONSTRAINT ck_quota_use_in_case_or_estate CHECK (num_nonnulls(renovation_id, estate_id) = 1)

CREATE INDEX ix_quota_use_of_estate ON quota_use (estate_id, what, sender)

-- Nothing of it is deleted.
GRANT SELECT, INSERT, UPDATE ON suggestion, suggestion_support TO gongjian_app

GRANT SELECT, INSERT ON suggestion_reply TO gongjian_app
