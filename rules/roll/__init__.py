"""The owners' roll (业主名册): reading it, comparing it, and replacing an owner on a frozen one."""

from rules.roll.checking import check_csv, check_rows, read_roll, roll_of
from rules.roll.columns import COLUMNS
from rules.roll.differences import differences, summary
from rules.roll.owners import name_key, owner_key, stored_owner_key
from rules.roll.replacement import replace_owner

__all__ = [
    "COLUMNS",
    "check_csv",
    "check_rows",
    "differences",
    "name_key",
    "owner_key",
    "read_roll",
    "replace_owner",
    "roll_of",
    "stored_owner_key",
    "summary",
]
