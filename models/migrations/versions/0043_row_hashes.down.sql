ALTER TABLE event DROP COLUMN row_hashes
