"""A photograph under a grid, as somebody marks on it what nobody may recognise: with ticks, without a script."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from models.values.refusal import refusal
from service.pictures.bodies import MOST_PARTS, BlurredPart

COLUMNS = 12
MOST_ROWS = 30
PERMILLE = 1_000


class Cell(NamedTuple):
    """A square of the grid, counted from 0 from the upper left."""

    row: int
    column: int

    @property
    def name(self) -> str:
        """As a form sends it."""
        return f"{self.row}.{self.column}"


def rows_of(width: int, height: int) -> int:
    """So many rows make about squares of a picture with `COLUMNS` columns; at least one."""
    return min(max(round(COLUMNS * height / width), 1), MOST_ROWS)


def grid(width: int, height: int) -> Iterator[Cell]:
    """Every cell of a picture, row by row."""
    for row in range(rows_of(width, height)):
        for column in range(COLUMNS):
            yield Cell(row, column)


def read_cells(names: Iterable[str], width: int, height: int) -> tuple[Cell, ...]:
    """The cells that a form names.

    Raises:
        Refused: `picture.cell_unknown`.
    """
    there = {each.name: each for each in grid(width, height)}
    wanted = list(names)
    for name in wanted:
        if name not in there:
            raise refusal("picture.cell_unknown", where="cells", cell=name[:20])
    return tuple(sorted({there[name] for name in wanted}))


def parts_of(cells: Iterable[Cell], width: int, height: int) -> tuple[BlurredPart, ...]:
    """The cells as rectangles, those side by side together; nothing beside them is blurred, nothing of them left.

    Raises:
        Refused: `picture.too_many_parts`.
    """
    rows = rows_of(width, height)
    boxes: list[tuple[int, int, int, int]] = []
    for row, begins, ends in _runs(sorted(set(cells))):
        above = next((each for each in boxes if each[1:] == (row, begins, ends)), None)
        if above is not None:
            boxes.remove(above)
        boxes.append((above[0] if above else row, row + 1, begins, ends))
    if len(boxes) > MOST_PARTS:
        raise refusal("picture.too_many_parts", where="cells", have=len(boxes), most=MOST_PARTS)
    return tuple(_part(*box, rows) for box in boxes)


def _runs(cells: list[Cell]) -> Iterator[tuple[int, int, int]]:
    """Cells side by side in a row: the row, the first column, and the column after the last."""
    begins: Cell | None = None
    for place, cell in enumerate(cells):
        begins = begins or cell
        after = cells[place + 1] if place + 1 < len(cells) else None
        if after != Cell(cell.row, cell.column + 1):
            yield cell.row, begins.column, cell.column + 1
            begins = None


def _part(top: int, bottom: int, left: int, right: int, rows: int) -> BlurredPart:
    """Rounded outward: a part is never smaller than its cells."""
    begins = left * PERMILLE // COLUMNS, top * PERMILLE // rows
    ends = -(-right * PERMILLE // COLUMNS), -(-bottom * PERMILLE // rows)
    return BlurredPart(
        left=begins[0], top=begins[1], width=ends[0] - begins[0], height=ends[1] - begins[1]
    )
