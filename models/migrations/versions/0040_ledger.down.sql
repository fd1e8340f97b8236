DROP TABLE ledger_entry, ledger_transfer, ledger_group, ledger_account

DROP FUNCTION ledger_post, ledger_only_by_posting, ledger_group_whole, ledger_account_true

ALTER TABLE certificate
  DROP CONSTRAINT uq_certificate_id_passed,
  DROP CONSTRAINT fk_certificate_inspection_id_item_id_passed,
  DROP CONSTRAINT ck_certificate_passed_inspection,
  DROP COLUMN passed,
  DROP COLUMN inspection_id

ALTER TABLE inspection
  DROP CONSTRAINT uq_inspection_id_item_id_passed,
  DROP COLUMN passed
