-- Bids that were rejected before have their checks in the event of their opening or evaluation.
ALTER TABLE bid ADD COLUMN grounds jsonb NOT NULL DEFAULT '[]'
