-- The time after a vote in which owners may object; NULL where the law has none.
ALTER TABLE ballot_box ADD COLUMN objections_until TIMESTAMP WITH TIME ZONE

-- Boxes of before took ballots on the internet, whatever the city says: they stay as they were announced.
ALTER TABLE ballot_box ADD COLUMN official_by TEXT DEFAULT '' NOT NULL

CREATE TABLE attendance (
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_attendance PRIMARY KEY (box_id, entry_id),
  CONSTRAINT fk_attendance_box_id_entry_id FOREIGN KEY(box_id, entry_id)
    REFERENCES roll_entry (box_id, entry_id)
)

CREATE TABLE vote_objection (
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  objected_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_vote_objection PRIMARY KEY (box_id, entry_id),
  CONSTRAINT fk_vote_objection_box_id_entry_id FOREIGN KEY(box_id, entry_id)
    REFERENCES roll_entry (box_id, entry_id)
)

-- Where only the city's system may take a ballot, what is said here is an opinion: no count reads it.
CREATE TABLE vote_opinion (
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  box_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  choices JSONB NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  said_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_vote_opinion PRIMARY KEY (seq),
  CONSTRAINT fk_vote_opinion_box_id_unit_number FOREIGN KEY(box_id, unit_number)
    REFERENCES roll_unit (box_id, unit_number)
)

CREATE INDEX ix_vote_opinion_box_id_unit_number_seq ON vote_opinion (box_id, unit_number, seq)

GRANT SELECT, INSERT ON attendance, vote_objection, vote_opinion TO gongjian_app

CREATE TRIGGER attendance_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attendance
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER vote_objection_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON vote_objection
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER vote_opinion_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON vote_opinion
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
