DROP INDEX ix_quota_use_of_estate

DELETE FROM quota_use WHERE renovation_id IS NULL

ALTER TABLE quota_use
  DROP CONSTRAINT ck_quota_use_in_case_or_estate,
  DROP COLUMN estate_id,
  ALTER COLUMN renovation_id SET NOT NULL

DROP TABLE suggestion_support

DROP TABLE suggestion

DROP TABLE suggestion_reply
