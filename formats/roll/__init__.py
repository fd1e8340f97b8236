"""The owners' roll (业主名册): reading it, comparing it, and replacing an owner on a frozen one."""

from formats.roll.checking import accepted_roll, check_csv, check_pages, read_roll
from formats.roll.columns import COLUMNS
from formats.roll.differences import differences, summary
from formats.roll.owners import name_key, owner_key, owner_key_before, stored_owner_key
from formats.roll.replacement import replace_owner

__all__ = [
    "COLUMNS",
    "accepted_roll",
    "check_csv",
    "check_pages",
    "differences",
    "name_key",
    "owner_key",
    "owner_key_before",
    "read_roll",
    "replace_owner",
    "stored_owner_key",
    "summary",
]
