ALTER TABLE event DROP COLUMN head_signature
