ALTER TABLE event ADD COLUMN salt VARCHAR(32)

ALTER TABLE event ADD CONSTRAINT ck_event_salt_random CHECK (salt ~ '^[0-9a-f]{32}$')
