-- The first house: every table of the journey. Frozen: later changes are later revisions.

CREATE SCHEMA private

CREATE TABLE place (
  id VARCHAR(64) NOT NULL,
  kind TEXT NOT NULL,
  parent_id VARCHAR(64),
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  CONSTRAINT pk_place PRIMARY KEY (id),
  CONSTRAINT ck_place_kind_known CHECK (kind IN ('district', 'street_office', 'community', 'grid', 'building', 'entrance', 'unit')),
  CONSTRAINT ck_place_parent_above CHECK ((parent_id IS NULL) = (kind = 'district')),
  CONSTRAINT fk_place_parent_id FOREIGN KEY(parent_id) REFERENCES place (id),
  CONSTRAINT uq_place_path UNIQUE (path)
)

CREATE INDEX ix_place_parent_id ON place (parent_id)

CREATE INDEX ix_place_path_prefix ON place (path text_pattern_ops)

CREATE TABLE private.person (
  id VARCHAR(64) NOT NULL,
  name TEXT NOT NULL,
  phone TEXT,
  CONSTRAINT pk_person PRIMARY KEY (id)
)

CREATE TABLE estate (
  id VARCHAR(64) NOT NULL,
  name TEXT NOT NULL,
  place_id VARCHAR(64) NOT NULL,
  synthetic BOOLEAN DEFAULT false NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_estate PRIMARY KEY (id),
  CONSTRAINT fk_estate_place_id FOREIGN KEY(place_id) REFERENCES place (id)
)

CREATE INDEX ix_estate_place_id ON estate (place_id)

