"""What an old .xls workbook holds beside values: its records, read as [MS-CFB] and [MS-XLS] lay them out.

Only enough of the two formats to find errors and cells far outside; the values are read by calamine.
Formulas are counted: this format always stores their last value.
"""

import struct
from collections.abc import Iterator

from runtime.spreadsheets.archive import SheetScan, Unfit

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_COLUMNS = 100
_END = 0xFFFFFFFC
"""Sector numbers from here on are marks, not sectors."""
_FREE = 0xFFFFFFFF
_HEADER_FATS = 109

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


def streams(data: bytes) -> dict[str, bytes]:
    """The named streams of a compound file that are long enough not to be in its mini stream.

    Raises:
        Unfit: `spreadsheet.damaged`.
    """
    try:
        return _Compound(data).streams()
    except (struct.error, IndexError, UnicodeDecodeError, ValueError):
        raise Unfit("spreadsheet.damaged") from None


def scan_xls(data: bytes) -> dict[str, SheetScan]:
    """Sheet name to what stands in it.

    Raises:
        Unfit: `spreadsheet.encrypted`, `spreadsheet.damaged`.
    """
    found = streams(data)
    if "EncryptedPackage" in found or "EncryptionInfo" in found:
        raise Unfit("spreadsheet.encrypted")
    book = found.get("Workbook") or found.get("Book")
    if book is None:
        raise Unfit("spreadsheet.not_a_workbook")
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


class _Compound:
    """A compound file: sectors in chains, and a directory of streams."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise ValueError("no compound file")
        self.data = data
        self.size = 1 << struct.unpack_from("<H", data, 30)[0]
        self.directory = struct.unpack_from("<I", data, 48)[0]
        self.least = struct.unpack_from("<I", data, 56)[0]
        self.mini_fat = struct.unpack_from("<I", data, 60)[0]
        sectors = list(struct.unpack_from(f"<{_HEADER_FATS}I", data, 76))
        more = struct.unpack_from("<I", data, 68)[0]
        for _ in range(len(data) // self.size):
            if more >= _END:
                break
            extra = struct.unpack(f"<{self.size // 4}I", self._sector(more))
            sectors += extra[:-1]
            more = extra[-1]
        self.fat: list[int] = []
        for sector in sectors:
            if sector < _END:
                self.fat += struct.unpack(f"<{self.size // 4}I", self._sector(sector))

    def streams(self) -> dict[str, bytes]:
        """Name to bytes; short streams come from the root's mini stream."""
        entries = self._chain(self.directory)
        found: dict[str, bytes] = {}
        mini, mini_fat = b"", b""
        for at in range(0, len(entries) - 127, 128):
            entry = entries[at : at + 128]
            length = struct.unpack_from("<H", entry, 64)[0]
            kind, start = entry[66], struct.unpack_from("<I", entry, 116)[0]
            size = struct.unpack_from("<I", entry, 120)[0]
            name = entry[: max(length - 2, 0)].decode("utf-16-le")
            if kind == 5:  # noqa: PLR2004 - the root
                mini, mini_fat = self._chain(start), self._chain(self.mini_fat)
            elif kind == 2 and size >= self.least:  # noqa: PLR2004 - a stream
                found[name] = self._chain(start)[:size]
            elif kind == 2:  # noqa: PLR2004 - a stream, short
                found[name] = _mini(mini, mini_fat, start)[:size]
        return found

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self.size
        piece = self.data[start : start + self.size]
        return piece.ljust(self.size, b"\0")

    def _chain(self, start: int) -> bytes:
        pieces: list[bytes] = []
        while start < _END:
            if len(pieces) > len(self.fat):
                raise ValueError("a chain in a circle")
            pieces.append(self._sector(start))
            start = self.fat[start]
        return b"".join(pieces)


def _mini(stream: bytes, table: bytes, start: int) -> bytes:
    """A chain of 64-byte sectors."""
    fat = struct.unpack(f"<{len(table) // 4}I", table)
    pieces: list[bytes] = []
    while start < _END:
        if len(pieces) > len(fat):
            raise ValueError("a chain in a circle")
        pieces.append(stream[start * 64 : start * 64 + 64])
        start = fat[start]
    return b"".join(pieces)
