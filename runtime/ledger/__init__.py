"""The ledger in PostgreSQL: the only way in, what stands in it, and the check of every balance."""
