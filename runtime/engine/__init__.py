"""Temporal from the outside: who starts workflows, which workers work, and what compares them with the record."""
