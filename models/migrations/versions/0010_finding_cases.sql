CREATE INDEX ix_renovation_opened_at_id ON renovation (opened_at, id)

DROP INDEX ix_renovation_place_path

CREATE INDEX ix_renovation_place_path_opened_at_id ON renovation (place_path text_pattern_ops, opened_at, id)

CREATE INDEX ix_renovation_running ON renovation (stage, opened_at, id) WHERE state = 'running'

-- Who or what is awaited, as words. It is written in place, or each reader would go through the rows
-- that are still to be put in.
CREATE INDEX ix_case_wait_awaited ON case_wait
  USING gin (string_to_array(what || ', ' || who, ', ')) WITH (fastupdate = off)
