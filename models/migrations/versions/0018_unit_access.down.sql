DROP TABLE unit_access

ALTER TABLE renovation DROP COLUMN v1_letters
