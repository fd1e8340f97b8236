"""Readers: what is written about a case, for whom each may read it (`rules.disclosure`)."""
