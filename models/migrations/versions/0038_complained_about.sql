ALTER TABLE ticket
  ADD COLUMN about_unit VARCHAR(64),
  ADD COLUMN about_firm VARCHAR(64),
  ADD CONSTRAINT ck_ticket_about_one CHECK (about_unit IS NULL OR about_firm IS NULL)

GRANT UPDATE (content) ON private.picture TO gongjian_app
