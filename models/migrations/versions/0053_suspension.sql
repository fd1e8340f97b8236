ALTER TABLE renovation ADD COLUMN suspended_at TIMESTAMPTZ,
  ADD COLUMN rests JSONB NOT NULL DEFAULT '[]'

ALTER TABLE ballot_box
  DROP CONSTRAINT ck_ballot_box_state_known,
  ADD CONSTRAINT ck_ballot_box_state_known CHECK (state IN ('open', 'suspended', 'closed'))
