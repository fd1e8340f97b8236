"""Where something stands in a file, and what is said of it: problems, warnings and interpretations."""

from dataclasses import dataclass, field

from formats.roll.columns import letter
from models.files.roll import Finding
from models.values.refusal import problem

MAX_PROBLEMS = 100
MAX_ROWS_NAMED = 5
MAX_GROUPS = 200
"""Interpretations and warnings of different words that are kept apart."""


@dataclass(frozen=True)
class Source:
    """Which file, and which sheet of it where it has sheets."""

    name: str
    sha256: str
    sheet: str | None = None
    several: bool = False
    """Whether other sheets of the file are read too: then rows are named with the sheet."""

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

    def row(self, row: int) -> str:
        """A row in a list of rows: "3", or "2号楼!3" where several sheets are read."""
        return f"{self.sheet}!{row}" if self.several else str(row)


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
class _Group:
    source: Source
    row: int
    count: int = 0
    rows: list[str] = field(default_factory=list)


@dataclass
class Notes:
    """What is said once for all rows it is about: how many, and the first of them."""

    groups: dict[tuple[str, tuple[tuple[str, str | int], ...]], _Group] = field(
        default_factory=dict
    )
    whole: list[Finding] = field(default_factory=list)
    """Of the file as a whole, of a column or of a few units; up to a limit."""
    said: int = 0
    """All of them."""

    def add(self, code: str, source: Source, row: int, /, **params: str | int) -> None:
        """Count a row; `params` tell groups of the same code apart."""
        key = (code, tuple(sorted(params.items())))
        group = self.groups.get(key)
        if group is None:
            if len(self.groups) >= MAX_GROUPS:
                key = (code, ())
            group = self.groups.setdefault(key, _Group(source, row))
        group.count += 1
        if len(group.rows) < MAX_ROWS_NAMED:
            group.rows.append(source.row(row))

    def tell(
        self, code: str, source: Source, row: int | None = None, /, **params: str | int
    ) -> None:
        """Say something that has no count of rows."""
        self.said += 1
        if self.said > MAX_PROBLEMS:
            return
        where = source.name if row is None else source.at(row)
        found = problem(code, where=where, **params)
        self.whole.append(Finding(problem=found, sheet=source.sheet, row=row))

    @property
    def found(self) -> int:
        """How many sentences there are."""
        return self.said + len(self.groups)

    def findings(self) -> tuple[Finding, ...]:
        """All of them, those of the whole first; `rows` names the first rows of each group."""
        return (
            *self.whole,
            *(_finding(code, key, each) for (code, key), each in self.groups.items()),
        )


def _finding(code: str, key: tuple[tuple[str, str | int], ...], group: _Group) -> Finding:
    more = ", …" if group.count > len(group.rows) else ""
    params = dict(key) | {"count": group.count, "rows": ", ".join(group.rows) + more}
    source = group.source
    return Finding(
        problem=problem(code, where=source.name, **params),
        sheet=source.sheet,
        row=group.row,
    )
