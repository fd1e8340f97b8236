"""Suggestions of residents: the doors of a case, those of an estate, and the list of a place."""
