"""Reading the owners' roll (业主名册): every problem at once, with its row and column.

The areas and owners of the roll decide votes and shares, so nothing is guessed: a cell that is not
what its column expects is refused, and then the whole file is. Problems never repeat a name.
"""

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from models.files.roll import RegisteredUnit, Roll
from models.values.refusal import Problem, Refused
from models.values.voting import UnitKind
from rules.file_text import read_text

MAX_PROBLEMS = 100
MAX_ROWS = 1_000_000
MAX_LABEL = 32
"""Characters of a unit, building or entrance: ids of rows are made of them."""
MAX_NAME = 100
MAX_OWNERS = 50
MAX_AREA_DM2 = 100_000_000
"""A million square metres; no exclusive unit comes near."""
MAX_SHARES = 1_000_000_000
FLOORS = range(-20, 301)

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "unit", "房号"),
    "building": ("building", "楼栋", "楼号"),
    "entrance": ("entrance", "单元"),
    "floor": ("floor", "楼层"),
    "area_m2": ("area_m2", "面积", "建筑面积"),
    "kind": ("kind", "用途"),
    "owners": ("owners", "业主", "业主姓名"),
    "owner_ids": ("owner_ids", "证件号", "证件号码"),
    "shares": ("shares", "份额"),
    "developer": ("developer", "开发商"),
}
"""Every column and the headings it may have."""
REQUIRED = ("number", "building", "entrance", "floor", "area_m2", "kind", "owners")

KINDS: Mapping[str, UnitKind] = {
    "flat": "flat",
    "住宅": "flat",
    "shop": "shop",
    "商铺": "shop",
    "商业": "shop",
    "parking": "parking",
    "车位": "parking",
    "车库": "parking",
    "storage": "storage",
    "储藏室": "storage",
    "储藏间": "storage",
    "other": "other",
    "其他": "other",
}
YES = frozenset(("yes", "true", "1", "是"))
NO = frozenset(("", "no", "false", "0", "否"))

_INTEGER = re.compile(r"[+-]?[0-9]{1,12}")
_AREA = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_HARMLESS = re.compile(r"[-+0-9.,eE ]{1,24}")
_BETWEEN_OWNERS = re.compile(r"[;；、]")
_GAP_IN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")


def read_roll(data: bytes, name: str) -> Roll:
    """The roll in a CSV file, UTF-8 or GB18030, with the headings of `COLUMNS`.

    Raises:
        Refused: everything that is wrong, up to 100 problems and how many more there are; `where`
            is like "roll.csv row 17, column area_m2" and the heading's row is row 1.
    """
    rows = _rows(read_text(data, name), name)
    reader = _Reader(name, _columns(next(rows, None), name))
    for number, cells in rows:
        reader.read(number, cells)
    if not reader.units and not reader.found:
        reader.problem("roll.no_rows", name)
    reader.refuse()
    return Roll(name=name, sha256=hashlib.sha256(data).hexdigest(), units=tuple(reader.units))


