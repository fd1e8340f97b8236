ALTER TABLE private.passkey DROP COLUMN label, DROP COLUMN last_used_at
