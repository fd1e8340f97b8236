"""A workbook has the cells as they were, and nothing in it is worked out."""

import io

import python_calamine

from formats.xlsx_table import xlsx_bytes


def test_cells_come_back_and_formulas_are_texts() -> None:
    made = xlsx_bytes([("id", "title", "n"), ("r1", "=1+1", 7), ("梅园", "＝HYPERLINK(1)", None)])
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_index(0)
    assert sheet.to_python() == [
        ["id", "title", "n"],
        ["r1", "'=1+1", 7.0],
        ["梅园", "'＝HYPERLINK(1)", ""],
    ]
