"""The number of a unit in several spellings, and whether it is the estate's or the room's.

1-101, 1—101, 1号楼101室 and 01-101 are one unit written in four ways; two rows of them are one row too many.
"""

import re
from functools import lru_cache

from formats.roll.cells import han_number, words

_DASHES = re.compile(r"\s*[‐‑‒–—―−﹣－]+\s*|\s+-\s*|\s*-\s+")
_SIMPLE = re.compile(r"[1-9][0-9]*(?:-[1-9][0-9]*)*")
_PIECE = re.compile(r"[0-9]+|[a-z]+|[^\W\d_a-z]+")
_WORDS = re.compile(
    r"(号楼|单元|号院|号|楼|栋|幢|座|室|户|门|梯|房|层|building|block|bldg|tower|unit|entrance|stair|room|flat|apt|no)"
)
_ROOM = re.compile(
    r"[a-z]?[0-9]{1,5}[a-z]?室?|[0-9]{1,4}[东西南北中]户?|[东西南北中]户?", re.IGNORECASE
)
_DAY = re.compile(
    r"[0-9]{1,2}月[0-9]{1,2}日|(19|20)[0-9]{2}[/年][0-9]{1,2}[/月][0-9]{1,2}日?|"
    r"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]|"
    r"[0-9]{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*-[0-9]{2}",
    re.IGNORECASE,
)
_DITTO = frozenset(words("同上 同前 同左 上同 同 如上 ditto do. same"))
"""Words for what stands above; marks like 〃 have no letter and no digit."""
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]{1,3}", re.IGNORECASE)


@lru_cache(maxsize=4096)
def label_text(text: str) -> str:
    """A label with every dash as "-" and no blanks around it."""
    return _DASHES.sub("-", text)


def spelling_key(text: str) -> str:
    """What all spellings of a number have in common; the number itself where it is the simplest one."""
    if _SIMPLE.fullmatch(text):
        return text
    pieces = []
    for piece in _PIECE.findall(_WORDS.sub("-", text.casefold())):
        if piece.isdecimal():
            pieces.append(str(int(piece)))
        else:
            number = han_number(piece)
            pieces.append(piece if number is None else str(number))
    return "-".join(pieces) or text


@lru_cache(maxsize=4096)
def part_key(text: str) -> str:
    """What all spellings of a building or an entrance have in common."""
    return spelling_key(text)


def label_fault(text: str) -> str:
    """The code of what a label cannot be: a day that was 3-2, a power of ten, a mark for the cell above."""
    if text.casefold() in _DITTO or not any(map(str.isalnum, text)):
        return "roll.cell_ditto"
    if _DAY.fullmatch(text):
        return "roll.cell_is_date"
    return "roll.digits_lost" if _SCIENTIFIC.fullmatch(text) else ""


def is_room(number: str) -> bool:
    """Whether a number can be that of a room alone: 101, A101, 中户; 1-101 names its building."""
    return _ROOM.fullmatch(number) is not None
