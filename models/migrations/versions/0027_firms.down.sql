ALTER TABLE role_grant DROP COLUMN end_reason

DROP TABLE private.firm_person

DROP TABLE private.firm
