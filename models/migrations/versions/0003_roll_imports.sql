CREATE TABLE roll_import (
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  estate_id VARCHAR(64) NOT NULL,
  file_name TEXT NOT NULL,
  file_sha256 VARCHAR(64) NOT NULL,
  roll_sha256 VARCHAR(64) NOT NULL,
  imported_by TEXT NOT NULL,
  imported_at TIMESTAMP WITH TIME ZONE NOT NULL,
  units INTEGER NOT NULL,
  heads INTEGER NOT NULL,
  area_dm2 BIGINT NOT NULL,
  added INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  CONSTRAINT pk_roll_import PRIMARY KEY (seq),
  CONSTRAINT fk_roll_import_estate_id FOREIGN KEY(estate_id) REFERENCES estate (id),
  CONSTRAINT ck_roll_import_file_sha256_sha256 CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_roll_import_roll_sha256_sha256 CHECK (roll_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_roll_import_units_not_negative CHECK (units >= 0),
  CONSTRAINT ck_roll_import_heads_not_negative CHECK (heads >= 0),
  CONSTRAINT ck_roll_import_area_dm2_not_negative CHECK (area_dm2 >= 0),
  CONSTRAINT ck_roll_import_added_not_negative CHECK (added >= 0),
  CONSTRAINT ck_roll_import_changed_not_negative CHECK (changed >= 0),
  CONSTRAINT ck_roll_import_removed_not_negative CHECK (removed >= 0)
)

CREATE INDEX ix_roll_import_estate_id ON roll_import (estate_id)

CREATE TRIGGER roll_import_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON roll_import
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

GRANT SELECT, INSERT ON roll_import TO gongjian_app
