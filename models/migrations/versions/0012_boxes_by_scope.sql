-- Boxes of before are those of the whole estate.
ALTER TABLE ballot_box
  ADD COLUMN building VARCHAR(64) NOT NULL DEFAULT '',
  ADD COLUMN entrance VARCHAR(64) NOT NULL DEFAULT '',
  ADD CONSTRAINT ck_ballot_box_entrance_of_a_building CHECK (entrance = '' OR building <> ''),
  DROP CONSTRAINT uq_ballot_box_renovation_id_attempt,
  ADD CONSTRAINT uq_ballot_box_renovation_id_attempt_building_entrance
    UNIQUE (renovation_id, attempt, building, entrance)

-- One report of an official system closes all boxes of its vote.
ALTER TABLE official_result DROP CONSTRAINT uq_official_result_command_id

-- The owner of a unit lets a work occupy part of it.
CREATE TABLE part_consent (
  renovation_id VARCHAR(64) NOT NULL,
  work_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  consented_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_part_consent PRIMARY KEY (renovation_id, work_id, unit_number),
  CONSTRAINT fk_part_consent_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT uq_part_consent_command_id UNIQUE (command_id)
)

CREATE TRIGGER part_consent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON part_consent
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

GRANT SELECT, INSERT ON part_consent TO gongjian_app
