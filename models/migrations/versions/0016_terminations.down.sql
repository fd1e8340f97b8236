ALTER TABLE certificate DROP COLUMN contract_id

ALTER TABLE inspection DROP COLUMN contract_id

ALTER TABLE work_item DROP COLUMN cure_until

ALTER TABLE work_item DROP COLUMN contract_id

DROP TABLE termination

ALTER TABLE contract DROP CONSTRAINT uq_contract_renovation_id_works_round

ALTER TABLE contract DROP COLUMN decide_by

ALTER TABLE contract DROP COLUMN performance_bond_fen

ALTER TABLE contract DROP COLUMN works_round

ALTER TABLE tender DROP COLUMN works_round
