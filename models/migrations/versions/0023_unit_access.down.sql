DROP TABLE letter_session

DROP TABLE letter

DROP TABLE unit_access

ALTER TABLE renovation DROP COLUMN v1_letters
