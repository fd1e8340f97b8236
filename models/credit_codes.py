"""The unified social credit code (统一社会信用代码) of a firm: 18 characters, GB 32100-2015.

The last one is a check character: a code with a slip of the pen, or one that somebody made up without
counting, is told. Whether the firm exists is for the register of firms, and for whoever confirms it.
"""

import re
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from models.fields import Expected

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters in the order of their values, 0 to 30; I, O, S, V and Z are none (GB 32100-2015, 4.2)."""
FORM = re.compile(rf"^[{LETTERS}]{{2}}[0-9]{{6}}[{LETTERS}]{{10}}$")
"""Registering authority and kind, division of six digits, organisation of nine, check character."""
WEIGHT = 3
"""The weight of place i, from 0, is 3^i mod 31."""


def check_character(code: str) -> str:
    """The 18th character that belongs to the first 17."""
    total = sum(
        LETTERS.index(letter) * pow(WEIGHT, place, len(LETTERS))
        for place, letter in enumerate(code[:17])
    )
    return LETTERS[-total % len(LETTERS)]


def is_credit_code(code: str) -> bool:
    """Whether it has the form of one and its own check character."""
    return bool(FORM.match(code)) and code[17] == check_character(code)


def _checked(value: object) -> object:
    if not isinstance(value, str):
        return value
    code = value.strip().upper()
    if not is_credit_code(code):
        raise ValueError("check character")
    return code


CreditCode = Annotated[
    str,
    StringConstraints(min_length=18, max_length=18, pattern=FORM.pattern),
    BeforeValidator(_checked),
    Expected("credit_code"),
]
"""Blanks around it and small letters are forgiven."""
