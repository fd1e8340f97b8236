-- A unit that is sold before the close: the buyer's credential is the next version, no other is good.
CREATE TABLE owner_replacement (
  renovation_id VARCHAR(64) NOT NULL,
  unit_number VARCHAR(64) NOT NULL,
  generation INTEGER NOT NULL,
  box_id VARCHAR(64) NOT NULL,
  entry_id VARCHAR(64) NOT NULL,
  shared BOOLEAN NOT NULL,
  buyer_key VARCHAR(64) NOT NULL,
  registered_on DATE NOT NULL,
  evidence TEXT NOT NULL,
  up_to_seq BIGINT NOT NULL,
  replaced_by VARCHAR(64) NOT NULL,
  command_id VARCHAR(200) NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_owner_replacement PRIMARY KEY (renovation_id, unit_number, generation),
  CONSTRAINT fk_owner_replacement_box_id_entry_id FOREIGN KEY(box_id, entry_id) REFERENCES roll_entry (box_id, entry_id),
  CONSTRAINT ck_owner_replacement_generation_positive CHECK (generation > 0),
  CONSTRAINT fk_owner_replacement_renovation_id FOREIGN KEY(renovation_id) REFERENCES renovation (id),
  CONSTRAINT uq_owner_replacement_command_id UNIQUE (command_id)
)

CREATE TRIGGER owner_replacement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON owner_replacement
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()

GRANT SELECT, INSERT ON owner_replacement TO gongjian_app

ALTER TABLE roll_unit ADD COLUMN credential_version INTEGER NOT NULL DEFAULT 0

-- Of the frozen roll nothing else may be changed.
GRANT UPDATE (credential_version) ON roll_unit TO gongjian_app

DROP FUNCTION cast_ballots

-- As before, and a voter's credential has to be of the version that the unit has now.
CREATE FUNCTION cast_ballots(
  ids text[], box_ids text[], unit_numbers text[], pseudonyms text[], command_ids text[],
  request_hashes bytea[], channels text[], seal_ids text[], sealeds bytea[], commitments bytea[],
  leaves bytea[], of_intake text, of_batches bigint[], versions int[] DEFAULT NULL
) RETURNS TABLE (ballot_id text, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  -- First the lock, then a look: who waited for a replacement sees it.
  PERFORM 1 FROM ballot_box b WHERE b.id = ANY (box_ids) FOR SHARE;
  RETURN QUERY
  WITH given AS (
    SELECT * FROM unnest(ids, box_ids, unit_numbers, pseudonyms, command_ids, request_hashes,
                         channels, seal_ids, sealeds, commitments, leaves, of_batches, versions)
      AS g(id, box_id, unit_number, pseudonym, command_id, request_hash, channel, seal_id, sealed,
           commitment, leaf, batch, version)
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
    AND (g.version IS NULL OR g.version = u.credential_version)
  ORDER BY g.box_id, g.command_id
  ON CONFLICT DO NOTHING
  RETURNING ballot.id::text, ballot.recorded_at;
END
$$

REVOKE ALL ON FUNCTION cast_ballots FROM PUBLIC

GRANT EXECUTE ON FUNCTION cast_ballots TO gongjian_app
