DROP INDEX uq_bid_one_envelope_per_bidder

-- Fails while a bid is still sealed: nobody but the opening may read it.
ALTER TABLE bid
  DROP CONSTRAINT ck_bid_opened_is_read,
  DROP CONSTRAINT ck_bid_sealed_or_read,
  DROP COLUMN envelope,
  DROP COLUMN sealed_name,
  ALTER COLUMN technical_milli DROP DEFAULT,
  ALTER COLUMN flags SET NOT NULL,
  ALTER COLUMN bond_account SET NOT NULL,
  ALTER COLUMN bond_fen SET NOT NULL,
  ALTER COLUMN price_fen SET NOT NULL,
  ALTER COLUMN bidder_id SET NOT NULL
