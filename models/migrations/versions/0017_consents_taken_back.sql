-- Rows are only added: the one with the highest number says what the owner wants now.
ALTER TABLE part_consent ADD COLUMN number INTEGER DEFAULT 1 NOT NULL

ALTER TABLE part_consent ADD COLUMN given BOOLEAN DEFAULT true NOT NULL

ALTER TABLE part_consent ADD CONSTRAINT ck_part_consent_number_positive CHECK (number > 0)

ALTER TABLE part_consent
  DROP CONSTRAINT pk_part_consent,
  ADD CONSTRAINT pk_part_consent PRIMARY KEY (renovation_id, work_id, unit_number, number)
