"""Addresses of programs that are told of events: kept, called, and what came of it."""
