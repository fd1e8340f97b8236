-- The head that an event makes, signed by whoever writes it (runtime/record/heads.py). The log is
-- append-only, so events of before stay without: the audit says since when a case has signed heads.
ALTER TABLE event ADD COLUMN head_signature BYTEA

ALTER TABLE event ADD CONSTRAINT ck_event_head_signature_length CHECK (octet_length(head_signature) = 68)
