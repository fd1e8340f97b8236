DROP FUNCTION cast_ballots

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

ALTER TABLE roll_unit DROP COLUMN credential_version

DROP TABLE owner_replacement
