-- Ballots in clear cannot be sealed afterwards: such votes are finished under the older release.
DO $$
BEGIN
  IF EXISTS (SELECT 1 FROM ballot_box) THEN
    RAISE EXCEPTION 'votes were begun before ballots were sealed: finish them with release 0.1';
  END IF;
END
$$

ALTER TABLE unit ADD COLUMN excluded_reason TEXT

ALTER TABLE ballot_box
  ADD COLUMN public_key BYTEA NOT NULL,
  ADD COLUMN wrapped_key BYTEA NOT NULL,
  ADD COLUMN opened_key BYTEA,
  ADD COLUMN roll_salt BYTEA NOT NULL,
  ADD COLUMN change_allowed BOOLEAN NOT NULL DEFAULT true,
  ADD COLUMN tree_head JSONB,
  ADD CONSTRAINT ck_ballot_box_public_key_length CHECK (octet_length(public_key) = 32),
  ADD CONSTRAINT ck_ballot_box_roll_salt_length CHECK (octet_length(roll_salt) = 32)

ALTER TABLE roll_entry
  ADD COLUMN pseudonym VARCHAR(64) NOT NULL,
  ADD COLUMN shares BIGINT,
  ADD CONSTRAINT uq_roll_entry_box_id_pseudonym UNIQUE (box_id, pseudonym),
  ADD CONSTRAINT ck_roll_entry_shares_not_negative CHECK (shares >= 0)

CREATE TABLE ballot_seal (
  id VARCHAR(64) NOT NULL,
  box_id VARCHAR(64) NOT NULL,
  public_key BYTEA NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_ballot_seal PRIMARY KEY (id),
  CONSTRAINT ck_ballot_seal_public_key_length CHECK (octet_length(public_key) = 32),
  CONSTRAINT fk_ballot_seal_box_id FOREIGN KEY(box_id) REFERENCES ballot_box (id)
)

CREATE TABLE ballot_batch (
  intake VARCHAR(64) NOT NULL,
  number BIGINT NOT NULL,
  box_id VARCHAR(64) NOT NULL,
  size INTEGER NOT NULL,
  root BYTEA NOT NULL,
  signature BYTEA NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_ballot_batch PRIMARY KEY (intake, number),
  CONSTRAINT ck_ballot_batch_size_not_negative CHECK (size >= 0),
  CONSTRAINT ck_ballot_batch_number_positive CHECK (number > 0),
  CONSTRAINT fk_ballot_batch_box_id FOREIGN KEY(box_id) REFERENCES ballot_box (id)
)

DROP TABLE ballot

-- What was said is only in `sealed`; `commitment` and `leaf` bind it without giving it away.
CREATE TABLE ballot (
  seq BIGINT GENERATED ALWAYS AS IDENTITY,
  id VARCHAR(64) NOT NULL,
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  request_hash BYTEA NOT NULL,
  channel TEXT NOT NULL,
  pseudonym VARCHAR(64) NOT NULL,
  heads INTEGER NOT NULL,
  area_dm2 BIGINT NOT NULL,
  shares BIGINT,
  seal_id VARCHAR(64) NOT NULL,
  sealed BYTEA NOT NULL,
  commitment BYTEA NOT NULL,
  leaf BYTEA NOT NULL,
  only_one BOOLEAN,
  intake VARCHAR(64) NOT NULL,
  batch BIGINT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_ballot PRIMARY KEY (seq),
  CONSTRAINT uq_ballot_id UNIQUE (id),
  CONSTRAINT uq_ballot_box_id_command_id UNIQUE (box_id, command_id),
  CONSTRAINT fk_ballot_box_id_entry_id FOREIGN KEY(box_id, entry_id) REFERENCES roll_entry (box_id, entry_id),
  CONSTRAINT ck_ballot_one_head CHECK (heads = 1),
  CONSTRAINT ck_ballot_area_dm2_not_negative CHECK (area_dm2 >= 0),
  CONSTRAINT ck_ballot_request_hash_length CHECK (octet_length(request_hash) = 32),
  CONSTRAINT ck_ballot_commitment_length CHECK (octet_length(commitment) = 32),
  CONSTRAINT ck_ballot_leaf_length CHECK (octet_length(leaf) = 32),
  CONSTRAINT ck_ballot_channel_known CHECK (channel IN ('web', 'portal', 'paper', 'door', 'onsite', 'proxy', 'official'))
)

