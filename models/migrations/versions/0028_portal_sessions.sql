CREATE TABLE portal_session (
  token_hash BYTEA NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  version INTEGER NOT NULL,
  portal VARCHAR(64) NOT NULL,
  began_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_portal_session PRIMARY KEY (token_hash),
  CONSTRAINT ck_portal_session_token_hash_length CHECK (octet_length(token_hash) = 32),
  CONSTRAINT ck_portal_session_version_not_negative CHECK (version >= 0),
  CONSTRAINT fk_portal_session_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

GRANT SELECT, INSERT, UPDATE, DELETE ON portal_session TO gongjian_app
