"""The schema's history, forward and back; every revision is a file of SQL and what runs it."""
