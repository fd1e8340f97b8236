DROP INDEX ix_contract_bidder_id_renovation_id

DROP INDEX ix_renovation_place_path_state_stage

DROP INDEX ix_renovation_rule_pack_opened_at_id

DROP INDEX ix_renovation_ended

DROP INDEX ix_renovation_text

DROP TRIGGER firm_named ON private.firm

DROP TRIGGER estate_named ON estate

DROP TRIGGER contract_named ON contract

DROP FUNCTION named_anew()

DROP TRIGGER renovation_called ON renovation

DROP FUNCTION renovation_called()

DROP FUNCTION renovation_words(text, text, text, text)

ALTER TABLE renovation DROP COLUMN search_text

DROP FUNCTION bigrams(text)

DROP FUNCTION folded(text)
