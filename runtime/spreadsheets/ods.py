"""What an .ods sheet holds beside values: formulas that were never worked out, and errors.

Reads the content as a stream and only as far as needed; the archive was looked through before.
"""

import zipfile
from io import BytesIO
from typing import IO
from xml.parsers import expat

from runtime.spreadsheets.archive import MAX_CELLS, MAX_FAULTS, SheetScan, Unfit
from runtime.spreadsheets.shapes import looks_the_same

TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
ERROR_TYPE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
VALUE_TYPE = f"{OFFICE}value-type"
COLUMNS_REPEATED = f"{TABLE}number-columns-repeated"
ROW = f"{TABLE}table-row"
CELLS = frozenset({f"{TABLE}table-cell", f"{TABLE}covered-table-cell"})
NUMBERS = frozenset({"float", "percentage", "currency"})
MAX_COLUMNS = 100
MAX_ROWS = 1_000_000


def scan_ods(data: bytes) -> dict[str, SheetScan]:
    """Sheet name to what stands in it.

    Raises:
        Unfit: `spreadsheet.encrypted` for content that is, `spreadsheet.damaged`.
    """
    with zipfile.ZipFile(BytesIO(data)) as archive:
        manifest = archive.read("META-INF/manifest.xml") if _has_manifest(archive) else b""
        if b"encryption-data" in manifest:
            raise Unfit("spreadsheet.encrypted")
        with archive.open("content.xml") as content:
            return _ContentScan().through(content)


def _has_manifest(archive: zipfile.ZipFile) -> bool:
    return "META-INF/manifest.xml" in archive.namelist()


class _ContentScan:
    """Reads the content and keeps count of rows and columns, repeated ones included."""

    def __init__(self) -> None:
        self.found: dict[str, SheetScan] = {}
        self.sheet = SheetScan()
        self.row = self.column = self.cells = 0
        self.times = 1
        self.filled = False
        self.formula: tuple[int, int, str | None] | None = None
        """The place and value of the formula whose text is being read."""
        self.number: tuple[int, int, int, str] | None = None
        """The place of the number whose shown text is being read, how often it is repeated, and its value."""
        self.text = ""

    def through(self, content: IO[bytes]) -> dict[str, SheetScan]:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.ParseFile(content)
        return self.found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in CELLS:
            self._cell(attributes)
        elif tag == ROW:
            self.column, self.filled = 0, False
            self.times = int(attributes.get(f"{TABLE}number-rows-repeated", "1"))
            if attributes.get(f"{TABLE}visibility") in {"collapse", "filter"}:
                self.sheet.hidden.update(range(self.row, min(self.row + self.times, MAX_ROWS)))
        elif tag == f"{TABLE}table":
            self.sheet = self.found.setdefault(attributes.get(f"{TABLE}name", ""), SheetScan())
            self.row = 1

    def _end(self, tag: str) -> None:
        if tag == ROW:
            self._row()
        elif tag in CELLS and self.formula is not None:
            self._formula(*self.formula)
            self.formula = None
        elif tag in CELLS and self.number is not None:
            row, column, times, value = self.number
            other = self.text != value and not looks_the_same(self.text, value)
            if other and len(self.sheet.shown) < MAX_FAULTS:
                self.sheet.shown |= {(row, column + at): self.text for at in range(times)}
            self.number = None

    def _text(self, text: str) -> None:
        if self.formula is not None or self.number is not None:
            self.text += text

    def _row(self) -> None:
        last = self.row + self.times - 1
        if self.filled:
            if last > MAX_ROWS:
                self.sheet.outside = self.sheet.outside or f"A{last}"
            self.cells += self.times * self.column
            if self.cells > MAX_CELLS:
                raise Unfit("spreadsheet.too_large")
        self.row = last + 1

    def _cell(self, attributes: dict[str, str]) -> None:
        row, column = self.row, self.column
        self.column += int(attributes.get(COLUMNS_REPEATED, "1")) if attributes else 1
        formula = f"{TABLE}formula" in attributes
        if not formula and VALUE_TYPE not in attributes:
            return
        self.filled = True
        if self.column > MAX_COLUMNS:
            self.sheet.outside = self.sheet.outside or f"{self.column}:{row}"
        if attributes.get(ERROR_TYPE) == "error":
            self._fault(row, column, "roll.cell_error", "#…")
        elif formula:
            self.formula, self.text = (row, column, attributes.get(f"{OFFICE}value")), ""
        elif f"{OFFICE}value" in attributes and attributes.get(VALUE_TYPE) in NUMBERS:
            times = self.column - column
            self.number, self.text = (row, column, times, attributes[f"{OFFICE}value"]), ""

    def _formula(self, row: int, column: int, value: str | None) -> None:
        if value in {"", "0"} or (value is None and not self.text):
            self._fault(row, column, "roll.formula_without_value", "=…")
            return
        self.sheet.formulas += 1
        self.sheet.first_formula = self.sheet.first_formula or f"{row}:{column + 1}"

    def _fault(self, row: int, column: int, code: str, value: str) -> None:
        if len(self.sheet.faults) < MAX_FAULTS:
            self.sheet.faults[row, column] = (code, value)
