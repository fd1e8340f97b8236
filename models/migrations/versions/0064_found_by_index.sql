-- What every case asks is found by an index, however many cases there are.
CREATE INDEX ix_role_grant_actor_id ON role_grant (actor_id)

CREATE INDEX ix_ledger_transfer_taken_over_from ON ledger_transfer (from_id) WHERE kind = 'taken_over'

CREATE INDEX ix_ledger_transfer_taken_over_to ON ledger_transfer (to_id) WHERE kind = 'taken_over'

CREATE INDEX ix_ledger_transfer_certificate_id ON ledger_transfer (certificate_id) WHERE certificate_id IS NOT NULL

CREATE INDEX ix_certificate_contract_id ON certificate (contract_id)

CREATE INDEX ix_ballot_seal_box_id ON ballot_seal (box_id)

CREATE INDEX ix_ballot_batch_box_id ON ballot_batch (box_id)

CREATE INDEX ix_letter_renovation_id ON letter (renovation_id)

CREATE INDEX ix_bundle_file_due ON private.bundle_file (next_at) WHERE made_at IS NULL
