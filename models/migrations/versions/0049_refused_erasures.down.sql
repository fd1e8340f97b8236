DROP INDEX private.ix_erasure_renovation_id

ALTER TABLE private.erasure
  DROP CONSTRAINT ck_erasure_one_end,
  DROP CONSTRAINT ck_erasure_refused_whole,
  DROP CONSTRAINT fk_erasure_renovation_id,
  DROP COLUMN refusal,
  DROP COLUMN refused_at,
  DROP COLUMN refused_by,
  DROP COLUMN renovation_id
