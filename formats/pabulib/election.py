"""The election of a `.pb` file: its cells, and the menu and ballots that they say."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from models.values.decisions.menu import Completion, Menu, MenuBallot, MenuRule


class FileRule(NamedTuple):
    """How a file says that its works are chosen; without `skip` the first that does not fit ends it."""

    rule: MenuRule
    completion: Completion = Completion.NONE
    skip: bool = True


FILE_RULES: Mapping[str, FileRule] = {
    "greedy": FileRule(MenuRule.GREEDY),
    "greedy-threshold": FileRule(MenuRule.GREEDY),
    "greedy-no-skip": FileRule(MenuRule.GREEDY, skip=False),
    "equalshares": FileRule(MenuRule.EQUAL_SHARES),
    "equalshares/add1": FileRule(MenuRule.EQUAL_SHARES, Completion.ADD1),
}
"""What the value of `rule` in META means, as far as it is carried; a threshold is in the menu's rules."""


@dataclass(frozen=True, slots=True)
class SectionTable:
    """A section: its headings and its rows, as in the file; each row is as long as the heading."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> tuple[str, ...] | None:
        """The stripped cells under a heading, None if there is no such heading."""
        if name not in self.columns:
            return None
        place = self.columns.index(name)
        return tuple(row[place].strip() for row in self.rows)


@dataclass(frozen=True, slots=True)
class Election:
    """A file's cells, and the menu and the ballots that they say, in the file's order."""

    meta: SectionTable
    projects: SectionTable
    votes: SectionTable
    menu: Menu
    ballots: tuple[MenuBallot, ...]

    def rule_name(self) -> str:
        """What META calls the rule by which the works are chosen; "" where it says nothing."""
        keys, values = self.meta.column("key") or (), self.meta.column("value") or ()
        return dict(zip(keys, values, strict=True)).get("rule", "")

    def published_tally(self) -> dict[str, Fraction | None] | None:
        """The published figures in the unit of the menu, if the file has them; None is no number."""
        cells = self.projects.column(self.menu.unit.value)
        if cells is None:
            return None
        return {item: _figure(cell) for item, cell in zip(self.menu.costs, cells, strict=True)}

    def area_of_ballots(self) -> tuple[int | None, ...] | None:
        """The voting area behind each ballot (0.01 m2), if the file has a column `area_dm2`."""
        cells = self.votes.column("area_dm2")
        if cells is None:
            return None
        return tuple(int(cell) if cell.isdecimal() else None for cell in cells)

    def published_winners(self) -> frozenset[str] | None:
        """The works marked 1, if the file has marks; other marks are works paid from elsewhere."""
        cells = self.projects.column("selected")
        if cells is None:
            return None
        return frozenset(
            item for item, cell in zip(self.menu.costs, cells, strict=True) if cell == "1"
        )


def _figure(cell: str) -> Fraction | None:
    with suppress(ValueError, ZeroDivisionError):
        return Fraction(cell or 0)
    return None
