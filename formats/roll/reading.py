"""Reading the rows of a roll: nothing is guessed, and every problem comes at once with its cell.

The areas and owners of the roll decide votes and shares: a cell that is not what its column expects
is refused, and then the whole file is. Problems never repeat a name.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from formats.roll.book import MAX_LABEL, MAX_OWNERS, Book
from formats.roll.cells import (
    KINDS,
    SUSPECT,
    area_fault,
    area_of,
    cell_fault,
    exclusion,
    floor_number,
    harmless,
    normal,
    printable,
    without_unit,
    yes,
)
from formats.roll.columns import IGNORE, Heading
from formats.roll.identities import read_number, split_numbers, usual_numbers
from formats.roll.names import THE_DEVELOPERS, Names, bare, read_names
from formats.roll.notes import Findings, Source
from formats.roll.numbering import label_fault, label_text, spelling_key
from formats.roll.owners import key_of, people_of
from formats.roll.passed import UnitShape
from models.fields import UNSEEN
from models.files.roll import RegisteredUnit, UnreadableCell, sparing

MAX_ROWS = 1_000_000
MAX_NAME = 100
MAX_AREA_DM2 = 100_000_000
"""A million square metres; no exclusive unit comes near."""
MAX_SHARES = 1_000_000_000
FLOORS = range(-20, 301)

Cell = str | UnreadableCell
Row = Sequence[Cell]
Raw = Mapping[str, str]
"""Column to the text of its cell."""
Meaning = TypeVar("Meaning")

_INTEGER = re.compile(r"[+-]?[0-9]{1,12}")
_USUAL_LABEL = re.compile(r"(?![0-9]{4}-)[0-9]{1,6}(?:-[0-9]{1,6}){0,3}")
_NO_CO_OWNERS = frozenset(("", "无", "没有", "none", "no", "na", "n/a", "空", "单独所有", "单独"))
_ALONE = frozenset(("单独所有", "单独", "独有", "单独拥有", "sole", "sole owner"))
_TOGETHER = frozenset(
    ("共同共有", "按份共有", "共有", "共同", "按份", "joint", "common", "co-owned")
)
_STAND_IN: Mapping[str, str] = {"area_m2": "1", "floor": "1", "kind": "flat", "owners": "\0"}
"""For a cell already refused, so that the rest of its row is looked at as well."""
MOST_KNOWN = 10_000
"""Different texts of a column whose meaning is remembered; only areas and shares may have more."""


@dataclass
class Reader:
    """Reads the rows of one sheet one by one into the book."""

    source: Source
    heading: Heading
    book: Book
    building: str | None = None
    """The building of all units where the sheet has no column of it."""
    row: int = 0
    bad: bool = False
    sum_dm2: int = 0
    """Area since the last sum of this sheet; `all_dm2` of the whole sheet."""
    all_dm2: int = 0

    def __post_init__(self) -> None:
        fields = self.heading.fields
        self.problems: Findings = self.book.problems
        self._place = {name: at for at, name in enumerate(fields) if name not in {"", IGNORE}}
        self._places = tuple(self._place.items())
        self._untitled = [at for at, name in enumerate(fields) if not name]
        self._shape = UnitShape(self.heading)
        self._forms: dict[str, tuple[str, int]] = {}
        """A way to write floors, like 0层, to the first cell of it and its floor."""
        self._said: list[tuple[str, dict[str, str | int]]] = []
        """What was said of the cell that is being read."""
        self._developer = self._few("developer", partial(self._yes, "developer"))
        self._undelivered = self._few("undelivered", partial(self._yes, "undelivered"))
        self._building = self._few("building", partial(self._part, "building"))
        self._entrance = self._few("entrance", partial(self._part, "entrance"))
        self._floor = self._few("floor", self._read_floor)
        self._kind = self._few("kind", self._read_kind)
        self._area = self._few("area_m2", self._read_area)
        self._shares = self._few("shares", self._read_shares)
        self._excluded = self._few("excluded", self._read_excluded)

    def _few(self, name: str, read: Callable[[str], Meaning]) -> Callable[[Raw], Meaning]:
        """Reads a column of few different texts: each is worked out once, and what is said of it said every time."""
        known: dict[str, tuple[Meaning, tuple[tuple[str, dict[str, str | int]], ...]]] = {}

        def meaning(raw: Raw) -> Meaning:
            text = raw.get(name, "")
            if text in known:
                value, said = known[text]
                for code, params in said:
                    self._say(code, **params)
                return value
            self._said, before = [], self.problems.found
            value = read(normal(text))
            if self.problems.found == before and len(known) < MOST_KNOWN:
                known[text] = value, tuple(self._said)
            return value

        return meaning

    def read(self, row: int, cells: Row) -> None:
        """Take one row, or note what is wrong with it or what it is instead of a unit."""
        self.row, self.bad = row, False
        if not self._shape.is_usual(cells) and self._is_passed(cells):
            return
        if len(cells) != len(self.heading.fields):
            self.problems.add(
                "roll.ragged_row", row, have=len(cells), need=len(self.heading.fields)
            )
            return
        if self._untitled:
            self._look_at_untitled(cells)
        raw = self._raw(cells)
        developer = self._developer(raw) | self._undelivered(raw)
        owners, key, ids = self._owners(raw, developer=developer)
        building = self._building(raw) if self.building is None else self.building
        entrance = self._entrance(raw)
        number = self._number(raw, building, entrance)
        unit: dict[str, object] = {
            "number": number,
            "building": building,
            "entrance": entrance,
            "floor": self._floor(raw),
            "kind": self._kind(raw),
            "area_dm2": self._area(raw),
            "shares": self._shares(raw),
            "developer": developer,
            "excluded_reason": self._excluded(raw),
            "owners": owners,
            "owner_key": key,
        }
        if not self.bad:
            made = sparing(RegisteredUnit.model_validate(unit))
            self.book.add(made, spelling_key(number), row, ids)
            self.sum_dm2 += made.area_dm2
            self.all_dm2 += made.area_dm2

    def _is_passed(self, cells: Row) -> bool:
        passed = self._shape.passed(cells)
        if passed is None:
            return False
        if passed.problem:
            self.problems.add(passed.code, self.row)
            return True
        self._say(passed.code)
        if passed.code == "roll.row_total":
            self._compare_sum(passed.area)
        return True

    def _compare_sum(self, text: str) -> None:
        """Whether a row of sums has the area of the units above it, since the last one or altogether."""
        stated = area_of(without_unit(text).replace(",", ""))
        fitting = {None, self.sum_dm2, self.all_dm2, self.book.area_dm2}
        if stated not in fitting and not self.problems.found:
            have = f"{self.all_dm2 // 100}.{self.all_dm2 % 100:02d}"
            params = {"stated": text, "have": have}
            self.book.warnings.tell("roll.total_differs", self.source, self.row, **params)
        self.sum_dm2 = 0

    def _say(self, code: str, /, **params: str | int) -> None:
        self._said.append((code, params))
        self.book.readings.add(code, self.source, self.row, **params)

    def _wrong(self, code: str, name: str, /, **params: str | int) -> None:
        self.bad = True
        self.problems.add(code, self.row, self._place.get(name), name, **params)

    def _raw(self, cells: Row) -> dict[str, str]:
        """The text of every cell that is read, with a stand-in for one that has none."""
        raw: dict[str, str] = {}
        for name, at in self._places:
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

    def _number(self, raw: Raw, building: str, entrance: str) -> str:
        name = "number" if "number" in raw else "room"
        text = raw[name]
        number = text if _USUAL_LABEL.fullmatch(text) else self._label(name, normal(text))
        if name == "room" and number and building and entrance:
            number = self._label(name, f"{building}-{entrance}-{number}")
        return number

    def _part(self, name: str, text: str) -> str:
        """The building or the entrance, in the spelling that came first."""
        label = self._label(name, text)
        first = self.book.part(name, label) if label else ""
        if first != label:
            self._say("roll.read_same_part", first=first, other=label)
        return first

    def _label(self, name: str, text: str) -> str:
        if _USUAL_LABEL.fullmatch(text):
            return text
        if not text:
            self._wrong("roll.cell_empty", name)
        elif len(text) > MAX_LABEL:
            self._wrong("roll.too_long", name, have=len(text), most=MAX_LABEL)
        elif not printable(text):
            self._wrong("roll.unprintable", name)
        elif fault := label_fault(text):
            self._wrong(fault, name, value=text)
        else:
            label = label_text(text)
            if label != text:
                self._say("roll.read_dashes", column=self.heading.title(name))
            return label
        return ""

    def _read_floor(self, text: str) -> int | None:
        if _INTEGER.fullmatch(text) or (number := floor_number(text)) is None:
            return self._integer("floor", text, FLOORS.start, FLOORS.stop - 1)
        form = re.sub(r"[0-9]+|[一二三四五六七八九十]+", "0", text)
        example, floor = self._forms.setdefault(form, (harmless(text), number))
        self._say("roll.read_floors", value=example, floor=floor)
        return self._integer("floor", str(number), FLOORS.start, FLOORS.stop - 1)

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

    def _read_shares(self, text: str) -> int | None:
        return self._integer("shares", text, 1, MAX_SHARES) if text else None

    def _read_area(self, text: str) -> int:
        """Square metres with at most two decimals, as whole 0.01 m2."""
        area_dm2 = area_of(text)
        if area_dm2 is None and (area_dm2 := area_of(without_unit(text))) is not None:
            self._say("roll.read_areas")
        if area_dm2 is None:
            self._wrong(area_fault(text), "area_m2", value=harmless(text))
            return 0
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

    def _read_kind(self, text: str) -> object | None:
        return self._one_of("kind", text, KINDS.get, _KIND_WORDS)

    def _yes(self, name: str, text: str) -> bool:
        return bool(self._one_of(name, text, yes, "yes no"))

    def _read_excluded(self, text: str) -> object | None:
        return self._one_of("excluded", text, exclusion, _EXCLUSION_WORDS) or None

    def _owners(self, raw: Raw, *, developer: bool) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
        """The names as the register spells them, their key, and their numbers, none or one each."""
        ids = self._ids(raw)
        names = self._names(raw["owners"].strip(), len(ids), developer=developer)
        others = raw.get("co_owners", "").strip()
        if names and others and bare(others) not in _NO_CO_OWNERS:
            more = self._names(others, 0, developer=False, column="co_owners")
            names = (*names, *more) if more else ()
        if not names:
            return (), "", ()
        self._look_at_holding(normal(raw.get("holding", "")), len(names))
        if len(names) > MAX_OWNERS:
            self._wrong("roll.too_many_owners", "owners", have=len(names), most=MAX_OWNERS)
        elif max(map(len, names)) > MAX_NAME:
            self._wrong("roll.too_long", "owners", have=max(map(len, names)), most=MAX_NAME)
        elif not all(map(printable, names)):
            self._wrong("roll.unprintable", "owners")
        elif ids and (len(ids) != len(names) or not all(ids)):
            self._wrong("roll.owner_ids_count", "owner_ids", have=len(ids), need=len(names))
        else:
            return self._people(names, ids)
        return (), "", ()

    def _people(
        self, names: tuple[str, ...], ids: tuple[str, ...]
    ) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
        """The owners with their numbers: each once, and under the first spelling of each number."""
        if ids and not self.bad:
            pairs = zip(names, ids, strict=True)
            names = tuple(self.book.person(number, name, self.row) for name, number in pairs)
        people = people_of(names, ids)
        if len(people) < len(names):
            self._wrong("roll.owner_twice", "owners")
            return (), "", ()
        if ids and len(set(ids)) < len(ids):
            self._wrong("roll.number_of_two_names", "owner_ids", first=self.source.row(self.row))
            return (), "", ()
        return names, key_of(people), ids

    def _names(
        self, text: str, numbers: int, *, developer: bool, column: str = "owners"
    ) -> tuple[str, ...]:
        """The names of a cell; none where it is refused."""
        if not text:
            self._wrong("roll.owner_missing", column)
            return ()
        if text == _STAND_IN["owners"]:
            return ()
        hidden = UNSEEN.search(text)  # before it is taken for a sign between two names
        found = Names(fault="roll.unprintable") if hidden else read_names(text, numbers)
        if not found.fault:
            for said in found.said:
                self._say_of_names(said, column)
            return found.names
        nobody = found.fault == "roll.owner_nobody"
        if nobody and bare(text) in THE_DEVELOPERS:
            if developer:
                return (text,)
            found = Names(fault="roll.owner_developer", value=found.value)
        word = "sign" if found.fault == "roll.owner_separator" else "value"
        self._wrong(found.fault, column, **({word: found.value} if found.value else {}))
        return ()

    def _say_of_names(self, said: str, column: str) -> None:
        what, _, sign = said.partition(" ")
        params = {"sign": sign} if sign else {}
        self._say(f"roll.read_names_{what}", column=self.heading.title(column), **params)

    def _ids(self, raw: Raw) -> tuple[str, ...]:
        """The numbers of a row in their only spelling; none where the cells say so."""
        found: list[str] = []
        for column in ("owner_ids", "co_owner_ids"):
            text = raw.get(column, "")
            if text and (usual := usual_numbers(text)):
                found += usual
            elif text := normal(text):
                parts = split_numbers(text, len(raw["owners"].split()))
                if any(parts):
                    found += [self._one_number(part, column) if part else "" for part in parts]
                else:
                    self._say("roll.read_no_numbers", column=self.heading.title(column))
        return tuple(found)

    def _one_number(self, text: str, column: str) -> str:
        number = read_number(text)
        if number.fault:
            self._wrong(number.fault, column, value=harmless(text))
            return text
        if number.said:
            self._say(number.said, column=self.heading.title(column))
        return number.text

    def _look_at_holding(self, text: str, owners: int) -> None:
        """Whether a register's word for sole or joint ownership fits the number of names."""
        if text and text in (_TOGETHER if owners == 1 else _ALONE):
            code = "roll.holding_of_one" if owners == 1 else "roll.holding_of_several"
            self.book.warnings.add(code, self.source, self.row)


_KIND_WORDS = "flat shop parking storage other"
_EXCLUSION_WORDS = "arrears conflict frozen disputed other"
