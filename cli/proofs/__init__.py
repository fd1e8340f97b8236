"""Commands that prove and export the record."""
