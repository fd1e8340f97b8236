DROP TABLE private.erasure

DROP TABLE private.sensitive

DROP INDEX private.ix_person_clear

-- What is sealed stays unreadable: a step back loses the names.
UPDATE private.person SET name = '' WHERE name IS NULL

ALTER TABLE private.person
  DROP COLUMN restricted_until,
  DROP COLUMN sealed,
  ADD COLUMN phone TEXT,
  ALTER COLUMN name SET NOT NULL

DROP TABLE person_keys.person_key

DROP SCHEMA person_keys
