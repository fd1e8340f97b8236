-- The gateway's word for whoever acts. Events of before have none; the hash of an event does not cover it.
ALTER TABLE event ADD COLUMN signature JSONB
