-- What a bank statement says came in and nobody knows for whom (待认领款项), until two people decide.
CREATE TABLE private.unclaimed_sum (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  reference VARCHAR(64) NOT NULL,
  booked_on DATE NOT NULL,
  amount_fen BIGINT NOT NULL,
  why TEXT NOT NULL,
  words BYTEA NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_unclaimed_sum PRIMARY KEY (id),
  CONSTRAINT ck_unclaimed_sum_amount_fen_positive CHECK (amount_fen > 0),
  CONSTRAINT ck_unclaimed_sum_why_known CHECK (why IN ('no_unit', 'several_units')),
  CONSTRAINT ck_unclaimed_sum_state_known CHECK (state IN ('open', 'assigned', 'returned')),
  CONSTRAINT ck_unclaimed_sum_decided_whole CHECK ((state = 'open') = (decided_at IS NULL)),
  CONSTRAINT ck_unclaimed_sum_words_gone CHECK (state = 'open' OR words = ''),
  CONSTRAINT fk_unclaimed_sum_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_unclaimed_sum_renovation_id ON private.unclaimed_sum (renovation_id)

GRANT SELECT, INSERT, UPDATE ON private.unclaimed_sum TO gongjian_app
