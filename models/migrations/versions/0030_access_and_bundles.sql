CREATE TABLE private.access (
  id BIGINT GENERATED ALWAYS AS IDENTITY,
  at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  reader_id VARCHAR(64) NOT NULL,
  reader_role VARCHAR(64) NOT NULL,
  door TEXT NOT NULL,
  renovation_id VARCHAR(64),
  subject VARCHAR(64) DEFAULT '' NOT NULL,
  reason TEXT DEFAULT '' NOT NULL,
  CONSTRAINT pk_access PRIMARY KEY (id)
)

CREATE INDEX ix_access_of_case ON private.access (renovation_id, id)

CREATE INDEX ix_access_of_subject ON private.access (subject, id) WHERE subject <> ''

CREATE INDEX ix_access_at ON private.access (at)

-- Nobody takes a line away that somebody else may want to read; what is old enough goes by this alone.
CREATE FUNCTION private.forget_access(before TIMESTAMP WITH TIME ZONE) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = private, pg_temp AS $$
DECLARE gone bigint;
BEGIN
  IF before > clock_timestamp() - INTERVAL '180 days' THEN
    RAISE EXCEPTION 'the access log is kept for 180 days at least';
  END IF;
  DELETE FROM private.access WHERE at < before;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END
$$

REVOKE ALL ON FUNCTION private.forget_access(TIMESTAMP WITH TIME ZONE) FROM PUBLIC

GRANT EXECUTE ON FUNCTION private.forget_access(TIMESTAMP WITH TIME ZONE) TO gongjian_app

CREATE TABLE private.bundle_file (
  box_id VARCHAR(64) NOT NULL,
  form TEXT NOT NULL,
  wanted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  next_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  refused TEXT DEFAULT '' NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE,
  manifest TEXT DEFAULT '' NOT NULL,
  public_key TEXT DEFAULT '' NOT NULL,
  size_bytes BIGINT DEFAULT 0 NOT NULL,
  CONSTRAINT pk_bundle_file PRIMARY KEY (box_id, form),
  CONSTRAINT ck_bundle_file_form_known CHECK (form IN ('public', 'full')),
  CONSTRAINT ck_bundle_file_size_bytes_not_negative CHECK (size_bytes >= 0),
  CONSTRAINT ck_bundle_file_made_whole CHECK ((made_at IS NULL) = (manifest = '')),
  CONSTRAINT fk_bundle_file_box_id FOREIGN KEY(box_id) REFERENCES ballot_box (id)
)

CREATE TABLE private.bundle_piece (
  box_id VARCHAR(64) NOT NULL,
  form TEXT NOT NULL,
  number INTEGER NOT NULL,
  data BYTEA NOT NULL,
  CONSTRAINT pk_bundle_piece PRIMARY KEY (box_id, form, number),
  CONSTRAINT fk_bundle_piece_box_id_form FOREIGN KEY(box_id, form) REFERENCES private.bundle_file (box_id, form)
)

-- What is in it is compressed already.
ALTER TABLE private.bundle_piece ALTER COLUMN data SET STORAGE EXTERNAL

GRANT SELECT, INSERT ON private.access TO gongjian_app

GRANT SELECT, INSERT, UPDATE, DELETE ON private.bundle_file, private.bundle_piece TO gongjian_app
