-- A household that found its ballot in the published tree.
CREATE TABLE ballot_check (
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  ballot_id VARCHAR(64) NOT NULL,
  checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_ballot_check PRIMARY KEY (box_id, entry_id),
  CONSTRAINT fk_ballot_check_box_id_entry_id FOREIGN KEY(box_id, entry_id) REFERENCES roll_entry (box_id, entry_id),
  CONSTRAINT fk_ballot_check_ballot_id FOREIGN KEY(ballot_id) REFERENCES ballot (id)
)

CREATE TRIGGER ballot_check_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ballot_check
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

GRANT SELECT, INSERT ON ballot_check TO gongjian_app