def owner_key(owners: tuple[str, ...], ids: tuple[str, ...] = ()) -> str:
    """SHA-256 of the exact set of owners: {A} is not {A, B}, and the order does not matter.

    Names are compared without the blanks, widths and cases in which the same name gets written.
    """
    numbers = ids or ("",) * len(owners)
    people = {(name_key(owner), number) for owner, number in zip(owners, numbers, strict=True)}
    text = json.dumps(sorted(people), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def name_key(name: str) -> str:
    """A name as it is compared; only ever hashed, never shown."""
    text = " ".join(unicodedata.normalize("NFKC", name).split())
    return _GAP_IN_CHINESE.sub("", text).casefold()


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, numbered as a spreadsheet numbers them."""
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error:
        # The only thing csv refuses here is a cell of more than 128 KiB: an unclosed quote.
        raise Refused(Problem(code="roll.quote_open", where=f"{name} row {number + 1}")) from None


def _columns(heading: tuple[int, list[str]] | None, name: str) -> list[str]:
    """The field behind each column of the heading."""
    if heading is None:
        raise Refused(Problem(code="roll.empty", where=name))
    row, cells = heading
    known = {title: column for column, titles in COLUMNS.items() for title in titles}
    found = [known.get(_normal(cell).casefold(), "") for cell in cells]
    where = f"{name} row {row}"
    problems = [
        Problem(
            code="roll.column_unknown",
            where=f"{where}, column {number}",
            params={"title": _shortened(cell), "expected": _titles(COLUMNS)},
        )
        for number, (cell, column) in enumerate(zip(cells, found, strict=True), start=1)
        if not column
    ]
    problems += [
        Problem(
            code="roll.column_twice",
            where=f"{where}, column {number}",
            params={"column": column},
        )
        for number, column in enumerate(found, start=1)
        if column and column in found[: number - 1]
    ]
    problems += [
        Problem(
            code="roll.column_missing",
            where=where,
            params={"column": column, "titles": " / ".join(COLUMNS[column])},
        )
        for column in REQUIRED
        if column not in found
    ]
    if problems:
        raise Refused(*_limited(problems, len(problems), name))
    return found


@dataclass
class _Reader:
    """Reads rows one by one, keeping the units and the problems."""

    name: str
    columns: list[str]
    units: list[RegisteredUnit] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    found: int = 0
    row: int = 0
    bad: bool = False

    def read(self, row: int, cells: list[str]) -> None:
        """Take one row, or note what is wrong with it."""
        self.row, self.bad = row, False
        if row > MAX_ROWS:
            self.problem("roll.too_many_rows", f"{self.name} row {row}", most=MAX_ROWS)
            self.refuse()
        if len(cells) != len(self.columns):
            where = f"{self.name} row {row}"
            self.problem("roll.ragged_row", where, have=len(cells), need=len(self.columns))
            return
        texts = dict(zip(self.columns, map(_normal, cells), strict=True))
        # The register's spelling of a name is kept; only its key is normalised.
        owners, key = self._owners(cells[self.columns.index("owners")], texts.get("owner_ids", ""))
        number = self._number(texts["number"])
        unit = {
            "number": number,
            "building": self._label("building", texts["building"]),
            "entrance": self._label("entrance", texts["entrance"]),
            "floor": self._integer("floor", texts["floor"], FLOORS.start, FLOORS.stop - 1),
            "kind": self._one_of(
                "kind", texts["kind"], KINDS.get, "flat shop parking storage other"
            ),
            "area_dm2": self._area(texts["area_m2"]),
            "shares": self._shares(texts.get("shares", "")),
            "developer": self._one_of("developer", texts.get("developer", ""), _yes, "yes no"),
            "owners": owners,
            "owner_key": key,
        }
        if not self.bad:
            self.units.append(RegisteredUnit.model_validate(unit))

    def problem(self, code: str, where: str, **params: str | int) -> None:
        """Note a problem; beyond the limit only its number is kept."""
        self.bad = True
        self.found += 1
        if self.found <= MAX_PROBLEMS:
            self.problems.append(Problem(code=code, where=where, params=params))

    def refuse(self) -> None:
        """Say no if there was any problem."""
        if self.problems:
            raise Refused(*_limited(self.problems, self.found, self.name))

    def _wrong(self, code: str, column: str, **params: str | int) -> None:
        self.problem(code, f"{self.name} row {self.row}, column {column}", **params)

    def _number(self, text: str) -> str:
        number = self._label("number", text)
        first = self.seen.setdefault(number, self.row)
        if number and first != self.row:
            self._wrong("roll.unit_twice", "number", unit=number, first=first)
        return number

    def _label(self, column: str, text: str) -> str:
        if not text:
            self._wrong("roll.cell_empty", column)
        elif len(text) > MAX_LABEL:
            self._wrong("roll.too_long", column, have=len(text), most=MAX_LABEL)
        elif not text.isprintable():
            self._wrong("roll.unprintable", column)
        else:
            return text
        return ""

    def _integer(self, column: str, text: str, least: int, most: int) -> int | None:
        if not text:
            self._wrong("roll.cell_empty", column)
        elif not _INTEGER.fullmatch(text):
            self._wrong("roll.not_an_integer", column, value=_harmless(text))
        elif not least <= int(text) <= most:
            self._wrong("roll.out_of_range", column, value=text, least=least, most=most)
        else:
            return int(text)
        return None

    def _shares(self, text: str) -> int | None:
        return self._integer("shares", text, 1, MAX_SHARES) if text else None

    def _area(self, text: str) -> int:
        """Square metres with at most two decimals, as whole 0.01 m2."""
        match = _AREA.fullmatch(text)
        if match is None:
            self._wrong(_area_fault(text), "area_m2", value=_harmless(text))
            return 0
        area_dm2 = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
        if area_dm2 == 0:
            self._wrong("roll.area_not_positive", "area_m2", value=text)
        elif area_dm2 > MAX_AREA_DM2:
            self._wrong("roll.area_too_large", "area_m2", value=text, most=MAX_AREA_DM2 // 100)
        return area_dm2

    def _one_of(
        self, column: str, text: str, known: Callable[[str], object | None], expected: str
    ) -> object | None:
        value = known(text.casefold())
        if value is None:
            self._wrong("roll.not_one_of", column, expected=expected.replace(" ", ", "))
        return value

    def _owners(self, owners: str, numbers: str) -> tuple[tuple[str, ...], str]:
        names, ids = _parts(owners.strip()), _parts(numbers)
        if not names or not all(names):
            self._wrong("roll.owner_missing", "owners")
        elif len(names) > MAX_OWNERS:
            self._wrong("roll.too_many_owners", "owners", have=len(names), most=MAX_OWNERS)
        elif max(map(len, names)) > MAX_NAME:
            self._wrong("roll.too_long", "owners", have=max(map(len, names)), most=MAX_NAME)
        elif not all(name.isprintable() for name in names):
            self._wrong("roll.unprintable", "owners")
        elif ids and (len(ids) != len(names) or not all(ids)):
            self._wrong("roll.owner_ids_count", "owner_ids", have=len(ids), need=len(names))
        elif len(set(zip(names, ids or names, strict=True))) < len(names):
            self._wrong("roll.owner_twice", "owners")
        else:
            return names, owner_key(names, tuple(number.upper() for number in ids))
        return (), ""


@lru_cache(maxsize=4096)
def _normal(cell: str) -> str:
    """A cell without the blanks around it and without full-width digits and marks."""
    text = cell.strip()
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def _parts(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    return tuple(" ".join(part.split()) for part in _BETWEEN_OWNERS.split(text))


def _yes(text: str) -> bool | None:
    if text in NO:
        return False
    return True if text in YES else None


def _area_fault(text: str) -> str:
    """Which mistake an area that is not one makes; the commonest have sentences of their own."""
    if not text:
        return "roll.area_missing"
    if re.fullmatch(r"-[0-9]+(\.[0-9]+)?", text):
        return "roll.area_not_positive"
    if re.fullmatch(r"[0-9]+\.[0-9]{3,}", text):
        return "roll.area_decimals"
    if re.fullmatch(r"[0-9]*,[0-9.,]*", text):
        return "roll.area_comma"
    return "roll.area_not_a_number"


def _harmless(text: str) -> str:
    """The value if it is only a number of sorts: a shifted column may hold a name."""
    return text if _HARMLESS.fullmatch(text) else "…"


def _shortened(text: str) -> str:
    clean = "".join(letter for letter in text if letter.isprintable()).strip()
    return clean if len(clean) <= MAX_LABEL else f"{clean[:MAX_LABEL]}…"


def _titles(columns: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join("/".join((titles[0], titles[-1])) for titles in columns.values())


def _limited(problems: list[Problem], found: int, name: str) -> list[Problem]:
    """At most the limit, and a last one that counts the rest."""
    kept = problems[:MAX_PROBLEMS]
    if found > len(kept):
        kept.append(
            Problem(code="roll.more_problems", where=name, params={"more": found - len(kept)})
        )
    return kept
