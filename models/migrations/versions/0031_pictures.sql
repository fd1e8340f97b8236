CREATE TABLE private.picture (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  ticket_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  content BYTEA NOT NULL,
  received_sha256 VARCHAR(64) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_picture PRIMARY KEY (id),
  CONSTRAINT uq_picture_command_id UNIQUE (command_id),
  CONSTRAINT ck_picture_received_sha256_sha256 CHECK (received_sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_picture_sha256_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT fk_picture_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT fk_picture_ticket_id FOREIGN KEY(ticket_id) REFERENCES ticket (id)
)

CREATE INDEX ix_picture_of_case ON private.picture (renovation_id, ticket_id)

CREATE TABLE published_picture (
  picture_id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  content BYTEA NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  blurred INTEGER NOT NULL,
  published_by VARCHAR(64) NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_published_picture PRIMARY KEY (picture_id),
  CONSTRAINT uq_published_picture_command_id UNIQUE (command_id),
  CONSTRAINT ck_published_picture_sha256_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_published_picture_blurred_not_negative CHECK (blurred >= 0),
  CONSTRAINT fk_published_picture_picture_id FOREIGN KEY(picture_id) REFERENCES private.picture (id),
  CONSTRAINT fk_published_picture_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_published_picture_renovation_id ON published_picture (renovation_id)

GRANT SELECT, INSERT ON private.picture, published_picture TO gongjian_app
