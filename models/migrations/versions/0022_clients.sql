CREATE TABLE private.api_client (
  id VARCHAR(64) NOT NULL,
  actor_id VARCHAR(64) NOT NULL,
  scopes VARCHAR(64)[] NOT NULL,
  made_by VARCHAR(64) NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_api_client PRIMARY KEY (id),
  CONSTRAINT ck_api_client_scopes_named CHECK (cardinality(scopes) > 0)
)

CREATE INDEX ix_api_client_actor_id ON private.api_client (actor_id)

CREATE TABLE private.api_key (
  id VARCHAR(64) NOT NULL,
  client_id VARCHAR(64) NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  replaced_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_api_key PRIMARY KEY (id),
  CONSTRAINT ck_api_key_id_sha256 CHECK (id ~ '^[0-9a-f]{64}$'),
  CONSTRAINT fk_api_key_client_id FOREIGN KEY(client_id) REFERENCES private.api_client (id)
)

CREATE INDEX ix_api_key_client_id ON private.api_key (client_id)

CREATE TABLE private.used_assertion (
  id VARCHAR(64) NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_used_assertion PRIMARY KEY (id),
  CONSTRAINT ck_used_assertion_id_sha256 CHECK (id ~ '^[0-9a-f]{64}$')
)

CREATE INDEX ix_used_assertion_expires_at ON private.used_assertion (expires_at)

GRANT SELECT, INSERT, UPDATE ON private.api_client, private.api_key TO gongjian_app

-- UPDATE is what FOR UPDATE asks for.
GRANT SELECT, INSERT, UPDATE, DELETE ON private.used_assertion TO gongjian_app
