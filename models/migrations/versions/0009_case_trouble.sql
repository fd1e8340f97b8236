-- Steps that no attempt could do. The row goes when the step is done, or somebody has seen to it.
CREATE TABLE case_trouble (
  workflow_id VARCHAR(200) NOT NULL,
  step TEXT NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  by_act BOOLEAN NOT NULL,
  error TEXT NOT NULL,
  reference VARCHAR(64) NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_case_trouble PRIMARY KEY (workflow_id, step),
  CONSTRAINT ck_case_trouble_step_word CHECK (step ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT fk_case_trouble_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_case_trouble_renovation_id ON case_trouble (renovation_id)

GRANT SELECT, INSERT, UPDATE, DELETE ON case_trouble TO gongjian_app
