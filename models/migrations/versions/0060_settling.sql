-- A case that has stopped is settled to its last account; what performance bonds bring above all costs has its payees.
ALTER TABLE renovation
  DROP CONSTRAINT ck_renovation_state_known,
  ADD CONSTRAINT ck_renovation_state_known
    CHECK (state IN ('running', 'in_warranty', 'settling', 'completed', 'shelved', 'cancelled'))

ALTER TABLE ledger_transfer
  DROP CONSTRAINT ck_ledger_transfer_kind_known,
  ADD CONSTRAINT ck_ledger_transfer_kind_known CHECK (kind IN ('charge', 'promise', 'payment', 'taken_over', 'certified', 'retained', 'damages', 'bond_called', 'gain', 'works', 'measured', 'retention', 'withheld', 'compensation', 'refund', 'reversal'))
