ALTER TABLE event DROP COLUMN signature
