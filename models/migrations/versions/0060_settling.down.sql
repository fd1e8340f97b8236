-- What is being settled has stopped: the release before closes it at once.
UPDATE renovation SET state = 'cancelled' WHERE state = 'settling'

ALTER TABLE renovation
  DROP CONSTRAINT ck_renovation_state_known,
  ADD CONSTRAINT ck_renovation_state_known
    CHECK (state IN ('running', 'in_warranty', 'completed', 'shelved', 'cancelled'))

ALTER TABLE ledger_transfer
  DROP CONSTRAINT ck_ledger_transfer_kind_known,
  ADD CONSTRAINT ck_ledger_transfer_kind_known CHECK (kind IN ('charge', 'promise', 'payment', 'taken_over', 'certified', 'retained', 'damages', 'bond_called', 'works', 'measured', 'retention', 'withheld', 'compensation', 'refund', 'reversal'))
