"""Pabulib `.pb` files: elections over works under a budget, read and written without loss.

A file has the sections META (key;value), PROJECTS and VOTES, each under its name and a heading row,
semicolon-separated with quotes as in CSV. https://pabulib.org/format. The cells of a file are kept
as they are; menu and ballots are what they say.
"""

from formats.pabulib.election import FILE_RULES, Election, FileRule, SectionTable
from formats.pabulib.reader import read_pabulib
from formats.pabulib.writer import as_election, write_pabulib

__all__ = [
    "FILE_RULES",
    "Election",
    "FileRule",
    "SectionTable",
    "as_election",
    "read_pabulib",
    "write_pabulib",
]
