DROP INDEX private.ix_bundle_file_due

DROP INDEX ix_letter_renovation_id

DROP INDEX ix_ballot_batch_box_id

DROP INDEX ix_ballot_seal_box_id

DROP INDEX ix_certificate_contract_id

DROP INDEX ix_ledger_transfer_certificate_id

DROP INDEX ix_ledger_transfer_taken_over_to

DROP INDEX ix_ledger_transfer_taken_over_from

DROP INDEX ix_role_grant_actor_id
