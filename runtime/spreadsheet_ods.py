"""What an .ods sheet holds beside values: formulas that were never worked out, and errors.

Reads the content as a stream and only as far as needed; the archive was looked through before.
"""

import zipfile
from io import BytesIO
from typing import IO
from xml.etree import ElementTree as ET

from runtime.spreadsheet_zip import MAX_CELLS, MAX_FAULTS, SheetScan, Unfit

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
ERROR_TYPE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
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
            return _Walk().through(content)


def _has_manifest(archive: zipfile.ZipFile) -> bool:
    return "META-INF/manifest.xml" in archive.namelist()


class _Walk:
    """Walks the content and keeps count of rows and columns, repeated ones included."""

    def __init__(self) -> None:
        self.found: dict[str, SheetScan] = {}
        self.sheet = SheetScan()
        self.row = self.column = self.cells = 0

    def through(self, content: IO[bytes]) -> dict[str, SheetScan]:
        for event, node in ET.iterparse(content, events=("start", "end")):  # noqa: S314 - no entities
            if event == "start":
                self._start(node)
            elif node.tag in {f"{TABLE}table-cell", f"{TABLE}covered-table-cell"}:
                self._cell(node)
            elif node.tag == f"{TABLE}table-row":
                self._row(node)
        return self.found

    def _start(self, node: ET.Element) -> None:
        if node.tag == f"{TABLE}table":
            self.sheet = self.found.setdefault(node.get(f"{TABLE}name", ""), SheetScan())
            self.row = 1
        elif node.tag == f"{TABLE}table-row":
            self.column = 0

    def _row(self, node: ET.Element) -> None:
        times = int(node.get(f"{TABLE}number-rows-repeated", "1"))
        filled = any(_filled(cell) for cell in node)
        if filled and self.row + times - 1 > MAX_ROWS:
            self.sheet.outside = self.sheet.outside or f"A{self.row + times - 1}"
        self.cells += times * self.column if filled else 0
        if self.cells > MAX_CELLS:
            raise Unfit("spreadsheet.too_large")
        self.row += times
        node.clear()

    def _cell(self, node: ET.Element) -> None:
        times = int(node.get(f"{TABLE}number-columns-repeated", "1"))
        place, self.column = (self.row, self.column), self.column + times
        if not _filled(node):
            return
        if self.column > MAX_COLUMNS:
            self.sheet.outside = self.sheet.outside or f"{self.column}:{self.row}"
        fault = _fault(node)
        if fault is not None and len(self.sheet.faults) < MAX_FAULTS:
            self.sheet.faults[place] = fault
        elif node.get(f"{TABLE}formula") is not None:
            self.sheet.formulas += 1
            self.sheet.first_formula = self.sheet.first_formula or f"{place[0]}:{place[1] + 1}"


def _filled(node: ET.Element) -> bool:
    return node.get(f"{OFFICE}value-type") is not None or node.get(f"{TABLE}formula") is not None


def _fault(node: ET.Element) -> tuple[str, str] | None:
    if node.get(ERROR_TYPE) == "error":
        return "roll.cell_error", "#…"
    if node.get(f"{TABLE}formula") is None:
        return None
    value = node.get(f"{OFFICE}value")
    text = "".join(node.itertext())
    if value in {None, "", "0"} and (value is not None or not text):
        return "roll.formula_without_value", "=…"
    return None
