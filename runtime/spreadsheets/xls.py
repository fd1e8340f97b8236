"""What an old .xls workbook holds beside values: its records as [MS-XLS] lays them out.

olefile opens the container; the values are read by calamine. Here are only the records that tell
errors, formulas and cells far outside, because calamine does not tell them apart. Formulas are
counted: this format always stores their last value.
"""

import struct
from collections.abc import Iterator
from io import BytesIO

from olefile import OleFileIO

from runtime.spreadsheets.archive import MAX_FAULTS, SheetScan, Unfit
from runtime.spreadsheets.shapes import BUILT_IN, shown_otherwise, telling

ENCRYPTED = ("EncryptedPackage", "EncryptionInfo")
"""Streams in which Office keeps a workbook that has a password."""
MAX_COLUMNS = 100

_ROW, _XF, _FORMAT = 0x0208, 0x00E0, 0x041E
_NUMBER, _RK, _MULRK = 0x0203, 0x027E, 0x00BD
_HIDDEN = 0x20
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
    styles = _Styles()
    try:
        for at, kind, body in _records(book):
            if kind == _FILEPASS:
                raise Unfit("spreadsheet.encrypted")
            if kind == _BOUNDSHEET:
                names[struct.unpack_from("<I", body)[0]] = _short_name(body)
            elif kind == _BOF and at in names:
                current = scans.setdefault(names[at], SheetScan())
            elif kind in {_XF, _FORMAT}:
                styles.take(kind, body)
            elif kind == _ROW and struct.unpack_from("<H", body, 12)[0] & _HIDDEN:
                current.hidden.add(struct.unpack_from("<H", body)[0] + 1)
            elif kind in _CELLS:
                _cell(kind, body, current)
                styles.look(kind, body, current)
    except struct.error:
        raise Unfit("spreadsheet.damaged") from None
    return scans


class _Styles:
    """The number formats of a workbook, and what its numbers look like in them."""

    def __init__(self) -> None:
        self._codes = dict(BUILT_IN)
        self._styles: list[int] = []

    def take(self, kind: int, body: bytes) -> None:
        """Note a format, or a style that uses one."""
        if kind == _XF:
            self._styles.append(struct.unpack_from("<H", body, 2)[0])
        else:
            number, size, wide = struct.unpack_from("<HHB", body)
            raw = body[5 : 5 + size * (2 if wide & 1 else 1)]
            self._codes[number] = raw.decode("utf-16-le" if wide & 1 else "latin-1", "replace")

    def look(self, kind: int, body: bytes, found: SheetScan) -> None:
        """Note what the numbers of a record show, where their format is a telling one."""
        row, column = struct.unpack_from("<HH", body)
        if kind == _NUMBER:
            style, value = struct.unpack_from("<Hd", body, 4)
            self._shown(row, column, style, value, found)
        elif kind == _RK:
            style, packed = struct.unpack_from("<HI", body, 4)
            self._shown(row, column, style, _unpacked(packed), found)
        elif kind == _MULRK:
            for at in range((len(body) - 6) // 6):
                style, packed = struct.unpack_from("<HI", body, 4 + 6 * at)
                self._shown(row, column + at, style, _unpacked(packed), found)

    def _shown(self, row: int, column: int, style: int, value: float, found: SheetScan) -> None:
        if style < len(self._styles) and len(found.shown) < MAX_FAULTS:
            code = self._codes.get(self._styles[style], "")
            shown = shown_otherwise(f"{value:.15g}", code) if telling(code) else ""
            if shown:
                found.shown[row + 1, column] = shown


def _unpacked(packed: int) -> float:
    """An RK number: 30 bits of a whole number or of a double, perhaps times 100."""
    if packed & 2:
        whole = packed >> 2
        value = float(whole - (1 << 30) if whole & (1 << 29) else whole)
    else:
        value = float(struct.unpack("<d", b"\0\0\0\0" + struct.pack("<I", packed & ~3))[0])
    return value / 100 if packed & 1 else value


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
