-- The letters of cases that are open now hold a credential of the first kind. It goes on until replaced.
ALTER TABLE renovation ADD COLUMN v1_letters BOOLEAN NOT NULL DEFAULT false

UPDATE renovation SET v1_letters = true

CREATE TABLE unit_access (
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  version INTEGER NOT NULL,
  CONSTRAINT pk_unit_access PRIMARY KEY (renovation_id, unit_number),
  CONSTRAINT ck_unit_access_version_positive CHECK (version > 0),
  CONSTRAINT fk_unit_access_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

GRANT SELECT, INSERT, UPDATE ON unit_access TO gongjian_app

-- Until now only a sale made a new version.
INSERT INTO unit_access (renovation_id, unit_number, version)
SELECT renovation_id, unit_number, max(generation) FROM owner_replacement GROUP BY 1, 2
