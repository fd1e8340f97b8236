-- A renovation may have several contracts, one after the other: what is left when one was terminated is
-- tendered again. Items, inspections and certificates say under which contract they are.
ALTER TABLE tender ADD COLUMN works_round INTEGER DEFAULT 1 NOT NULL

ALTER TABLE tender ADD CONSTRAINT ck_tender_works_round_positive CHECK (works_round > 0)

ALTER TABLE contract ADD COLUMN works_round INTEGER DEFAULT 1 NOT NULL

ALTER TABLE contract ADD COLUMN performance_bond_fen BIGINT DEFAULT 0 NOT NULL

ALTER TABLE contract ADD COLUMN decide_by TIMESTAMP WITH TIME ZONE

ALTER TABLE contract ADD CONSTRAINT ck_contract_works_round_positive CHECK (works_round > 0)

ALTER TABLE contract ADD CONSTRAINT ck_contract_performance_bond_fen_not_negative
  CHECK (performance_bond_fen >= 0)

ALTER TABLE contract ADD CONSTRAINT uq_contract_renovation_id_works_round
  UNIQUE (renovation_id, works_round)

CREATE TABLE termination (
  contract_id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  ground TEXT NOT NULL,
  after TEXT NOT NULL,
  bond_fen BIGINT NOT NULL,
  damages_fen BIGINT NOT NULL,
  decided_by VARCHAR(64) NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  measured_by VARCHAR(64),
  settled_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_termination PRIMARY KEY (contract_id),
  CONSTRAINT ck_termination_ground_known
    CHECK (ground IN ('not_cured', 'refuses', 'assigned', 'vote', 'cancelled')),
  CONSTRAINT ck_termination_after_known CHECK (after IN ('retender', 'close')),
  CONSTRAINT ck_termination_bond_fen_not_negative CHECK (bond_fen >= 0),
  CONSTRAINT ck_termination_damages_fen_not_negative CHECK (damages_fen >= 0),
  CONSTRAINT fk_termination_contract_id FOREIGN KEY(contract_id) REFERENCES contract (id),
  CONSTRAINT fk_termination_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_termination_renovation_id ON termination (renovation_id)

GRANT SELECT, INSERT, UPDATE, DELETE ON termination TO gongjian_app

ALTER TABLE work_item ADD COLUMN contract_id VARCHAR(64)
  CONSTRAINT fk_work_item_contract_id REFERENCES contract (id)

ALTER TABLE work_item ADD COLUMN cure_until TIMESTAMP WITH TIME ZONE

ALTER TABLE inspection ADD COLUMN contract_id VARCHAR(64)
  CONSTRAINT fk_inspection_contract_id REFERENCES contract (id)

ALTER TABLE certificate ADD COLUMN contract_id VARCHAR(64)
  CONSTRAINT fk_certificate_contract_id REFERENCES contract (id)

-- Until now a renovation had one contract at most.
UPDATE work_item w SET contract_id = c.id FROM contract c WHERE c.renovation_id = w.renovation_id

UPDATE inspection i SET contract_id = c.id FROM contract c WHERE c.renovation_id = i.renovation_id

UPDATE certificate e SET contract_id = c.id FROM contract c WHERE c.renovation_id = e.renovation_id

UPDATE contract c SET performance_bond_fen = (e.details ->> 'performance_bond_fen')::bigint
FROM event e
WHERE e.renovation_id = c.renovation_id AND e.kind = 'bidding.contract_signed'
  AND e.details ->> 'contract' = c.id AND e.details ? 'performance_bond_fen'
