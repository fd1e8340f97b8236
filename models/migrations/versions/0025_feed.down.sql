DROP TABLE private.webhook_delivery

DROP TABLE private.webhook

DROP TRIGGER event_into_feed ON event

DROP FUNCTION feed_advance()

DROP FUNCTION feed_notes()

DROP TABLE feed_entry

DROP TABLE feed_pending
