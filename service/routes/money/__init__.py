"""Doors of money beside the lists of a case: what waits for an owner, cash."""
