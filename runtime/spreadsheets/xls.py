"""What an old .xls workbook holds beside values: its records as [MS-XLS] lays them out.

olefile opens the container; the values are read by calamine. Here are only the records that tell
errors, formulas and cells far outside, because calamine does not tell them apart. Formulas are
counted: this format always stores their last value.
"""

import struct
from collections.abc import Iterator
from io import BytesIO

from olefile import OleFileIO

from runtime.spreadsheets.archive import SheetScan, Unfit

ENCRYPTED = ("EncryptedPackage", "EncryptionInfo")
"""Streams in which Office keeps a workbook that has a password."""
MAX_COLUMNS = 100

_FILEPASS, _BOUNDSHEET, _BOF = 0x002F, 0x0085, 0x0809
_BOOLERR, _FORMULA = 0x0205, 0x0006
_CELLS = frozenset({0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E})
"""Records that put a value into a cell: row and column are their first two numbers."""
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def workbook_stream(data: bytes) -> bytes:
    """The stream of records in an OLE container.

    Raises:
        Unfit: `spreadsheet.encrypted`, `spreadsheet.not_a_workbook`, `spreadsheet.damaged`.
    """
    try:
        with OleFileIO(BytesIO(data)) as container:
            if any(container.exists(name) for name in ENCRYPTED):
                raise Unfit("spreadsheet.encrypted")
            name = next((name for name in ("Workbook", "Book") if container.exists(name)), None)
            if name is None:
                raise Unfit("spreadsheet.not_a_workbook")
            stream = bytes(container.openstream(name).read())
            # olefile returns what there is of a stream whose sectors are missing.
            if len(stream) < container.get_size(name):
                raise Unfit("spreadsheet.damaged")
            return stream
    except (OSError, struct.error, IndexError, ValueError, RecursionError):
        # olefile's own error is an OSError; the others come from headers that lie about sizes.
        raise Unfit("spreadsheet.damaged") from None


def scan_xls(data: bytes) -> dict[str, SheetScan]:
    """Sheet name to what stands in it.

    Raises:
        Unfit: `spreadsheet.encrypted`, `spreadsheet.not_a_workbook`, `spreadsheet.damaged`.
    """
    book = workbook_stream(data)
    names: dict[int, str] = {}
    scans: dict[str, SheetScan] = {}
    current = SheetScan()
    try:
        for at, kind, body in _records(book):
            if kind == _FILEPASS:
                raise Unfit("spreadsheet.encrypted")
            if kind == _BOUNDSHEET:
                names[struct.unpack_from("<I", body)[0]] = _short_name(body)
            elif kind == _BOF and at in names:
                current = scans.setdefault(names[at], SheetScan())
            elif kind in _CELLS:
                _cell(kind, body, current)
    except struct.error:
        raise Unfit("spreadsheet.damaged") from None
    return scans


def _cell(kind: int, body: bytes, found: SheetScan) -> None:
    row, column = struct.unpack_from("<HH", body)
    last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == 0x00BD else column  # noqa: PLR2004 - MULRK
    if last >= MAX_COLUMNS:
        found.outside = found.outside or f"{last + 1}:{row + 1}"
    error = None
    if kind == _BOOLERR and body[7]:
        error = body[6]
    elif kind == _FORMULA:
        found.formulas += 1
        found.first_formula = found.first_formula or f"{row + 1}:{column + 1}"
        if body[12:14] == b"\xff\xff" and body[6] == 2:  # noqa: PLR2004 - an error
            error = body[8]
    if error is not None:
        found.faults[row + 1, column] = ("roll.cell_error", _ERRORS.get(error, "#?"))


def _records(book: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield at, kind, book[at + 4 : at + 4 + size]
        at += 4 + size


def _short_name(body: bytes) -> str:
    """The name in a BOUNDSHEET record of BIFF8: length, whether it is wide, letters."""
    size, wide = body[6], body[7] & 1
    raw = body[8 : 8 + size * (2 if wide else 1)]
    return raw.decode("utf-16-le" if wide else "latin-1")
