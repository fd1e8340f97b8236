"""The shape of a `.pb` file: its sections, headings and rows, with the line of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from formats.csv_table import OpenQuoteError, csv_rows
from formats.pabulib.election import SectionTable
from models.values.decisions.menu import SECTIONS
from models.values.refusal import Problem, problem, refuse_if_any

MAX_PROBLEMS = 100
SHOWN = 40
"""Characters of a cell that a refusal repeats."""
NEEDED = {
    "META": ("key", "value"),
    "PROJECTS": ("project_id", "cost"),
    "VOTES": ("voter_id", "vote"),
}


@dataclass(slots=True)
class Section:
    """The heading and rows of a section with the lines on which they begin."""

    columns: tuple[str, ...]
    line: int
    rows: list[tuple[str, ...]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def cells(self, name: str) -> list[str]:
        """The stripped cells under a heading, empty ones where there is no such heading."""
        if name not in self.columns:
            return [""] * len(self.rows)
        place = self.columns.index(name)
        return [row[place].strip() for row in self.rows]

    def table(self) -> SectionTable:
        """The section without its lines."""
        return SectionTable(self.columns, tuple(self.rows))


@dataclass(slots=True)
class Shape:
    """Reads one file and notes what is wrong with it."""

    name: str
    problems: list[Problem] = field(default_factory=list)
    found: int = 0

    def wrong(
        self, code: str, line: int, part: str, heading: str = "", **params: str | int
    ) -> None:
        """Note a problem; beyond the limit only its number is kept."""
        self.found += 1
        if self.found <= MAX_PROBLEMS:
            places = [f"{self.name} line {line}", f"section {part}" if part else ""]
            places.append(f"field {heading}" if heading else "")
            where = ", ".join(place for place in places if place)
            self.problems.append(problem(code, where=where, **params))

    def refuse(self) -> None:
        """Say no if there was any problem."""
        if self.found > len(self.problems):
            self.problems.append(
                problem("menu.pb_more", where=self.name, more=self.found - len(self.problems))
            )
        refuse_if_any(self.problems)

    def sections(self, text: str) -> dict[str, Section]:
        """The three sections by name; problems of their shape are noted."""
        found: dict[str, Section] = {}
        line, current, waiting = 1, "", ""
        for line, row in self._rows(text):
            title = row[0].strip().upper()
            if title in SECTIONS and not any(cell.strip() for cell in row[1:]):
                if title in found:
                    self.wrong("menu.pb_section_twice", line, title)
                    self.refuse()
                waiting = title
            elif waiting:
                current, waiting = waiting, ""
                found[current] = self._heading(current, row, line)
            elif current:
                self._keep(current, found[current], row, line)
            else:
                self.wrong("menu.pb_before_sections", line, "")
                self.refuse()
        for section in NEEDED:
            if section not in found:
                code = "menu.pb_no_heading" if section == waiting else "menu.pb_section_missing"
                self.wrong(code, line, section, "", section=section)
        return found

    def _rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Every row that holds anything, with the line on which it begins."""
        try:
            for line, row in csv_rows(text, ";"):
                if any(row) and any(cell.strip() for cell in row):
                    yield line, row
        except OpenQuoteError as error:
            self.wrong("menu.pb_quote_open", error.line, "")
            self.refuse()

    def _heading(self, section: str, row: list[str], line: int) -> Section:
        columns = [cell.strip() for cell in row]
        while columns and not columns[-1]:
            columns.pop()
        for column in NEEDED[section]:
            if column not in columns:
                have = ";".join(columns)[:SHOWN]
                self.wrong("menu.pb_no_column", line, section, column, column=column, have=have)
        for place, column in enumerate(columns):
            if column in columns[:place]:
                self.wrong("menu.pb_column_twice", line, section, column, column=column)
        return Section(tuple(columns), line)

    def _keep(self, section: str, kept: Section, row: list[str], line: int) -> None:
        """Keep a row; cells that a spreadsheet added behind the last heading are dropped."""
        need = len(kept.columns)
        if section == "META" and len(row) > need:
            # A value with an unquoted semicolon.
            row = [row[0], ";".join(row[1:]).rstrip(";")]
        if len(row) < need or any(cell.strip() for cell in row[need:]):
            self.wrong("menu.pb_ragged", line, section, "", have=len(row), need=need)
            return
        kept.rows.append(tuple(row[:need]))
        kept.lines.append(line)
