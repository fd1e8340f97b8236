-- Fails where a consent was taken back: the release before cannot hold that.
ALTER TABLE part_consent
  DROP CONSTRAINT pk_part_consent,
  ADD CONSTRAINT pk_part_consent PRIMARY KEY (renovation_id, work_id, unit_number)

ALTER TABLE part_consent DROP CONSTRAINT ck_part_consent_number_positive

ALTER TABLE part_consent DROP COLUMN given

ALTER TABLE part_consent DROP COLUMN number
