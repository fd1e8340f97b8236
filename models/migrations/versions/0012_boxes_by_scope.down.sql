DROP TABLE part_consent

ALTER TABLE official_result ADD CONSTRAINT uq_official_result_command_id UNIQUE (command_id)

-- Fails where a vote had several boxes: the release before cannot hold that.
ALTER TABLE ballot_box
  DROP CONSTRAINT uq_ballot_box_renovation_id_attempt_building_entrance,
  ADD CONSTRAINT uq_ballot_box_renovation_id_attempt UNIQUE (renovation_id, attempt),
  DROP CONSTRAINT ck_ballot_box_entrance_of_a_building,
  DROP COLUMN building,
  DROP COLUMN entrance
