-- What is compared: wide signs are those that they stand for, letters are small, one blank between words.
CREATE FUNCTION folded(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT btrim(regexp_replace(lower(normalize(said, NFKC)), '\s+', ' ', 'g'))
$$

-- Every sign and every two that stand beside each other. Chinese has no blanks between words, and a
-- parser for it is not at hand; two signs of a name are found in it wherever they stand.
CREATE FUNCTION bigrams(said text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT substr(said, place, long)), '{}')
  FROM generate_series(1, length(said)) AS place, generate_series(1, 2) AS long
  WHERE place + long <= length(said) + 1
$$

ALTER TABLE renovation ADD COLUMN search_text text NOT NULL DEFAULT ''

-- What a case is called: by itself, its estate, its places from the district down, and who builds.
CREATE FUNCTION renovation_words(renovation_id text, title text, estate_id text, place_path text)
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT folded(concat_ws(' ',
    title,
    (SELECT e.name FROM estate e WHERE e.id = renovation_words.estate_id),
    (SELECT string_agg(p.name, ' ' ORDER BY length(p.path)) FROM place p
     WHERE p.id = ANY (string_to_array(renovation_words.place_path, '/'))),
    (SELECT string_agg(coalesce(f.name, c.bidder_id), ' ' ORDER BY c.works_round) FROM contract c
     LEFT JOIN private.firm f ON f.id = c.bidder_id
     WHERE c.renovation_id = renovation_words.renovation_id)))
$$

CREATE FUNCTION renovation_called() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.search_text := renovation_words(NEW.id, NEW.title, NEW.estate_id, NEW.place_path);
  RETURN NEW;
END $$

UPDATE renovation SET search_text = renovation_words(id, title, estate_id, place_path)

CREATE TRIGGER renovation_called BEFORE INSERT OR UPDATE OF title, estate_id, place_path ON renovation
  FOR EACH ROW EXECUTE FUNCTION renovation_called()

-- A contract names the builder; an estate and a firm may get another name.
CREATE FUNCTION named_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE renovation r
  SET search_text = renovation_words(r.id, r.title, r.estate_id, r.place_path)
  WHERE r.id IN (
    SELECT to_jsonb(NEW) ->> 'renovation_id' WHERE TG_TABLE_NAME = 'contract'
    UNION ALL SELECT o.id FROM renovation o
      WHERE TG_TABLE_NAME = 'estate' AND o.estate_id = to_jsonb(NEW) ->> 'id'
    UNION ALL SELECT c.renovation_id FROM contract c
      WHERE TG_TABLE_NAME = 'firm' AND c.bidder_id = to_jsonb(NEW) ->> 'id');
  RETURN NULL;
END $$

CREATE TRIGGER contract_named AFTER INSERT OR UPDATE OF bidder_id ON contract
  FOR EACH ROW EXECUTE FUNCTION named_anew()

CREATE TRIGGER estate_named AFTER UPDATE OF name ON estate
  FOR EACH ROW EXECUTE FUNCTION named_anew()

CREATE TRIGGER firm_named AFTER UPDATE OF name ON private.firm
  FOR EACH ROW EXECUTE FUNCTION named_anew()

CREATE INDEX ix_renovation_text ON renovation USING gin (bigrams(search_text)) WITH (fastupdate = off)

CREATE INDEX ix_renovation_ended ON renovation (state, opened_at, id) WHERE state <> 'running'

CREATE INDEX ix_renovation_rule_pack_opened_at_id ON renovation (rule_pack, opened_at, id)

-- Counts by place and stage are read from this index alone.
CREATE INDEX ix_renovation_place_path_state_stage ON renovation (place_path text_pattern_ops, state, stage)

CREATE INDEX ix_contract_bidder_id_renovation_id ON contract (bidder_id, renovation_id)
