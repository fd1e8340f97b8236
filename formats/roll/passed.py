"""Rows of a roll that are no units: totals, headings that a printed list repeats, feet of a page.

They are passed over and counted. A row that is neither such a row nor a unit gets one sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from formats.roll.cells import normal
from formats.roll.columns import IGNORE, MARK, Heading, known_field, plain_heading
from models.files.roll import UnreadableCell

_TOTAL = re.compile(
    r".{0,12}(合计|总计|小计|共计|累计|总和|汇总)[:：]?|(sub|grand)?totals?[:：]?|(grand)?sum[:：]?|"
    r"(合|总|小|共)计?[:：]?[0-9.]+(套|户|间|个|㎡|平方米|m2)?",
    re.IGNORECASE,
)
_FOOT = re.compile(
    r"(备注|说明|注|附注|附|制表|填表|审核|复核|经办|核对|统计|校对|制作|填报|单位|日期|打印|负责人|联系人|盖章|公章)"
    r"(人|日期|时间|单位)?[:：（(].*|(备注|说明|制表|审核|以下空白|本页无正文|转下页|接上页|续表|续).{0,4}|"
    r"第?[0-9]+页.*|第[0-9]+页.*|共[0-9]+页.*|[-—]+[0-9]+[-—]+|[0-9]+/[0-9]+页|page[0-9]+.*|"
    r"(note|notes|remark|remarks|preparedby|checkedby|printed|date|signature)[:：].*|"
    r"[0-9]{4}年[0-9]{1,2}月([0-9]{1,2}日)?",
    re.IGNORECASE,
)
FEWEST_HEADINGS = 2


@dataclass(frozen=True)
class Passed:
    """A row that is no unit: the code of what it is, and the area it states if it is a sum."""

    code: str
    area: str = ""
    problem: bool = False
    """Nothing tells what it is: the row is refused with one sentence."""


class UnitShape:
    """Tells a row of a unit from others by the columns of one heading."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        places = {name: at for at, name in enumerate(heading.fields) if name not in {"", IGNORE}}
        self._area = places.get("area_m2", -1)
        self._kind = places.get("kind", -1)
        self._owners = places.get("owners", -1)
        self._number = places.get("number", places.get("room", -1))
        self._read = frozenset(places.values())
        self._serial = next(
            (at for at, title in enumerate(heading.titles) if plain_heading(title) in _SERIALS), -1
        )

    def is_usual(self, cells: Sequence[str | UnreadableCell]) -> bool:
        """Whether a row has what only a unit has: owners, and digits in number and area."""
        try:
            area, number = cells[self._area], cells[self._number]
            owned = bool(cells[self._owners])
        except IndexError:
            return False
        if area.__class__ is not str or number.__class__ is not str:
            return False
        return owned and "0" <= area[:1] <= "9" and "0" <= number[-1:] <= "9"

    def passed(self, cells: Sequence[str | UnreadableCell]) -> Passed | None:
        """What the row is instead of a unit; None where it has to be read as one."""
        filled = {at: text for at, cell in enumerate(cells) if (text := _text(cell))}
        code = self._code(filled)
        if code:
            area = filled.get(self._area, "") if code == "roll.row_total" else ""
            return Passed(code, area=area, problem=code == "roll.row_heading_other")
        alone = len(filled.keys() - {self._serial}) == 1 or not self._read & filled.keys()
        return Passed("roll.row_alone", problem=True) if alone else None

    def _code(self, filled: dict[int, str]) -> str:
        """What kind of row it is that holds no unit; "" for none known."""
        if not filled:
            return "roll.row_empty"
        if self._is_heading(filled):
            return "roll.row_heading_other" if self._is_other(filled) else "roll.row_heading"
        if any(map(_TOTAL.fullmatch, filled.values())) and not self._is_like_a_unit(filled):
            return "roll.row_total"
        if self._is_foot(filled):
            return "roll.row_foot"
        return "roll.row_serial" if filled.keys() == {self._serial} else ""

    def _is_heading(self, filled: dict[int, str]) -> bool:
        titles = self._heading.titles
        same = all(at < len(titles) and _same(text, titles[at]) for at, text in filled.items())
        known = all(known_field(plain_heading(text)) for text in filled.values())
        return len(filled) >= FEWEST_HEADINGS and (same or known)

    def _is_other(self, filled: dict[int, str]) -> bool:
        """Whether the headings stand in another order than those above: what follows would be misread."""
        titles, fields = self._heading.titles, self._heading.fields
        return any(
            at >= len(titles)
            or (not _same(text, titles[at]) and _field(text) not in {fields[at], IGNORE})
            for at, text in filled.items()
        )

    def _is_like_a_unit(self, filled: dict[int, str]) -> bool:
        """Whether a use or a name stands in its column: then a word for a sum is something else."""
        kind, owner = (filled.get(at, "") for at in (self._kind, self._owners))
        named = bool(owner) and not _TOTAL.fullmatch(owner) and not re.search(r"[0-9]", owner)
        return named or (bool(kind) and not _TOTAL.fullmatch(kind))

    def _is_foot(self, filled: dict[int, str]) -> bool:
        area = filled.get(self._area, "")
        first = next(iter(filled.values()))
        return _FOOT.fullmatch(first) is not None and not area[:1].isdigit()


_SERIALS = frozenset(
    plain_heading(title) for title in ("序号", "编号", "序", "no", "serial", "serial no")
)


def _text(cell: str | UnreadableCell) -> str:
    """A cell without any blanks; a part of a merged area holds nothing."""
    if isinstance(cell, UnreadableCell):
        return "" if cell.code == "roll.cell_merged" else "#"
    return "".join(normal(cell).split())


def _field(title: str) -> str:
    return known_field(plain_heading(title)).partition(MARK)[0]


def _same(text: str, title: str) -> bool:
    return plain_heading(text) == plain_heading(title)
