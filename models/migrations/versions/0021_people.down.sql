DROP TABLE place_event

DROP TABLE place_log

DROP TABLE private.sign_in_attempt

DROP TABLE private.session

DROP TABLE private.invitation

DROP TABLE private.lock_out

DROP TABLE private.passkey

DROP TABLE private.account

DROP INDEX ix_role_grant_place_id

DROP INDEX uq_role_grant_standing

-- Only what was in force for everybody was known before.
DELETE FROM role_grant WHERE place_id IS NULL OR only_case IS NOT NULL OR valid_from IS NULL
  OR valid_until IS NOT NULL

ALTER TABLE role_grant DROP CONSTRAINT ck_role_grant_place_of_role

ALTER TABLE role_grant DROP CONSTRAINT pk_role_grant

ALTER TABLE role_grant ALTER COLUMN place_id SET NOT NULL

ALTER TABLE role_grant DROP COLUMN reason

ALTER TABLE role_grant DROP COLUMN granted_by

ALTER TABLE role_grant DROP COLUMN valid_until

ALTER TABLE role_grant DROP COLUMN valid_from

ALTER TABLE role_grant DROP COLUMN only_case

ALTER TABLE role_grant DROP COLUMN id

ALTER TABLE role_grant ADD CONSTRAINT pk_role_grant PRIMARY KEY (actor_id, role, place_id)
