DROP TABLE vote_opinion

DROP TABLE vote_objection

DROP TABLE attendance

ALTER TABLE ballot_box DROP COLUMN official_by

ALTER TABLE ballot_box DROP COLUMN objections_until
