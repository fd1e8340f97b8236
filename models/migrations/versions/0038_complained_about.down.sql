REVOKE UPDATE (content) ON private.picture FROM gongjian_app

ALTER TABLE ticket
  DROP CONSTRAINT ck_ticket_about_one,
  DROP COLUMN about_firm,
  DROP COLUMN about_unit
