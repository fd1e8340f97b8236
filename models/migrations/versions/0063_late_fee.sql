-- The late fee that owners have voted: of each payment that pays an instalment after the end of its round.
CREATE TABLE late_fee (
  payment_id VARCHAR(64) NOT NULL,
  number INTEGER NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  counts_from TIMESTAMP WITH TIME ZONE NOT NULL,
  paid_on DATE NOT NULL,
  base_fen BIGINT NOT NULL,
  permille INTEGER NOT NULL,
  months INTEGER NOT NULL,
  amount_fen BIGINT NOT NULL,
  CONSTRAINT pk_late_fee PRIMARY KEY (payment_id, number),
  CONSTRAINT ck_late_fee_positive CHECK (base_fen > 0 AND permille > 0 AND number > 0 AND months >= 0),
  CONSTRAINT ck_late_fee_exact CHECK (amount_fen = (base_fen * permille + 999) / 1000 * months),
  CONSTRAINT fk_late_fee_payment_id FOREIGN KEY(payment_id) REFERENCES payment (id),
  CONSTRAINT fk_late_fee_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_late_fee_renovation_id_unit_number ON late_fee (renovation_id, unit_number)

CREATE TRIGGER late_fee_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON late_fee
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

GRANT SELECT, INSERT ON late_fee TO gongjian_app

ALTER TABLE ledger_transfer
  DROP CONSTRAINT ck_ledger_transfer_kind_known,
  ADD CONSTRAINT ck_ledger_transfer_kind_known CHECK (kind IN ('charge', 'promise', 'payment', 'taken_over', 'certified', 'retained', 'damages', 'bond_called', 'gain', 'works', 'measured', 'retention', 'withheld', 'wages', 'compensation', 'late_fee', 'refund', 'reversal'))
