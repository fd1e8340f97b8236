"""Numbers of identity: the same number in every spelling, what cannot be one, and the check digit.

GB 11643-1999: a resident's number has 17 digits and a check digit (modulus 11-2); numbers of before 1999
have 15, without century and check digit. GB 32100-2015: organisations have 18 signs (modulus 31).
"""

import re
import unicodedata
from dataclasses import dataclass
from operator import mul

from formats.roll.cells import words

_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_ORGANISATION = re.compile(r"[0-9A-HJ-NP-RT-UW-Y]{18}")
_REGISTRIES = frozenset(words("11 12 13 19 51 52 53 54 59 91 92 93 A1 N1 N2 N3 N9 Y1"))
"""How the codes of organisations begin: who registers them, and as what."""
_ORGANISATION_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_OLD = re.compile(r"[0-9]{15}")
_DATED = re.compile(
    r"[0-9]{6}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
)
_SHORT_DATE = re.compile(r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
SCIENTIFIC = re.compile(
    r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,3}|[0-9]+\.[0-9]+E\+?[0-9]{1,3}", re.IGNORECASE
)
_USUAL = re.compile(r"[0-9]{15}(?!000)[0-9]{2}[0-9X](?:、[0-9]{15}(?!000)[0-9]{2}[0-9X])*")
"""Residents' numbers as most write them, of which no spreadsheet has cut the end."""
_DAY = re.compile(r"(?:18|19|20)[0-9]{2}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?")
_BETWEEN = re.compile(r"[;；、,，/／|｜\n\r]+")
_LOOSE_END = re.compile(
    r"^\s*[;；、,，/／|｜]|[;；、,，/／|｜]\s*$|[;；、,，/／|｜]\s*[;；、,，/／|｜]"
)
_LABEL = re.compile(r"^[^0-9A-Za-z]*?[\u3400-\u9fff]+[\s:：]*(?=[A-Za-z]{0,3}[0-9])")
_JUNK = re.compile(r"[\s()\-‐‑‒–—―−'’‘`“”\"_.·]+")
_CROSS = str.maketrans({"×": "X", "Х": "X", "х": "X", "Χ": "X", "χ": "X", "╳": "X", "✕": "X"})
_STARRED = re.compile(r"[0-9]{17}[*]")
_MASKED = re.compile(r"[*#?？●○•□■]|X{2,}")
NONE = frozenset(
    words(
        "无 没有 空 未提供 不详 未知 暂无 未填 未登记 待补 待补充 缺 none n/a na nil null unknown"
    )
)
"""What stands in such cells and is no number."""
NOTHING = " -—–―－/／\\.。、　"
"""Signs with which such cells are crossed out."""
PLAUSIBLE = 14
"""Signs from which on a number of digits alone has to be a resident's or an organisation's."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is compared, or the code of what is wrong with it; `said` is what was done."""

    text: str = ""
    fault: str = ""
    said: str = ""


def usual_numbers(text: str) -> list[str]:
    """The numbers in a cell that needs no second look; none for any other."""
    return text.split("、") if _USUAL.fullmatch(text) else []


def split_numbers(text: str, owners: int) -> list[str]:
    """The numbers in a cell, "" for one that is missing: at the signs that separate owners, and at blanks."""
    if not text.strip(NOTHING) or bare_number(text) in NONE:
        return []
    if _DAY.fullmatch(text.strip()):
        return [text.strip()]
    if _LOOSE_END.search(text):
        return [part.strip() for part in re.split(r"[;；、,，/／|｜\n\r]", text)]
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    if len(parts) == 1:
        tokens = parts[0].split()
        long = all(len(token) >= PLAUSIBLE for token in tokens)
        if len(tokens) > 1 and (len(tokens) == owners or long) and any(map(str.isdigit, tokens[0])):
            return tokens
    return ["" if bare_number(part) in NONE else part for part in parts]


def read_number(text: str) -> Number:
    """One number in its only spelling: without blanks, hyphens and label, X large, 18 digits instead of 15."""
    if _RESIDENT.fullmatch(text):
        return _resident(text, "")
    if _DAY.fullmatch(text.strip()):
        return Number(fault="roll.cell_is_date")
    if SCIENTIFIC.fullmatch(text.strip()):
        return Number(fault="roll.digits_lost")
    plain = _plain(text)
    said = "" if plain == text.strip().upper() else "roll.read_numbers"
    if _STARRED.fullmatch(plain) and check_digit(plain) == "X":
        plain, said = f"{plain[:17]}X", "roll.read_numbers"
    return _fault_of(plain) or _in_18_digits(plain, said)


def _fault_of(plain: str) -> Number | None:
    if _MASKED.search(plain):
        return Number(fault="roll.number_masked")
    return None if any(map(str.isdigit, plain)) else Number(fault="roll.number_none")


def _in_18_digits(plain: str, said: str) -> Number:
    if _RESIDENT.fullmatch(plain):
        return _resident(plain, said)
    if _OLD.fullmatch(plain) and _SHORT_DATE.fullmatch(plain[6:12]):
        longer = f"{plain[:6]}19{plain[6:]}"
        return Number(longer + check_digit(longer), said="roll.read_old_numbers")
    return Number(plain, said=said)


def check_digit(number: str) -> str:
    """The last sign of a resident's number by its first 17 digits."""
    total = sum(map(mul, map(int, number[:17]), _WEIGHTS))
    return _CHECKS[total % 11]


def doubtful(number: str) -> bool:
    """Whether a number cannot be right as it stands: its check digit is another, or its length.

    A passport, a permit or whatever else has letters, or is short, is not judged.
    """
    if _DATED.fullmatch(number):
        return check_digit(number) != number[17]
    if number[:2] in _REGISTRIES and _ORGANISATION.fullmatch(number):
        return _organisation_check(number) != number[17]
    resident = _RESIDENT.fullmatch(number) is not None
    return resident or (number.isdigit() and len(number) >= PLAUSIBLE)


def bare_number(text: str) -> str:
    """A cell for comparing with what is no number."""
    return unicodedata.normalize("NFKC", text).strip(" ()（）[]-").casefold()


def _plain(text: str) -> str:
    wide = text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_CROSS))
    label = _LABEL.sub("", wide)
    return _JUNK.sub("", label).upper().translate(_CROSS)


def _resident(number: str, said: str) -> Number:
    if number.endswith("000") and check_digit(number) != number[17]:
        # A spreadsheet keeps 15 digits of a number and shows noughts for the rest.
        return Number(fault="roll.digits_lost")
    return Number(number, said=said)


def _organisation_check(number: str) -> str:
    total = 0
    for at, sign in enumerate(number[:17]):
        total += _ORGANISATION_SIGNS.index(sign) * pow(3, at, 31)
    return _ORGANISATION_SIGNS[-total % 31]
