ALTER TABLE private.erasure
  ADD COLUMN renovation_id VARCHAR(64),
  ADD COLUMN refused_by VARCHAR(64),
  ADD COLUMN refused_at TIMESTAMP WITH TIME ZONE,
  ADD COLUMN refusal TEXT,
  ADD CONSTRAINT fk_erasure_renovation_id FOREIGN KEY (renovation_id) REFERENCES renovation (id),
  ADD CONSTRAINT ck_erasure_refused_whole
    CHECK ((refused_at IS NULL) = (refused_by IS NULL) AND (refused_at IS NULL) = (refusal IS NULL)),
  ADD CONSTRAINT ck_erasure_one_end CHECK (done_at IS NULL OR refused_at IS NULL)

CREATE INDEX ix_erasure_renovation_id ON private.erasure (renovation_id)
