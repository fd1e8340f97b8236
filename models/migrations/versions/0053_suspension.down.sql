-- Whoever goes back takes ballots again where a vote stood still.
UPDATE ballot_box SET state = 'open' WHERE state = 'suspended'

ALTER TABLE ballot_box
  DROP CONSTRAINT ck_ballot_box_state_known,
  ADD CONSTRAINT ck_ballot_box_state_known CHECK (state IN ('open', 'closed'))

ALTER TABLE renovation DROP COLUMN suspended_at, DROP COLUMN rests
