DROP FUNCTION tick_of(text)

DROP TABLE case_hold

DROP TABLE case_wait

DROP TABLE case_clock

DROP FUNCTION refuse_going_back()

ALTER TABLE ballot_box ADD COLUMN case_closes_at TIMESTAMP WITH TIME ZONE

UPDATE ballot_box SET case_closes_at = closes_at

ALTER TABLE ballot_box ALTER COLUMN case_closes_at SET NOT NULL
