"""What is kept of a roll across its rows and sheets, and what is found when all of them are read."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from formats.roll.columns import ROOMS, Heading, plain_heading
from formats.roll.identities import doubtful
from formats.roll.notes import MAX_ROWS_NAMED, Findings, Notes, Source
from formats.roll.numbering import is_room, part_key, spelling_key
from formats.roll.owners import name_key, owner_key
from models.files.roll import RegisteredUnit, sparing

MAX_OWNERS = 50
"""Of one unit."""
MAX_LABEL = 32
"""Characters of a unit, building or entrance: ids of rows are made of them."""
SHEET = "工作表 (sheet)"
"""How the building is called where it is the name of the sheet."""
FEWEST_REPEATED = 5
"""One in so many units has to share its number with another, for numbers to be those of rooms."""


@dataclass
class Book:
    """The units of all sheets, and what has to be compared between them."""

    problems: Findings
    readings: Notes = field(default_factory=Notes)
    """What was interpreted, and how often."""
    warnings: Notes = field(default_factory=Notes)
    units: list[RegisteredUnit] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    """The row of each unit."""
    identified: bytearray = field(default_factory=bytearray)
    """1 for each unit whose owners came with numbers of identity."""
    sheets: list[tuple[int, Source, Heading]] = field(default_factory=list)
    """The first unit of each sheet."""
    seen: dict[str, int] = field(default_factory=dict)
    """What all spellings of a number have in common to the first unit that has it."""
    again: list[tuple[int, int]] = field(default_factory=list)
    """Pairs of units of which the second has the number of the first, in some spelling."""
    parts: dict[tuple[str, str], str] = field(default_factory=dict)
    """(building or entrance, its key) to the first spelling of it."""
    people: dict[str, int] = field(default_factory=dict)
    """Number of identity to the unit that it came with first, times `MAX_OWNERS`, and the place of its owner."""
    doubtful: set[str] = field(default_factory=set)
    """Those of them that cannot be right."""
    area_dm2: int = 0

    def source(self, at: int) -> Source:
        """The sheet of a unit."""
        return self.sheets[bisect_right(self.sheets, at, key=lambda each: each[0]) - 1][1]

    def add(self, unit: RegisteredUnit, key: str, row: int, ids: tuple[str, ...]) -> None:
        """Take a unit; `key` is what the spellings of its number have in common, `ids` are its owners' numbers."""
        at = len(self.units)
        self.units.append(unit)
        self.rows.append(row)
        self.identified.append(bool(ids))
        self.area_dm2 += unit.area_dm2
        first = self.seen.setdefault(key, at)
        if first != at:
            self.again.append((first, at))
        for place, number in enumerate(ids, start=at * MAX_OWNERS):
            if self.people.setdefault(number, place) == place and doubtful(number):
                self.doubtful.add(number)
                self.warnings.add("roll.check_digit", self.sheets[-1][1], row)

    def part(self, name: str, text: str) -> str:
        """A building or entrance in its first spelling."""
        return self.parts.setdefault((name, part_key(text)), text)

    def person(self, number: str, name: str, row: int) -> str:
        """The name under which a number came first, where it is the same name; else a problem is noted."""
        if number not in self.people:
            return name
        first, where = self._who(number)
        if first == name:
            return name
        _, source, heading = self.sheets[-1]
        if name_key(first) != name_key(name):
            place = heading.fields.index("owner_ids")
            self.problems.add("roll.number_of_two_names", row, place, "owner_ids", first=where)
            return name
        self.readings.add("roll.read_spellings", source, row)
        return first

    def _who(self, number: str) -> tuple[str, str]:
        """The name and the row with which a number came first."""
        at, place = divmod(self.people[number], MAX_OWNERS)
        return self.units[at].owners[place], self._row(at)

    def finish(self) -> None:
        """Everything that only shows when all rows are there: numbers of rooms, doubles, namesakes."""
        if self.again and self._are_rooms():
            self._number_rooms()
        else:
            self._tell_doubles()
            self._tell_number()
        if not self.problems.found:
            self._namesakes()
            self._numbers_alike()

    def _are_rooms(self) -> bool:
        """Whether the numbers repeat because they are those of rooms within their entrances."""
        titled = all(plain_heading(each[2].title("number")) in ROOMS for each in self.sheets)
        shared = {at for pair in self.again for at in pair}
        apart = all(self._place(first) != self._place(second) for first, second in self.again)
        return (
            titled
            and apart
            and len(shared) * FEWEST_REPEATED >= len(self.units)
            and all(is_room(unit.number) for unit in self.units)
        )

    def _place(self, at: int) -> tuple[str, str]:
        return self.units[at].building, self.units[at].entrance

    def _number_rooms(self) -> None:
        """Give every unit the number building-entrance-room, and say so."""
        first: dict[tuple[str, str, str], int] = {}
        for at, unit in enumerate(self.units):
            number = f"{unit.building}-{unit.entrance}-{unit.number}"
            if len(number) > MAX_LABEL:
                self._problem("roll.too_long", at, have=len(number), most=MAX_LABEL)
            before = first.setdefault((*self._place(at), spelling_key(unit.number)), at)
            # Whoever came before has its whole number already.
            if before != at and self.units[before].number == number:
                self._twice(at, before, number)
            elif before != at:
                self._twice_spelled(at, before, number)
            self.units[at] = sparing(unit.model_copy(update={"number": number}))
        self._say_number("roll.read_number_room", example=self.units[0].number)

    def _say_number(self, code: str, **params: str) -> None:
        _, source, heading = self.sheets[0]
        titles = {name: heading.title(name) for name in ("number", "building", "entrance")}
        if "building" not in heading.fields:
            titles["building"] = SHEET
        self.readings.tell(code, source, **titles, **params)

    def _tell_number(self) -> None:
        """Say that a number which looks like a room's was taken for the estate's."""
        headings = [each[2] for each in self.sheets]
        if not self.units or any("number" not in each.fields for each in headings):
            return
        titled = plain_heading(headings[0].title("number")) in ROOMS
        if titled and all(is_room(unit.number) for unit in self.units):
            self._say_number("roll.read_number_estate")

    def _tell_doubles(self) -> None:
        """Each unit beside every one before it whose number may be the same in another spelling."""
        exact: dict[str, int] = {}
        placed: dict[tuple[int, str, str, int], int] = {}
        for first, second in self.again:
            for at in (first, second):
                unit = self.units[at]
                twice = exact.setdefault(unit.number, at)
                spelled = placed.setdefault((first, *self._place(at), unit.floor), at)
            if twice != second:
                self._twice(second, twice, unit.number)
            elif spelled != second:
                self._twice_spelled(second, spelled, unit.number)
            else:
                rows = f"{self._row(first)}, {self._row(second)}"
                source, row = self.source(second), self.rows[second]
                units = f"{self.units[first].number}, {unit.number}"
                self.warnings.tell("roll.units_alike", source, row, units=units, rows=rows)

    def _twice_spelled(self, at: int, first: int, number: str) -> None:
        params = {"unit": number, "other": self.units[first].number}
        self._problem("roll.unit_twice_spelled", at, **params, first=self._first(first))

    def _twice(self, at: int, first: int, number: str) -> None:
        heading = self.sheets[bisect_right(self.sheets, at, key=lambda each: each[0]) - 1][2]
        field_ = "number" if "number" in heading.fields else "room"
        title = heading.title(field_)
        self._problem("roll.unit_twice", at, unit=number, first=self._first(first), title=title)

    def _problem(self, code: str, at: int, /, **params: str | int) -> None:
        self.problems.source = self.source(at)
        heading = self.sheets[bisect_right(self.sheets, at, key=lambda each: each[0]) - 1][2]
        name = "number" if "number" in heading.fields else "room"
        self.problems.add(code, self.rows[at], heading.fields.index(name), name, **params)

    def _row(self, at: int) -> str:
        return self.source(at).row(self.rows[at])

    def _first(self, at: int) -> str | int:
        return self._row(at) if self.source(at).several else self.rows[at]

    def _namesakes(self) -> None:
        """Units that became one head, or two, only because a number of identity is missing."""
        first: dict[str, int] = {}
        same: dict[int, list[int]] = {}
        mixed = any(self.identified) and not all(self.identified)
        for at, unit in enumerate(self.units):
            if not unit.developer and (mixed or not self.identified[at]):
                plain = owner_key(unit.owners) if self.identified[at] else unit.owner_key
                before = first.setdefault(plain, at)
                if before != at:
                    same.setdefault(before, [before]).append(at)
        for _, places in sorted(same.items()):
            known = {self.identified[at] for at in places}
            if 0 in known:
                code = "roll.possible_namesakes" if known == {0} else "roll.possibly_one_owner"
                self._warn_of_units(code, places)

    def _warn_of_units(self, code: str, places: list[int]) -> None:
        named = places[:MAX_ROWS_NAMED]
        more = ", …" if len(places) > len(named) else ""
        units = ", ".join(self.units[at].number for at in named) + more
        rows = ", ".join(map(self._row, named)) + more
        source, row = self.source(places[0]), self.rows[places[0]]
        self.warnings.tell(code, source, row, units=units, rows=rows, count=len(places))

    def _numbers_alike(self) -> None:
        """Two numbers of one name that differ in one place, one of them wrong: probably one person."""
        wrong = {name_key(self._who(number)[0]) for number in self.doubtful}
        for mine in self._by_name(wrong).values():
            for one, other in combinations(mine, 2):
                if _alike(one, other) and (one in self.doubtful or other in self.doubtful):
                    rows = f"{self._who(one)[1]}, {self._who(other)[1]}"
                    at = self.people[other] // MAX_OWNERS
                    self.warnings.tell(
                        "roll.numbers_alike", self.source(at), self.rows[at], rows=rows
                    )

    def _by_name(self, wanted: set[str]) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for number in self.people if wanted else ():
            key = name_key(self._who(number)[0])
            if key in wanted and len(found[key]) < MAX_LABEL:
                found[key].append(number)
        return found


def _alike(one: str, other: str) -> bool:
    """Whether two numbers differ in one sign, or in two that changed places, or by a sign too few."""
    if abs(len(one) - len(other)) == 1:
        short, long = sorted((one, other), key=len)
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    if len(one) != len(other):
        return False
    differ = [at for at, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]]
    if len(differ) == 1:
        return True
    places = (differ[0], differ[-1]) if differ else (0, 0)
    swapped = one[places[0]] == other[places[1]] and one[places[1]] == other[places[0]]
    return len(differ) == len(places) and swapped
