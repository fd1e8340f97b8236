CREATE TABLE vote_step (
  renovation_id VARCHAR(64) NOT NULL,
  box_id VARCHAR(64) NOT NULL,
  step TEXT NOT NULL,
  counted BIGINT DEFAULT 0 NOT NULL,
  CONSTRAINT pk_vote_step PRIMARY KEY (renovation_id, box_id, step),
  CONSTRAINT fk_vote_step_renovation_id FOREIGN KEY (renovation_id) REFERENCES renovation (id),
  CONSTRAINT ck_vote_step_step_known CHECK (step IN ('opened', 'looked')),
  CONSTRAINT ck_vote_step_counted_not_negative CHECK (counted >= 0)
)

GRANT SELECT, INSERT, UPDATE ON vote_step TO gongjian_app
