CREATE TABLE private.saved_view (
  actor_id VARCHAR(64) NOT NULL,
  name VARCHAR(64) NOT NULL,
  wanted JSONB NOT NULL,
  saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_saved_view PRIMARY KEY (actor_id, name),
  CONSTRAINT ck_saved_view_name_given CHECK (name <> '')
)

GRANT SELECT, INSERT, UPDATE, DELETE ON private.saved_view TO gongjian_app