CREATE TABLE role_grant (
  actor_id VARCHAR(64) NOT NULL,
  label TEXT NOT NULL,
  role VARCHAR(64) NOT NULL,
  place_id VARCHAR(64) NOT NULL,
  CONSTRAINT pk_role_grant PRIMARY KEY (actor_id, role, place_id),
  CONSTRAINT ck_role_grant_role_word CHECK (role ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT fk_role_grant_place_id FOREIGN KEY(place_id) REFERENCES place (id)
)

CREATE TABLE renovation (
  id VARCHAR(64) NOT NULL,
  estate_id VARCHAR(64) NOT NULL,
  title TEXT NOT NULL,
  stage TEXT NOT NULL,
  state TEXT NOT NULL,
  workflow_id VARCHAR(200) DEFAULT '' NOT NULL,
  stage_workflow_id VARCHAR(200) DEFAULT '' NOT NULL,
  place_id VARCHAR(64) NOT NULL,
  place_path TEXT NOT NULL,
  rule_pack TEXT NOT NULL,
  timetable JSONB NOT NULL,
  clock JSONB NOT NULL,
  head_seq INTEGER DEFAULT 0 NOT NULL,
  head_hash VARCHAR(64) DEFAULT '0000000000000000000000000000000000000000000000000000000000000000' NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  waiting_for TEXT DEFAULT '' NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_renovation PRIMARY KEY (id),
  CONSTRAINT ck_renovation_state_known CHECK (state IN ('running', 'completed', 'shelved', 'cancelled')),
  CONSTRAINT ck_renovation_stage_word CHECK (stage ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT ck_renovation_head_hash_sha256 CHECK (head_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_renovation_head_seq_not_negative CHECK (head_seq >= 0),
  CONSTRAINT fk_renovation_estate_id FOREIGN KEY(estate_id) REFERENCES estate (id),
  CONSTRAINT fk_renovation_place_id FOREIGN KEY(place_id) REFERENCES place (id)
)

CREATE INDEX ix_renovation_estate_id ON renovation (estate_id)

CREATE INDEX ix_renovation_place_id ON renovation (place_id)

CREATE INDEX ix_renovation_place_path ON renovation (place_path text_pattern_ops)

CREATE TABLE unit (
  id VARCHAR(64) NOT NULL,
  estate_id VARCHAR(64) NOT NULL,
  number VARCHAR(64) NOT NULL,
  building VARCHAR(64) NOT NULL,
  entrance VARCHAR(64) NOT NULL,
  floor INTEGER NOT NULL,
  kind TEXT NOT NULL,
  area_dm2 INTEGER NOT NULL,
  shares INTEGER,
  owner_key TEXT NOT NULL,
  developer BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT pk_unit PRIMARY KEY (id),
  CONSTRAINT uq_unit_estate_id_number UNIQUE (estate_id, number),
  CONSTRAINT ck_unit_kind_known CHECK (kind IN ('flat', 'shop', 'parking', 'storage', 'other')),
  CONSTRAINT ck_unit_area_positive CHECK (area_dm2 > 0),
  CONSTRAINT ck_unit_shares_not_negative CHECK (shares >= 0),
  CONSTRAINT fk_unit_estate_id FOREIGN KEY(estate_id) REFERENCES estate (id)
)

CREATE TABLE ballot_box (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  attempt INTEGER NOT NULL,
  motions JSONB NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  opens_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closes_at TIMESTAMP WITH TIME ZONE NOT NULL,
  case_closes_at TIMESTAMP WITH TIME ZONE NOT NULL,
  roll_hash VARCHAR(64) NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  tally JSONB,
  CONSTRAINT pk_ballot_box PRIMARY KEY (id),
  CONSTRAINT uq_ballot_box_renovation_id_attempt UNIQUE (renovation_id, attempt),
  CONSTRAINT ck_ballot_box_state_known CHECK (state IN ('open', 'closed')),
  CONSTRAINT ck_ballot_box_roll_hash_sha256 CHECK (roll_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_ballot_box_attempt_positive CHECK (attempt > 0),
  CONSTRAINT ck_ballot_box_closes_after_opening CHECK (closes_at >= opens_at),
  CONSTRAINT fk_ballot_box_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE TABLE evaluation (
  renovation_id VARCHAR(64) NOT NULL,
  indicator VARCHAR(64) NOT NULL,
  numerator BIGINT NOT NULL,
  denominator BIGINT NOT NULL,
  missing BIGINT NOT NULL,
  target_numerator BIGINT NOT NULL,
  target_denominator BIGINT NOT NULL,
  CONSTRAINT pk_evaluation PRIMARY KEY (renovation_id, indicator),
  CONSTRAINT ck_evaluation_denominator_not_negative CHECK (denominator >= 0),
  CONSTRAINT ck_evaluation_missing_not_negative CHECK (missing >= 0),
  CONSTRAINT ck_evaluation_target_denominator_positive CHECK (target_denominator > 0),
  CONSTRAINT fk_evaluation_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE TABLE event (
  renovation_id VARCHAR(64) NOT NULL,
  seq INTEGER NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor_id VARCHAR(64) NOT NULL,
  actor_role VARCHAR(64) NOT NULL,
  actor_label TEXT NOT NULL,
  actor_place TEXT NOT NULL,
  on_behalf_of TEXT,
  kind TEXT NOT NULL,
  details JSONB NOT NULL,
  rule_pack TEXT NOT NULL,
  workflow_id VARCHAR(200) NOT NULL,
  run_id VARCHAR(200) NOT NULL,
  prev_hash VARCHAR(64) NOT NULL,
  hash VARCHAR(64) NOT NULL,
  CONSTRAINT pk_event PRIMARY KEY (renovation_id, seq),
  CONSTRAINT ck_event_seq_positive CHECK (seq > 0),
  CONSTRAINT ck_event_kind_word CHECK (kind ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT ck_event_prev_hash_sha256 CHECK (prev_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_event_hash_sha256 CHECK (hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT fk_event_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT uq_event_command_id UNIQUE (command_id)
)

CREATE INDEX ix_event_recorded_at ON event (recorded_at)

CREATE TABLE instalment (
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  number INTEGER NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  amount_fen BIGINT NOT NULL,
  CONSTRAINT pk_instalment PRIMARY KEY (renovation_id, unit_number, number),
  CONSTRAINT ck_instalment_number_positive CHECK (number > 0),
  CONSTRAINT ck_instalment_amount_fen_not_negative CHECK (amount_fen >= 0),
  CONSTRAINT fk_instalment_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE TABLE notice (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  audience TEXT NOT NULL,
  audience_id VARCHAR(64),
  template TEXT NOT NULL,
  params JSONB NOT NULL,
  state TEXT DEFAULT 'queued' NOT NULL,
  attempts INTEGER DEFAULT 0 NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_notice PRIMARY KEY (id),
  CONSTRAINT ck_notice_state_known CHECK (state IN ('queued', 'sent', 'failed')),
  CONSTRAINT ck_notice_audience_word CHECK (audience ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT ck_notice_attempts_not_negative CHECK (attempts >= 0),
  CONSTRAINT fk_notice_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_notice_queued ON notice (created_at) WHERE state = 'queued'

CREATE INDEX ix_notice_renovation_id ON notice (renovation_id)

CREATE TABLE payment (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  amount_fen BIGINT NOT NULL,
  source TEXT NOT NULL,
  received_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_payment PRIMARY KEY (id),
  CONSTRAINT ck_payment_source_known CHECK (source IN ('owner', 'relief', 'subsidy', 'fund')),
  CONSTRAINT ck_payment_amount_positive CHECK (amount_fen > 0),
  CONSTRAINT fk_payment_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT uq_payment_command_id UNIQUE (command_id)
)

CREATE INDEX ix_payment_renovation_id_unit_number ON payment (renovation_id, unit_number)

CREATE TABLE private.unit_owner (
  unit_id VARCHAR(64) NOT NULL,
  person_id VARCHAR(64) NOT NULL,
  position INTEGER NOT NULL,
  CONSTRAINT pk_unit_owner PRIMARY KEY (unit_id, person_id),
  CONSTRAINT ck_unit_owner_position_not_negative CHECK (position >= 0),
  CONSTRAINT fk_unit_owner_unit_id FOREIGN KEY(unit_id) REFERENCES unit (id),
  CONSTRAINT fk_unit_owner_person_id FOREIGN KEY(person_id) REFERENCES private.person (id)
)

CREATE INDEX ix_unit_owner_person_id ON private.unit_owner (person_id)

CREATE TABLE publication (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  subject TEXT NOT NULL,
  content JSONB NOT NULL,
  opens_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closes_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  outcome TEXT,
  CONSTRAINT pk_publication PRIMARY KEY (id),
  CONSTRAINT ck_publication_state_known CHECK (state IN ('open', 'closed')),
  CONSTRAINT ck_publication_closes_after_opening CHECK (closes_at >= opens_at),
  CONSTRAINT fk_publication_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_publication_renovation_id ON publication (renovation_id)

CREATE TABLE refund (
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  amount_fen BIGINT NOT NULL,
  paid BOOLEAN DEFAULT false NOT NULL,
  CONSTRAINT pk_refund PRIMARY KEY (renovation_id, unit_number),
  CONSTRAINT ck_refund_amount_fen_not_negative CHECK (amount_fen >= 0),
  CONSTRAINT fk_refund_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE TABLE relief (
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  kind VARCHAR(64) NOT NULL,
  amount_fen BIGINT NOT NULL,
  approved_by VARCHAR(64) NOT NULL,
  funded_by VARCHAR(64) NOT NULL,
  CONSTRAINT pk_relief PRIMARY KEY (renovation_id, unit_number, kind),
  CONSTRAINT ck_relief_kind_word CHECK (kind ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT ck_relief_amount_fen_not_negative CHECK (amount_fen >= 0),
  CONSTRAINT fk_relief_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE TABLE scheme (
  renovation_id VARCHAR(64) NOT NULL,
  version INTEGER NOT NULL,
  title TEXT NOT NULL,
  content JSONB NOT NULL,
  budget_fen BIGINT NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_scheme PRIMARY KEY (renovation_id, version),
  CONSTRAINT ck_scheme_version_positive CHECK (version > 0),
  CONSTRAINT ck_scheme_budget_fen_not_negative CHECK (budget_fen >= 0),
  CONSTRAINT fk_scheme_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE TABLE share_total (
  renovation_id VARCHAR(64) NOT NULL,
  basis VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  amount_fen BIGINT NOT NULL,
  CONSTRAINT pk_share_total PRIMARY KEY (renovation_id, basis, unit_number),
  CONSTRAINT ck_share_total_basis_known CHECK (basis IN ('estimate', 'award', 'settlement')),
  CONSTRAINT ck_share_total_amount_fen_not_negative CHECK (amount_fen >= 0),
  CONSTRAINT fk_share_total_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE TABLE survey_answer (
  command_id VARCHAR(200) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  score INTEGER NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_survey_answer PRIMARY KEY (command_id),
  CONSTRAINT ck_survey_answer_score_range CHECK (score BETWEEN 1 AND 5),
  CONSTRAINT fk_survey_answer_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_survey_answer_renovation_id_unit_number ON survey_answer (renovation_id, unit_number)

CREATE TABLE tender (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  round INTEGER NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  notice_at TIMESTAMP WITH TIME ZONE NOT NULL,
  deadline_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ceiling_fen BIGINT NOT NULL,
  estimate_fen BIGINT NOT NULL,
  method TEXT NOT NULL,
  criteria JSONB NOT NULL,
  CONSTRAINT pk_tender PRIMARY KEY (id),
  CONSTRAINT uq_tender_renovation_id_round UNIQUE (renovation_id, round),
  CONSTRAINT ck_tender_state_known CHECK (state IN ('open', 'closed', 'failed', 'cancelled', 'awarded')),
  CONSTRAINT ck_tender_method_word CHECK (method ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT ck_tender_round_positive CHECK (round > 0),
  CONSTRAINT ck_tender_deadline_after_notice CHECK (deadline_at >= notice_at),
  CONSTRAINT ck_tender_ceiling_fen_not_negative CHECK (ceiling_fen >= 0),
  CONSTRAINT ck_tender_estimate_fen_not_negative CHECK (estimate_fen >= 0),
  CONSTRAINT fk_tender_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE TABLE ticket (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  unit_number VARCHAR(64),
  confidential BOOLEAN DEFAULT false NOT NULL,
  level TEXT NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  resolved_at TIMESTAMP WITH TIME ZONE,
  reopened INTEGER DEFAULT 0 NOT NULL,
  satisfied BOOLEAN,
  CONSTRAINT pk_ticket PRIMARY KEY (id),
  CONSTRAINT ck_ticket_kind_word CHECK (kind ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT ck_ticket_level_known CHECK (level IN ('grid', 'community', 'street', 'district', 'city')),
  CONSTRAINT ck_ticket_state_known CHECK (state IN ('open', 'resolved', 'closed', 'reopened', 'escalated', 'referred')),
  CONSTRAINT ck_ticket_reopened_not_negative CHECK (reopened >= 0),
  CONSTRAINT fk_ticket_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT uq_ticket_command_id UNIQUE (command_id)
)

CREATE INDEX ix_ticket_renovation_id_state ON ticket (renovation_id, state)

CREATE TABLE work_item (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  building VARCHAR(64) NOT NULL,
  title TEXT NOT NULL,
  concealed BOOLEAN DEFAULT false NOT NULL,
  value_fen BIGINT NOT NULL,
  state TEXT DEFAULT 'planned' NOT NULL,
  CONSTRAINT pk_work_item PRIMARY KEY (id),
  CONSTRAINT ck_work_item_state_known CHECK (state IN ('planned', 'reported', 'passed', 'rejected', 'default', 'cancelled')),
  CONSTRAINT ck_work_item_value_fen_not_negative CHECK (value_fen >= 0),
  CONSTRAINT fk_work_item_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id)
)

CREATE INDEX ix_work_item_renovation_id ON work_item (renovation_id)

CREATE TABLE award (
  id VARCHAR(64) NOT NULL,
  tender_id VARCHAR(64) NOT NULL,
  rank INTEGER NOT NULL,
  bidder_id VARCHAR(64) NOT NULL,
  price_fen BIGINT NOT NULL,
  state TEXT DEFAULT 'candidate' NOT NULL,
  CONSTRAINT pk_award PRIMARY KEY (id),
  CONSTRAINT uq_award_tender_id_rank UNIQUE (tender_id, rank),
  CONSTRAINT ck_award_state_known CHECK (state IN ('candidate', 'awarded', 'withdrawn', 'cancelled')),
  CONSTRAINT ck_award_rank_positive CHECK (rank > 0),
  CONSTRAINT ck_award_price_fen_not_negative CHECK (price_fen >= 0),
  CONSTRAINT fk_award_tender_id FOREIGN KEY(tender_id) REFERENCES tender (id)
)

CREATE TABLE bid (
  id VARCHAR(64) NOT NULL,
  tender_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  bidder_id VARCHAR(64) NOT NULL,
  price_fen BIGINT NOT NULL,
  technical_milli INTEGER NOT NULL,
  bond_fen BIGINT NOT NULL,
  bond_account TEXT NOT NULL,
  flags JSONB NOT NULL,
  submitted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  state TEXT DEFAULT 'submitted' NOT NULL,
  CONSTRAINT pk_bid PRIMARY KEY (id),
  CONSTRAINT ck_bid_state_known CHECK (state IN ('submitted', 'withdrawn', 'opened', 'rejected', 'evaluated')),
  CONSTRAINT ck_bid_withdrawn_when CHECK ((state = 'withdrawn') = (withdrawn_at IS NOT NULL)),
  CONSTRAINT ck_bid_price_fen_not_negative CHECK (price_fen >= 0),
  CONSTRAINT ck_bid_technical_milli_not_negative CHECK (technical_milli >= 0),
  CONSTRAINT ck_bid_bond_fen_not_negative CHECK (bond_fen >= 0),
  CONSTRAINT fk_bid_tender_id FOREIGN KEY(tender_id) REFERENCES tender (id),
  CONSTRAINT uq_bid_command_id UNIQUE (command_id)
)

CREATE INDEX ix_bid_tender_id ON bid (tender_id)

CREATE UNIQUE INDEX uq_bid_one_per_bidder ON bid (tender_id, bidder_id) WHERE state <> 'withdrawn'

CREATE TABLE certificate (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  item_id VARCHAR(64),
  certified_fen BIGINT NOT NULL,
  retention_fen BIGINT NOT NULL,
  deductions_fen BIGINT NOT NULL,
  payable_fen BIGINT NOT NULL,
  state TEXT DEFAULT 'blocked' NOT NULL,
  approved_by VARCHAR(64) NOT NULL,
  CONSTRAINT pk_certificate PRIMARY KEY (id),
  CONSTRAINT ck_certificate_state_known CHECK (state IN ('blocked', 'released')),
  CONSTRAINT ck_certificate_certified_fen_not_negative CHECK (certified_fen >= 0),
  CONSTRAINT ck_certificate_retention_fen_not_negative CHECK (retention_fen >= 0),
  CONSTRAINT ck_certificate_deductions_fen_not_negative CHECK (deductions_fen >= 0),
  CONSTRAINT ck_certificate_payable_fen_not_negative CHECK (payable_fen >= 0),
  CONSTRAINT ck_certificate_sums_up CHECK (payable_fen = certified_fen - retention_fen - deductions_fen),
  CONSTRAINT fk_certificate_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT fk_certificate_item_id FOREIGN KEY(item_id) REFERENCES work_item (id)
)

CREATE INDEX ix_certificate_renovation_id ON certificate (renovation_id)

CREATE TABLE contract (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  tender_id VARCHAR(64) NOT NULL,
  bidder_id VARCHAR(64) NOT NULL,
  value_fen BIGINT NOT NULL,
  contingency_fen BIGINT NOT NULL,
  retention_permille INTEGER NOT NULL,
  signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT DEFAULT 'signed' NOT NULL,
  CONSTRAINT pk_contract PRIMARY KEY (id),
  CONSTRAINT ck_contract_state_known CHECK (state IN ('signed', 'terminated', 'completed')),
  CONSTRAINT ck_contract_retention_permille_share CHECK (retention_permille BETWEEN 0 AND 1000),
  CONSTRAINT ck_contract_value_fen_not_negative CHECK (value_fen >= 0),
  CONSTRAINT ck_contract_contingency_fen_not_negative CHECK (contingency_fen >= 0),
  CONSTRAINT fk_contract_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT fk_contract_tender_id FOREIGN KEY(tender_id) REFERENCES tender (id)
)

CREATE INDEX ix_contract_renovation_id ON contract (renovation_id)

CREATE INDEX ix_contract_tender_id ON contract (tender_id)

CREATE TABLE inspection (
  id VARCHAR(64) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  item_id VARCHAR(64),
  round INTEGER NOT NULL,
  kind TEXT NOT NULL,
  outcome TEXT NOT NULL,
  inspector_id VARCHAR(64) NOT NULL,
  defects JSONB NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  supersedes VARCHAR(64),
  CONSTRAINT pk_inspection PRIMARY KEY (id),
  CONSTRAINT ck_inspection_kind_known CHECK (kind IN ('material', 'concealed', 'stage', 'completion')),
  CONSTRAINT ck_inspection_outcome_known CHECK (outcome IN ('PASS', 'PASS_WITH_MINOR', 'FAIL')),
  CONSTRAINT ck_inspection_round_positive CHECK (round > 0),
  CONSTRAINT ck_inspection_item_known CHECK (item_id IS NOT NULL OR kind = 'completion'),
  CONSTRAINT fk_inspection_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT fk_inspection_item_id FOREIGN KEY(item_id) REFERENCES work_item (id),
  CONSTRAINT uq_inspection_supersedes UNIQUE (supersedes),
  CONSTRAINT fk_inspection_supersedes FOREIGN KEY(supersedes) REFERENCES inspection (id)
)

CREATE INDEX ix_inspection_renovation_id_item_id ON inspection (renovation_id, item_id)

CREATE TABLE objection (
  id VARCHAR(64) NOT NULL,
  publication_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  unit_number VARCHAR(64),
  text TEXT NOT NULL,
  filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT DEFAULT 'open' NOT NULL,
  upheld BOOLEAN,
  answer TEXT,
  answered_at TIMESTAMP WITH TIME ZONE,
  answered_by VARCHAR(64),
  CONSTRAINT pk_objection PRIMARY KEY (id),
  CONSTRAINT ck_objection_state_known CHECK (state IN ('open', 'answered')),
  CONSTRAINT ck_objection_answered_in_full CHECK ((state = 'answered') = (answer IS NOT NULL AND upheld IS NOT NULL AND answered_at IS NOT NULL AND answered_by IS NOT NULL)),
  CONSTRAINT fk_objection_publication_id FOREIGN KEY(publication_id) REFERENCES publication (id),
  CONSTRAINT uq_objection_command_id UNIQUE (command_id)
)

CREATE INDEX ix_objection_publication_id ON objection (publication_id)

CREATE TABLE receipt (
  command_id VARCHAR(200) NOT NULL,
  renovation_id VARCHAR(64) NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  request_hash VARCHAR(64) NOT NULL,
  result JSONB NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_receipt PRIMARY KEY (command_id),
  CONSTRAINT fk_receipt_renovation_id_seq FOREIGN KEY(renovation_id, seq) REFERENCES event (renovation_id, seq),
  CONSTRAINT ck_receipt_kind_word CHECK (kind ~ '^[a-z][a-z0-9_.]*$'),
  CONSTRAINT ck_receipt_request_hash_sha256 CHECK (request_hash ~ '^[0-9a-f]{64}$')
)

CREATE TABLE roll_entry (
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  heads INTEGER DEFAULT 1 NOT NULL,
  area_dm2 BIGINT NOT NULL,
  units VARCHAR(64)[] NOT NULL,
  developer BOOLEAN DEFAULT false NOT NULL,
  excluded_reason TEXT,
  CONSTRAINT pk_roll_entry PRIMARY KEY (box_id, entry_id),
  CONSTRAINT ck_roll_entry_one_head CHECK (heads = 1),
  CONSTRAINT ck_roll_entry_area_dm2_not_negative CHECK (area_dm2 >= 0),
  CONSTRAINT fk_roll_entry_box_id FOREIGN KEY(box_id) REFERENCES ballot_box (id)
)

CREATE TABLE share (
  renovation_id VARCHAR(64) NOT NULL,
  scheme_version INTEGER NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  item_id VARCHAR(64) NOT NULL,
  amount_fen BIGINT NOT NULL,
  CONSTRAINT pk_share PRIMARY KEY (renovation_id, scheme_version, unit_number, item_id),
  CONSTRAINT fk_share_renovation_id_scheme_version FOREIGN KEY(renovation_id, scheme_version) REFERENCES scheme (renovation_id, version),
  CONSTRAINT ck_share_amount_fen_not_negative CHECK (amount_fen >= 0)
)

CREATE TABLE ballot (
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  id VARCHAR(64) NOT NULL,
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  request_hash VARCHAR(64) NOT NULL,
  choices JSONB NOT NULL,
  channel TEXT NOT NULL,
  heads INTEGER NOT NULL,
  area_dm2 BIGINT NOT NULL,
  leaf_hash VARCHAR(64) NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_ballot PRIMARY KEY (seq),
  CONSTRAINT uq_ballot_id UNIQUE (id),
  CONSTRAINT uq_ballot_box_id_command_id UNIQUE (box_id, command_id),
  CONSTRAINT fk_ballot_box_id_entry_id FOREIGN KEY(box_id, entry_id) REFERENCES roll_entry (box_id, entry_id),
  CONSTRAINT ck_ballot_choices_object CHECK (jsonb_typeof(choices) = 'object'),
  CONSTRAINT ck_ballot_one_head CHECK (heads = 1),
  CONSTRAINT ck_ballot_area_dm2_not_negative CHECK (area_dm2 >= 0),
  CONSTRAINT ck_ballot_request_hash_sha256 CHECK (request_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_ballot_leaf_hash_sha256 CHECK (leaf_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ck_ballot_channel_word CHECK (channel ~ '^[a-z][a-z0-9_.]*$')
)

CREATE INDEX ix_ballot_box_id_entry_id_seq ON ballot (box_id, entry_id, seq)

CREATE TABLE roll_unit (
  box_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  CONSTRAINT pk_roll_unit PRIMARY KEY (box_id, unit_number),
  CONSTRAINT fk_roll_unit_box_id_entry_id FOREIGN KEY(box_id, entry_id) REFERENCES roll_entry (box_id, entry_id)
)

-- What was recorded stays: not even the owner's role changes or deletes it.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END
$$

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER receipt_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON receipt
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER ballot_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ballot
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER payment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

-- The application's role is made with the database (deploy/postgres/10-roles.sh).
GRANT USAGE ON SCHEMA public, private TO gongjian_app

-- Append-only by right as well as by trigger.
GRANT SELECT, INSERT ON event, receipt, ballot, payment TO gongjian_app

-- Never changed once written: a later row follows or supersedes an earlier one.
GRANT SELECT, INSERT ON roll_entry, roll_unit, scheme, inspection TO gongjian_app

GRANT SELECT, INSERT, UPDATE, DELETE ON place, private.person, estate, role_grant, renovation,
  unit, ballot_box, evaluation, instalment, notice, private.unit_owner, publication, refund,
  relief, share_total, survey_answer, tender, ticket, work_item, award, bid, certificate,
  contract, objection, share TO gongjian_app
