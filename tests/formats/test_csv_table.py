"""No file that leaves is worked out by a spreadsheet, and no other module writes one."""

import ast
import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.csv_table import BEGINS_FORMULA, OpenQuoteError, csv_rows, csv_text
from runtime.local.programs import ROOT
from service.access.printing import PrintedLetter, as_csv

ROOMS = ("cli", "service", "runtime", "formats", "activities", "proof")
HOMES = {"formats/csv_table.py", "formats/xlsx_table.py"}
OURS = {"cli/demo/town/estate.py", "service/starting/importing.py"}
"""The roll of the demo, which is invented here and read by `roll import`; and the units of a request, which the
one reader of rolls reads."""
FORMULAS = (
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    '=HYPERLINK("http://x")',
    "＝1",
)


@given(
    st.lists(st.lists(st.one_of(st.sampled_from(FORMULAS), st.text(), st.integers()), min_size=1))
)
def test_no_text_begins_like_a_formula_and_numbers_stay_numbers(rows: list[list[object]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    for cells, given_cells in zip(read, rows, strict=True):
        for cell, was in zip(cells, given_cells, strict=True):
            if isinstance(was, str):
                assert not cell.lstrip(" ").startswith(BEGINS_FORMULA)
                assert cell.removeprefix("'") == was or cell == was
            else:
                assert int(cell) == was


CELLS = st.text(st.characters(exclude_characters="\ufdd0", exclude_categories=["Cs"]))


@given(st.lists(st.lists(CELLS, min_size=1)))
def test_what_is_written_is_read_and_a_cell_that_never_ends_swallows_nothing(
    rows: list[list[str]],
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    read = list(csv_rows(file.getvalue()))
    assert [cells for _, cells in read] == rows
    assert [line for line, _ in read] == sorted({line for line, _ in read})
    cut = csv_rows(file.getvalue() + 'a,"b\nc,d\n')
    with pytest.raises(OpenQuoteError) as error:
        rows = [next(cut)[1] for _ in range(len(rows) + 1)]
    assert error.value.line > (read[-1][0] if read else 0)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_letters_file_holds_no_formula(formula: str) -> None:
    letter = PrintedLetter(
        unit_number=formula,
        link="http://x",
        fact="roll",
        expires_at=datetime(2026, 12, 1, tzinfo=UTC),
    )
    _, row = csv.reader(io.StringIO(as_csv([letter], UTC), newline=""))
    assert row[0] == f"'{formula}"


def test_every_table_that_leaves_is_written_in_its_home() -> None:
    """`csv.writer`, `csv.DictWriter` and the libraries that write workbooks stand nowhere else."""
    found = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                named = isinstance(node, ast.Attribute) and node.attr in {"writer", "DictWriter"}
                modules = [each.name for each in node.names] if isinstance(node, ast.Import) else []
                modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                if named or {"xlsxwriter", "openpyxl", "odf", "xlwt"} & set(modules):
                    found.add(name)
    assert found == HOMES | OURS
