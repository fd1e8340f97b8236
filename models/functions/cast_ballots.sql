-- The one way into the ballot box, as it is at the head of the migrations. Nothing runs this file: a
-- migration that changes the function copies the new text from here, and a test compares
-- (tests/runtime/test_functions.py). `service/ballots/batches.py` calls it, once for each commit.
--
-- `tick` is when the ballots were cast, by the clock of their case; it decides about the deadline.
-- `moment` is the database's clock. `taken` and `leaves` are the command ids that went in and their
-- leaves in the Merkle tree, in one row: an array costs less than as many rows. Both are NULL when none
-- went in. A caller gives no command id twice, though two units may have the same one. Left out is a ballot that is in already, and one of a unit that is not on the roll, may not
-- vote or has another credential; all are left out when the box does not take ballots now.
--
-- The leaf of a box of format 2 is RFC 6962's hash of
-- {"ballot":"<content hash>","cast_at":"…","recorded_at":"…"}: nobody else knows the times when it is
-- made. `force_generic_plan`: with few ballots, planning anew at every call took a third of the time.
CREATE FUNCTION cast_ballots(
  of_box text, of_roll text, of_channel text, of_seal text, of_intake text, of_batch bigint,
  unit_numbers text[], command_ids text[], request_hashes bytea[], sealeds bytea[],
  commitments bytea[], content_hashes bytea[], versions int[] DEFAULT NULL,
  OUT box_format smallint, OUT tick timestamptz, OUT moment timestamptz,
  OUT taken text[], OUT leaves bytea[]
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  of_case text;
  may_change boolean;
  opening timestamptz;
  closing timestamptz;
  utc CONSTANT text := 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"';
  head bytea;
  tail bytea;
BEGIN
  -- First the lock, then a look: who waited for the close or for a replacement sees it, and while the
  -- lock is held nobody moves the clock of a told case.
  SELECT b.renovation_id, b.change_allowed, b.opens_at, b.closes_at, b.format
  INTO of_case, may_change, opening, closing, box_format FROM ballot_box b
  WHERE b.id = of_box AND b.state = 'open' AND b.roll_hash = of_roll
  FOR SHARE;
  tick := tick_of(of_case);
  -- Boxes of format 1 that are still open are of wall cases, and know one moment only.
  moment := CASE WHEN box_format = 1 THEN tick ELSE clock_timestamp() END;
  IF of_case IS NULL OR tick < opening OR tick >= closing OR NOT EXISTS (
    SELECT 1 FROM ballot_seal s WHERE s.id = of_seal AND s.box_id = of_box
  ) THEN
    RETURN;
  END IF;
  -- What all leaves share is written once.
  head := '\x00'::bytea || convert_to('{"ballot":"', 'UTF8');
  tail := convert_to(
    '","cast_at":"' || to_char(tick AT TIME ZONE 'UTC', utc)
    || '","recorded_at":"' || to_char(moment AT TIME ZONE 'UTC', utc) || '"}', 'UTF8');
  -- LATERAL … LIMIT 1: two lookups by key for each ballot, whatever the planner thinks of tables
  -- that nobody has analysed yet; a join of them cost 0.4 s a batch with 2,000 households.
  WITH put AS (
    INSERT INTO ballot (id, box_id, entry_id, unit_number, command_id, request_hash, channel,
                        pseudonym, heads, area_dm2, shares, seal_id, sealed, commitment, leaf,
                        only_one, intake, batch, cast_at, recorded_at)
    SELECT encode(substring(g.leaf FOR 16), 'hex'), of_box, e.entry_id, g.unit_number, g.command_id,
           g.request_hash, of_channel, e.pseudonym, e.heads, e.area_dm2, e.shares, of_seal, g.sealed,
           g.commitment, g.leaf, CASE WHEN may_change THEN NULL ELSE true END, of_intake, of_batch,
           tick, moment
    FROM (
      SELECT u.*, CASE WHEN box_format = 1 THEN u.content_hash
             ELSE sha256(head || convert_to(encode(u.content_hash, 'hex'), 'UTF8') || tail) END AS leaf
      FROM unnest(unit_numbers, command_ids, request_hashes, sealeds, commitments, content_hashes,
                  versions)
        AS u(unit_number, command_id, request_hash, sealed, commitment, content_hash, version)
      OFFSET 0
    ) g
    CROSS JOIN LATERAL (
      SELECT u.entry_id, u.credential_version FROM roll_unit u
      WHERE u.box_id = of_box AND u.unit_number = g.unit_number LIMIT 1
    ) unit
    CROSS JOIN LATERAL (
      SELECT r.entry_id, r.pseudonym, r.heads, r.area_dm2, r.shares, r.excluded_reason
      FROM roll_entry r WHERE r.box_id = of_box AND r.entry_id = unit.entry_id LIMIT 1
    ) e
    WHERE e.excluded_reason IS NULL
      AND (g.version IS NULL OR g.version = unit.credential_version)
    ORDER BY g.unit_number, g.command_id
    ON CONFLICT DO NOTHING
    RETURNING ballot.command_id, ballot.leaf
  )
  SELECT array_agg(put.command_id::text), array_agg(put.leaf) INTO taken, leaves FROM put;
END
$$
