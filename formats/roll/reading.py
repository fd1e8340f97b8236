"""Reading the rows of a roll: nothing is guessed, and every problem comes at once with its cell.

The areas and owners of the roll decide votes and shares: a cell that is not what its column expects
is refused, and then the whole file is. Problems never repeat a name.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from formats.roll.cells import (
    KINDS,
    SUSPECT,
    TOTALS,
    area_fault,
    cell_fault,
    exclusion,
    harmless,
    normal,
    yes,
)
from formats.roll.columns import IGNORE, Heading, letter
from formats.roll.owners import owner_key
from models.fields import UNSEEN
from models.files.roll import Finding, RegisteredUnit, UnreadableCell
from models.values.refusal import problem

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

Cell = str | UnreadableCell
Row = Sequence[Cell]

_INTEGER = re.compile(r"[+-]?[0-9]{1,12}")
_AREA = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_BETWEEN_OWNERS = re.compile(r"[;；、\n]")
_STAND_IN: Mapping[str, str] = {"area_m2": "1", "floor": "1", "kind": "flat", "owners": "-"}
"""For a cell already refused, so that the rest of its row is looked at as well."""


@dataclass(frozen=True)
class Source:
    """Which file, and which sheet of it where it has sheets."""

    name: str
    sha256: str
    sheet: str | None = None

    def at(self, row: int, place: int | None = None, name: str | None = None) -> str:
        """A cell in words: "roll.csv row 3, column area_m2", or with sheet and letter."""
        if self.sheet is None:
            where = f"{self.name} row {row}"
            column = name or (None if place is None else place + 1)
        else:
            where = f"{self.name} sheet {self.sheet} row {row}"
            column = None if place is None else letter(place)
            column = f"{column} ({name})" if column and name else column
        return where if column is None else f"{where}, column {column}"


@dataclass
class Findings:
    """Problems up to a limit, and how many there are."""

    source: Source
    kept: list[Finding] = field(default_factory=list)
    found: int = 0

    def add(
        self,
        code: str,
        row: int,
        place: int | None = None,
        name: str | None = None,
        /,
        **params: str | int,
    ) -> None:
        """Note one; beyond the limit only its number is kept."""
        self.found += 1
        if self.found > MAX_PROBLEMS:
            return
        where = self.source.at(row, place, name)
        column = None if place is None else letter(place)
        self.kept.append(
            Finding(
                problem=problem(code, where=where, **params),
                sheet=self.source.sheet,
                row=row,
                column=column,
                field=name,
                value=str(params["value"]) if "value" in params else None,
            )
        )


@dataclass
class Reader:
    """Reads rows one by one, keeping the units and the problems."""

    source: Source
    heading: Heading
    problems: Findings
    units: list[RegisteredUnit] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    """The row of each unit."""
    identified: bytearray = field(default_factory=bytearray)
    """1 for each unit whose owners came with numbers of identity."""
    seen: dict[str, int] = field(default_factory=dict)
    row: int = 0
    bad: bool = False

    def __post_init__(self) -> None:
        fields = self.heading.fields
        self._place = {name: at for at, name in enumerate(fields) if name not in {"", IGNORE}}
        self._untitled = [at for at, name in enumerate(fields) if not name]

    def read(self, row: int, cells: Row) -> None:
        """Take one row, or note what is wrong with it."""
        self.row, self.bad = row, False
        if len(cells) != len(self.heading.fields):
            self.problems.add(
                "roll.ragged_row", row, have=len(cells), need=len(self.heading.fields)
            )
            return
        if _is_total(cells):
            self.problems.add("roll.total_row", row)
            return
        self._look_at_untitled(cells)
        raw = self._raw(cells)
        texts = {name: normal(text) for name, text in raw.items()}
        owners, key = self._owners(raw, texts)
        building = self._label("building", texts["building"])
        entrance = self._label("entrance", texts["entrance"])
        developer = self._yes("developer", texts) | self._yes("undelivered", texts)
        unit = {
            "number": self._number(texts, building, entrance),
            "building": building,
            "entrance": entrance,
            "floor": self._integer("floor", texts["floor"], FLOORS.start, FLOORS.stop - 1),
            "kind": self._one_of("kind", texts["kind"], KINDS.get, _KIND_WORDS),
            "area_dm2": self._area(texts["area_m2"]),
            "shares": self._shares(texts.get("shares", "")),
            "developer": developer,
            "excluded_reason": self._excluded(texts.get("excluded", "")),
            "owners": owners,
            "owner_key": key,
        }
        if not self.bad:
            self.units.append(RegisteredUnit.model_validate(unit))
            self.rows.append(row)
            self.identified.append(bool(texts.get("owner_ids")))

    def _wrong(self, code: str, name: str, /, **params: str | int) -> None:
        self.bad = True
        self.problems.add(code, self.row, self._place.get(name), name, **params)

    def _raw(self, cells: Row) -> dict[str, str]:
        """The text of every cell that is read, with a stand-in for one that has none."""
        raw: dict[str, str] = {}
        for name, at in self._place.items():
            cell = cells[at]
            if isinstance(cell, UnreadableCell):
                raw[name] = self._stand_in(name, cell)
            elif cell[:1] in SUSPECT and (fault := cell_fault(cell)) is not None:
                raw[name] = self._stand_in(name, fault)
            else:
                raw[name] = cell
        return raw

    def _stand_in(self, name: str, fault: UnreadableCell) -> str:
        self._wrong(fault.code, name, value=fault.value)
        if name in {"number", "room", "building", "entrance"}:
            return f"?{self.row}"
        return _STAND_IN.get(name, "")

    def _look_at_untitled(self, cells: Row) -> None:
        for at in list(self._untitled):
            if cells[at]:
                self.bad = True
                self._untitled.remove(at)
                self.problems.add("roll.column_untitled", self.row, at)

    def _number(self, texts: Mapping[str, str], building: str, entrance: str) -> str:
        name = "number" if "number" in texts else "room"
        number = self._label(name, texts[name])
        if name == "room" and number and building and entrance:
            number = self._label(name, f"{building}-{entrance}-{number}")
        first = self.seen.setdefault(number, self.row)
        if number and first != self.row:
            self._wrong("roll.unit_twice", name, unit=number, first=first)
        return number

    def _label(self, name: str, text: str) -> str:
        if not text:
            self._wrong("roll.cell_empty", name)
        elif len(text) > MAX_LABEL:
            self._wrong("roll.too_long", name, have=len(text), most=MAX_LABEL)
        elif not _printable(text):
            self._wrong("roll.unprintable", name)
        else:
            return text
        return ""

    def _integer(self, name: str, text: str, least: int, most: int) -> int | None:
        if not text:
            self._wrong("roll.cell_empty", name)
        elif not _INTEGER.fullmatch(text):
            self._wrong("roll.not_an_integer", name, value=harmless(text))
        elif not least <= int(text) <= most:
            self._wrong("roll.out_of_range", name, value=text, least=least, most=most)
        else:
            return int(text)
        return None

    def _shares(self, text: str) -> int | None:
        return self._integer("shares", text, 1, MAX_SHARES) if text else None

    def _area(self, text: str) -> int:
        """Square metres with at most two decimals, as whole 0.01 m2."""
        match = _AREA.fullmatch(text)
        if match is None:
            self._wrong(area_fault(text), "area_m2", value=harmless(text))
            return 0
        area_dm2 = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
        if area_dm2 == 0:
            self._wrong("roll.area_not_positive", "area_m2", value=text)
        elif area_dm2 > MAX_AREA_DM2:
            self._wrong("roll.area_too_large", "area_m2", value=text, most=MAX_AREA_DM2 // 100)
        return area_dm2

    def _one_of(
        self, name: str, text: str, known: Callable[[str], object | None], expected: str
    ) -> object | None:
        value = known(text.casefold())
        if value is None:
            self._wrong("roll.not_one_of", name, expected=expected.replace(" ", ", "))
        return value

    def _yes(self, name: str, texts: Mapping[str, str]) -> bool:
        return bool(self._one_of(name, texts.get(name, ""), yes, "yes no"))

    def _excluded(self, text: str) -> object | None:
        return self._one_of("excluded", text, exclusion, _EXCLUSION_WORDS) or None

    def _owners(
        self, raw: Mapping[str, str], texts: Mapping[str, str]
    ) -> tuple[tuple[str, ...], str]:
        """The names as the register spells them, and their key over the normalised ones."""
        first, others = raw["owners"].strip(), raw.get("co_owners", "").strip()
        names = (*_parts(first), *_parts(others)) if first else ()
        ids = (
            *_parts(texts.get("owner_ids", "")),
            *_parts(texts.get("co_owner_ids", "")),
        )
        if not names or not all(names):
            self._wrong("roll.owner_missing", "owners")
        elif len(names) > MAX_OWNERS:
            self._wrong("roll.too_many_owners", "owners", have=len(names), most=MAX_OWNERS)
        elif max(map(len, names)) > MAX_NAME:
            self._wrong("roll.too_long", "owners", have=max(map(len, names)), most=MAX_NAME)
        elif not all(map(_printable, names)):
            self._wrong("roll.unprintable", "owners")
        elif ids and (len(ids) != len(names) or not all(ids)):
            self._wrong("roll.owner_ids_count", "owner_ids", have=len(ids), need=len(names))
        elif len(set(zip(names, ids or names, strict=True))) < len(names):
            self._wrong("roll.owner_twice", "owners")
        else:
            return names, owner_key(names, tuple(number.upper() for number in ids))
        return (), ""


_KIND_WORDS = "flat shop parking storage other"
_EXCLUSION_WORDS = "arrears conflict frozen disputed other"


def _printable(text: str) -> bool:
    """Whether all of a name is seen: the fillers of some scripts count as printable and show nothing."""
    return text.isprintable() and (text.isascii() or UNSEEN.search(text) is None)


def _is_total(cells: Row) -> bool:
    """A row of sums below the units, by its first filled cell."""
    for cell in cells:
        if cell:
            return (
                not isinstance(cell, UnreadableCell)
                and normal(cell).casefold().rstrip(":") in TOTALS
            )
    return False


def _parts(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    return tuple(" ".join(part.split()) for part in _BETWEEN_OWNERS.split(text))
