CREATE TABLE anchor_leaf (
  number BIGINT NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  seq INTEGER NOT NULL,
  hash VARCHAR(64) NOT NULL,
  CONSTRAINT pk_anchor_leaf PRIMARY KEY (number),
  CONSTRAINT ck_anchor_leaf_number_not_negative CHECK (number >= 0),
  CONSTRAINT ck_anchor_leaf_hash_sha256 CHECK (hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT fk_anchor_leaf_renovation_id_seq FOREIGN KEY (renovation_id, seq) REFERENCES event (renovation_id, seq)
)

CREATE INDEX ix_anchor_leaf_renovation_id ON anchor_leaf (renovation_id)

CREATE TABLE anchor (
  size BIGINT NOT NULL,
  root BYTEA NOT NULL,
  peaks BYTEA NOT NULL,
  note TEXT NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_anchor PRIMARY KEY (size),
  CONSTRAINT ck_anchor_size_positive CHECK (size > 0),
  CONSTRAINT ck_anchor_root_length CHECK (octet_length(root) = 32)
)

CREATE TABLE anchor_cosignature (
  size BIGINT NOT NULL,
  name TEXT NOT NULL,
  line TEXT NOT NULL,
  cosigned_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_anchor_cosignature PRIMARY KEY (size, name),
  CONSTRAINT fk_anchor_cosignature_size FOREIGN KEY (size) REFERENCES anchor (size)
)

CREATE TABLE witnessed (
  origin TEXT NOT NULL,
  size BIGINT NOT NULL,
  root BYTEA NOT NULL,
  note TEXT NOT NULL,
  cosigned_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_witnessed PRIMARY KEY (origin, size),
  CONSTRAINT ck_witnessed_size_positive CHECK (size > 0),
  CONSTRAINT ck_witnessed_root_length CHECK (octet_length(root) = 32)
)

CREATE TRIGGER anchor_leaf_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON anchor_leaf
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER anchor_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON anchor
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER anchor_cosignature_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON anchor_cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER witnessed_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON witnessed
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

GRANT SELECT, INSERT ON anchor_leaf, anchor, anchor_cosignature, witnessed TO gongjian_app
