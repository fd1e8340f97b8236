DROP INDEX ix_case_wait_awaited

DROP INDEX ix_renovation_running

DROP INDEX ix_renovation_place_path_opened_at_id

CREATE INDEX ix_renovation_place_path ON renovation (place_path text_pattern_ops)

DROP INDEX ix_renovation_opened_at_id
