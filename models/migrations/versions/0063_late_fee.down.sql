ALTER TABLE ledger_transfer
  DROP CONSTRAINT ck_ledger_transfer_kind_known,
  ADD CONSTRAINT ck_ledger_transfer_kind_known CHECK (kind IN ('charge', 'promise', 'payment', 'taken_over', 'certified', 'retained', 'damages', 'bond_called', 'gain', 'works', 'measured', 'retention', 'withheld', 'wages', 'compensation', 'refund', 'reversal'))

DROP TABLE late_fee
