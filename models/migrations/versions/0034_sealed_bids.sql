-- Bids that are there stay readable: who was read by everybody with the database once is not sealed again.
ALTER TABLE bid
  ALTER COLUMN bidder_id DROP NOT NULL,
  ALTER COLUMN price_fen DROP NOT NULL,
  ALTER COLUMN bond_fen DROP NOT NULL,
  ALTER COLUMN bond_account DROP NOT NULL,
  ALTER COLUMN flags DROP NOT NULL,
  ALTER COLUMN technical_milli SET DEFAULT 0,
  ADD COLUMN sealed_name VARCHAR(64),
  ADD COLUMN envelope BYTEA,
  ADD CONSTRAINT ck_bid_sealed_or_read CHECK (price_fen IS NOT NULL OR (envelope IS NOT NULL AND sealed_name IS NOT NULL)),
  ADD CONSTRAINT ck_bid_opened_is_read CHECK (state NOT IN ('opened', 'evaluated') OR (price_fen IS NOT NULL AND bidder_id IS NOT NULL))

CREATE UNIQUE INDEX uq_bid_one_envelope_per_bidder ON bid (tender_id, sealed_name) WHERE state <> 'withdrawn'
