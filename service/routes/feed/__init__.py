"""What programs follow: the feed of events, and webhooks."""
