"""The election of a `.pb` file: its cells, and the menu and ballots that they say."""

from dataclasses import dataclass
from fractions import Fraction

from models.values.decisions.menu import Menu, MenuBallot


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

    def published_tally(self) -> dict[str, int] | None:
        """The published figures in the unit of the menu, if the file has them."""
        cells = self.projects.column(self.menu.unit.value)
        if cells is None:
            return None
        return {
            item: int(Fraction(cell or 0))
            for item, cell in zip(self.menu.costs, cells, strict=True)
        }

    def published_winners(self) -> frozenset[str] | None:
        """The works marked 1, if the file has marks; other marks are works paid from elsewhere."""
        cells = self.projects.column("selected")
        if cells is None:
            return None
        return frozenset(
            item for item, cell in zip(self.menu.costs, cells, strict=True) if cell == "1"
        )
