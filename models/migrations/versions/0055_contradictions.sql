CREATE TABLE contradiction (
  origin TEXT NOT NULL,
  size BIGINT NOT NULL,
  root BYTEA NOT NULL,
  note TEXT NOT NULL,
  shown_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_contradiction PRIMARY KEY (origin, size),
  CONSTRAINT ck_contradiction_root_length CHECK (octet_length(root) = 32),
  CONSTRAINT fk_contradiction_origin_size FOREIGN KEY (origin, size) REFERENCES witnessed (origin, size)
)

CREATE TRIGGER contradiction_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contradiction
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

GRANT SELECT, INSERT ON contradiction TO gongjian_app