CREATE INDEX ix_ballot_box_id_entry_id_seq ON ballot (box_id, entry_id, seq)

-- Where a ballot may not be changed, two at the same moment cannot both come in either.
CREATE UNIQUE INDEX uq_ballot_only_one ON ballot (box_id, entry_id) WHERE only_one

CREATE TABLE ballot_ruling (
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  ballot_id VARCHAR(64),
  up_to_seq BIGINT NOT NULL,
  reason TEXT NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_ballot_ruling PRIMARY KEY (box_id, entry_id, number),
  CONSTRAINT ck_ballot_ruling_kind_known CHECK (kind IN ('disputed', 'accepted', 'set_aside')),
  CONSTRAINT ck_ballot_ruling_accepted_names_one CHECK ((kind = 'accepted') = (ballot_id IS NOT NULL)),
  CONSTRAINT fk_ballot_ruling_box_id_entry_id FOREIGN KEY(box_id, entry_id) REFERENCES roll_entry (box_id, entry_id),
  CONSTRAINT fk_ballot_ruling_ballot_id FOREIGN KEY(ballot_id) REFERENCES ballot (id)
)

CREATE TRIGGER ballot_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ballot
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER ballot_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ballot_seal
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER ballot_batch_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ballot_batch
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

CREATE TRIGGER ballot_ruling_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ballot_ruling
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

-- The only way in: the database itself looks whether the box is open, by its own clock, takes the
-- weights from the frozen roll and writes the time. FOR SHARE makes the closing wait for this batch.
CREATE FUNCTION cast_ballots(
  ids text[], box_ids text[], unit_numbers text[], pseudonyms text[], command_ids text[],
  request_hashes bytea[], channels text[], seal_ids text[], sealeds bytea[], commitments bytea[],
  leaves bytea[], of_intake text, of_batches bigint[]
) RETURNS TABLE (ballot_id text, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH given AS (
    SELECT * FROM unnest(ids, box_ids, unit_numbers, pseudonyms, command_ids, request_hashes,
                         channels, seal_ids, sealeds, commitments, leaves, of_batches)
      AS g(id, box_id, unit_number, pseudonym, command_id, request_hash, channel, seal_id, sealed,
           commitment, leaf, batch)
  ), box AS MATERIALIZED (
    SELECT b.id, b.change_allowed FROM ballot_box b
    WHERE b.id = ANY (box_ids) AND b.state = 'open'
      AND b.opens_at <= clock_timestamp() AND clock_timestamp() < b.closes_at
    FOR SHARE
  )
  INSERT INTO ballot (id, box_id, entry_id, unit_number, command_id, request_hash, channel,
                      pseudonym, heads, area_dm2, shares, seal_id, sealed, commitment, leaf,
                      only_one, intake, batch, recorded_at)
  SELECT g.id, g.box_id, e.entry_id, g.unit_number, g.command_id, g.request_hash, g.channel,
         e.pseudonym, e.heads, e.area_dm2, e.shares, g.seal_id, g.sealed, g.commitment, g.leaf,
         CASE WHEN box.change_allowed THEN NULL ELSE true END, of_intake, g.batch, clock_timestamp()
  FROM given g
  JOIN box ON box.id = g.box_id
  JOIN roll_unit u ON u.box_id = g.box_id AND u.unit_number = g.unit_number
  JOIN roll_entry e ON e.box_id = u.box_id AND e.entry_id = u.entry_id
  JOIN ballot_seal s ON s.id = g.seal_id AND s.box_id = g.box_id
  WHERE e.excluded_reason IS NULL AND e.pseudonym = g.pseudonym
  ORDER BY g.box_id, g.command_id
  ON CONFLICT DO NOTHING
  RETURNING ballot.id::text, ballot.recorded_at;
END
$$

REVOKE ALL ON FUNCTION cast_ballots FROM PUBLIC

GRANT EXECUTE ON FUNCTION cast_ballots TO gongjian_app

GRANT SELECT ON ballot TO gongjian_app

GRANT SELECT, INSERT ON ballot_seal, ballot_batch, ballot_ruling TO gongjian_app
