-- Consents: rows are only added, the one with the highest number says what the owner wants now.
ALTER TABLE part_consent ADD COLUMN number INTEGER DEFAULT 1 NOT NULL

ALTER TABLE part_consent ADD COLUMN given BOOLEAN DEFAULT true NOT NULL

ALTER TABLE part_consent ADD CONSTRAINT ck_part_consent_number_positive CHECK (number > 0)

ALTER TABLE part_consent
  DROP CONSTRAINT pk_part_consent,
  ADD CONSTRAINT pk_part_consent PRIMARY KEY (renovation_id, work_id, unit_number, number)

-- Contracts: until when the works begin, when anything of them was last reported or inspected, and the end
-- of a notice to cure about works that stand still. Contracts of before have none of these.
ALTER TABLE contract ADD COLUMN start_by TIMESTAMP WITH TIME ZONE

ALTER TABLE contract ADD COLUMN moved_at TIMESTAMP WITH TIME ZONE

ALTER TABLE contract ADD COLUMN cure_until TIMESTAMP WITH TIME ZONE

ALTER TABLE certificate
  DROP CONSTRAINT ck_certificate_state_known,
  ADD CONSTRAINT ck_certificate_state_known CHECK (state IN ('blocked', 'released', 'settled'))
