DROP FUNCTION cast_ballots

DROP TABLE ballot_ruling

DROP TABLE ballot

DROP TABLE ballot_batch

DROP TABLE ballot_seal

ALTER TABLE roll_entry DROP COLUMN pseudonym, DROP COLUMN shares

ALTER TABLE ballot_box
  DROP COLUMN public_key, DROP COLUMN wrapped_key, DROP COLUMN opened_key, DROP COLUMN roll_salt,
  DROP COLUMN change_allowed, DROP COLUMN tree_head

ALTER TABLE unit DROP COLUMN excluded_reason

CREATE TABLE ballot (
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  id VARCHAR(64) NOT NULL,
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  request_hash VARCHAR(64) NOT NULL,
  choices JSONB NOT NULL,
  channel TEXT NOT NULL,
  heads INTEGER NOT NULL,
  area_dm2 BIGINT NOT NULL,
  leaf_hash VARCHAR(64) NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_ballot PRIMARY KEY (seq),
  CONSTRAINT uq_ballot_id UNIQUE (id),
  CONSTRAINT uq_ballot_box_id_command_id UNIQUE (box_id, command_id),
  CONSTRAINT fk_ballot_box_id_entry_id FOREIGN KEY(box_id, entry_id) REFERENCES roll_entry (box_id, entry_id),
  CONSTRAINT ck_ballot_choices_object CHECK (jsonb_typeof(choices) = 'object'),
  CONSTRAINT ck_ballot_one_head CHECK (heads = 1),
  CONSTRAINT ck_ballot_area_dm2_not_negative CHECK (area_dm2 >= 0),
  CONSTRAINT ck_ballot_request_hash_sha256 CHECK (request_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_ballot_leaf_hash_sha256 CHECK (leaf_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_ballot_channel_word CHECK (channel ~ '^[a-z][a-z0-9_.]*$')
)

CREATE INDEX ix_ballot_box_id_entry_id_seq ON ballot (box_id, entry_id, seq)


CREATE TRIGGER ballot_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ballot
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

GRANT SELECT, INSERT ON ballot TO gongjian_app
