"""The law of owners' votes, one module per jurisdiction; all of it is data.

A rule is never edited once a vote was decided under it: a change of the law is a new version with
its own date. How to add a jurisdiction: docs/add-a-rule.md.
"""

from models.values.decisions.rules import Cap, MatterTable, Rule
from rules.voting.law import au_nsw, ca_bc, cn, de, es, fr, hk, it, sg, tw, us_ca

_BOOKS = (cn, hk, de, es, fr, it, us_ca, ca_bc, au_nsw, tw, sg)

RULES: tuple[Rule, ...] = tuple(rule for book in _BOOKS for rule in book.RULES)
"""Every rule of decision, jurisdiction by jurisdiction."""

CAPS: tuple[Cap, ...] = tuple(cap for book in _BOOKS for cap in book.CAPS)
"""Every limit on weights and mandates."""

TABLES: tuple[MatterTable, ...] = tuple(table for book in _BOOKS for table in book.TABLES)
"""Every dated mapping matter -> class -> rule, oldest first within its region."""
