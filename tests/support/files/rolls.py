"""Clean random rolls, and what may be done to them without changing what they mean."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from formats.roll.differences import head_of
from formats.roll.identities import check_digit
from models.files.roll import RollReport

HEADING = ("房号", "楼栋", "单元", "楼层", "建筑面积", "用途", "业主", "证件号")
SURNAMES = "张王李赵刘陈杨黄周吴徐孙"
GIVEN = ("伟", "芳", "秀英", "建国", "敏", "志强", "丽华", "小明", "桂兰", "海燕")
KINDS = ("住宅", "商铺", "车位")


@dataclass(frozen=True)
class Person:
    """An owner with a number whose check digit is right."""

    name: str
    number: str


@dataclass(frozen=True)
class Unit:
    """A unit of a clean roll."""

    building: int
    entrance: int
    floor: int
    room: int
    area: int
    """0.01 square metres."""
    kind: str
    owners: tuple[Person, ...]

    @property
    def number(self) -> str:
        return f"{self.building}-{self.entrance}-{self.place}"

    @property
    def place(self) -> str:
        return f"{self.floor}{self.room:02d}"

    def cells(self, *, ids: bool = True) -> list[str]:
        numbers = "、".join(each.number for each in self.owners) if ids else ""
        names = "、".join(each.name for each in self.owners)
        area = f"{self.area // 100}.{self.area % 100:02d}"
        place = (self.number, str(self.building), str(self.entrance), str(self.floor))
        return [*place, area, self.kind, names, numbers]

    def owned_by(self, owners: Iterable[Person]) -> "Unit":
        return replace(self, owners=tuple(owners))


def with_check(digits: str) -> str:
    return digits + check_digit(digits)


@st.composite
def people(draw: st.DrawFn) -> list[Person]:
    names = draw(
        st.lists(
            st.tuples(st.sampled_from(SURNAMES), st.sampled_from(GIVEN)).map("".join),
            min_size=2,
            max_size=6,
            unique=True,
        )
    )
    births = draw(
        st.lists(
            st.tuples(st.integers(1930, 1999), st.integers(1, 12), st.integers(1, 28)),
            min_size=len(names),
            max_size=len(names),
        )
    )
    return [
        Person(name, with_check(f"370702{year}{month:02d}{day:02d}{at + 101:03d}"))
        for at, (name, (year, month, day)) in enumerate(zip(names, births, strict=True))
    ]


@st.composite
def rolls(draw: st.DrawFn) -> list[Unit]:
    """A few units of two buildings; owners repeat, alone and together."""
    known = draw(people())
    places = draw(
        st.lists(
            st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 6), st.integers(1, 2)),
            min_size=2,
            max_size=8,
            unique=True,
        )
    )
    return [
        Unit(
            building,
            entrance,
            floor,
            room,
            draw(st.integers(2_000, 20_000)),
            draw(st.sampled_from(KINDS)),
            tuple(draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))),
        )
        for building, entrance, floor, room in places
    ]


def table(units: Sequence[Unit], *, ids: bool = True) -> list[list[str]]:
    """The rows of a clean roll, headings first."""
    return [list(HEADING), *(unit.cells(ids=ids) for unit in units)]


def as_csv(rows: Iterable[Sequence[object]], encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def meaning(report: RollReport) -> tuple[int, int, frozenset[frozenset[str]]]:
    """Units, area, and which units are one head; what no disturbance may change in silence."""
    assert report.roll is not None, [each.problem for each in report.problems]
    heads: dict[str, set[str]] = defaultdict(set)
    for unit in report.roll.units:
        heads[head_of(unit)].add(unit.number)
    area = sum(unit.area_dm2 for unit in report.roll.units)
    return len(report.roll.units), area, frozenset(map(frozenset, heads.values()))


def same_or_refused(report: RollReport, wanted: tuple[int, int, frozenset[frozenset[str]]]) -> bool:
    """Whether it was read (True) and means the same; a refusal names the cells."""
    if report.roll is None:
        assert report.problems
        assert all(each.row is not None for each in report.problems), report.problems
        return False
    assert meaning(report) == wanted, [each.problem for each in report.readings]
    return True
