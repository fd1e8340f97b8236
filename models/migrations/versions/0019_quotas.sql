-- Complaints, objections and the like are counted by who sent them; rows older than the timetable's days go.
CREATE TABLE quota_use (
  command_id VARCHAR(200) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  what TEXT NOT NULL,
  sender TEXT NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_quota_use PRIMARY KEY (command_id, what),
  CONSTRAINT ck_quota_use_what_word CHECK (what ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT fk_quota_use_renovation_id FOREIGN KEY (renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_quota_use_renovation_id_what_sender ON quota_use (renovation_id, what, sender)

GRANT SELECT, INSERT, UPDATE, DELETE ON quota_use TO gongjian_app
