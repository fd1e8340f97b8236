UPDATE certificate SET state = 'blocked' WHERE state = 'settled'

ALTER TABLE certificate
  DROP CONSTRAINT ck_certificate_state_known,
  ADD CONSTRAINT ck_certificate_state_known CHECK (state IN ('blocked', 'released'))

ALTER TABLE contract DROP COLUMN cure_until

ALTER TABLE contract DROP COLUMN moved_at

ALTER TABLE contract DROP COLUMN start_by

-- Fails where a consent was taken back: the release before cannot hold that.
ALTER TABLE part_consent
  DROP CONSTRAINT pk_part_consent,
  ADD CONSTRAINT pk_part_consent PRIMARY KEY (renovation_id, work_id, unit_number)

ALTER TABLE part_consent DROP CONSTRAINT ck_part_consent_number_positive

ALTER TABLE part_consent DROP COLUMN given

ALTER TABLE part_consent DROP COLUMN number
