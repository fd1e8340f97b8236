"""A workbook that is a zip archive (.xlsx, .ods): looked through as a stream before anything opens it.

Sizes that a file states are not believed: every part is unpacked and counted, in pieces, and thrown
away. On the way the parts of the sheets are searched for what a reader of values does not tell:
formulas, errors, and cells far outside. Standard library only; runs in `runtime.spreadsheets.child`.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from xml.etree import ElementTree as ET

from runtime.spreadsheets.shapes import shown_otherwise, styles_of

MAX_PARTS = 1_000
MAX_UNPACKED = 768 * 1024 * 1024
"""Bytes of all parts together: room for a million rows of a roll."""
MAX_RATIO = 300
"""Unpacked to packed; a roll has 10 to 40, a bomb 1,000."""
RATIO_FROM = 8 * 1024 * 1024
"""Below this much unpacked the ratio does not matter."""
PIECE = 1024 * 1024
MAX_CELLS = 30_000_000
"""Of the table that a sheet spans, empty ones included: a million rows to column Z, or 300,000 beyond."""
PREFIX = 32
"""Letters of a namespace before the name of an element, at most."""
MAX_FAULTS = 10_000
"""Cells kept with their place; a roll with more than that is refused long before."""

_LOCAL = struct.Struct("<4s5H3I2H")
_ARCHIVES = (
    ".zip",
    ".xlsx",
    ".xlsm",
    ".xlsb",
    ".docx",
    ".pptx",
    ".ods",
    ".odt",
    ".jar",
    ".gz",
    ".7z",
)
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_CELL = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*\br=["\']([A-Za-z]{1,3}[0-9]{1,7})["\'])([^>]*[^/>])>'
    rb"(?:\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>([^<]*)</(?:\w+:)?f>))?"
    rb"(?:\s*<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)</)?"
)
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="([0-9]{1,7})"')
_BEYOND_Z = re.compile(rb'<(?:\w+:)?c r="[A-Z]{2,3}[0-9]+"[^>/]*>')
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?![^>]*\br=)[\s>]")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ERROR = re.compile(rb"\bt=[\"']e[\"']")
_HIDDEN = re.compile(
    rb'<(?:\w+:)?row\b(?=[^>]*\br="([0-9]{1,7})")[^>]*\b(?:hidden="(?:1|true)"|ht="0(?:\.0+)?")[^>]*>'
)
_STYLED = (
    rb'<(?:\w+:)?c\b(?=[^>]*\bs="(%b)")(?=[^>]*\br="([A-Za-z]{1,3}[0-9]{1,7})")'
    rb'(?![^>]*\bt="(?:s|str|inlineStr|b|e)")[^>]*[^/>]>'
    rb"(?:\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>))?\s*<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)</"
)
"""A number in a cell of one of the styles."""
STYLES = "xl/styles.xml"
_OUTSIDE = re.compile(
    rb'<(?:\w+:)?c r="(?:(?:[A-Z]{3}|C[W-Z]|[D-Z][A-Z])[0-9]+|[A-Z]+[0-9]{7,})"[^>/]*>'
)
"""A cell with content beyond column CV, the 100th, or beyond row 999,999."""


class Unfit(Exception):  # noqa: N818 - as `Refused`, which the parent makes of it
    """The file is refused: a code, where in the file, and parameters."""

    def __init__(self, code: str, where: str = "", **params: str | int) -> None:
        super().__init__(code)
        self.code, self.where, self.params = code, where, params


@dataclass
class SheetScan:
    """What stands in a sheet beside values; places are (row from 1, column from 0)."""

    faults: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    """What cells show instead of the number that they hold, by their number format."""
    hidden: set[int] = field(default_factory=set)
    """Rows that are not shown, by a filter or by hand."""
    formulas: int = 0
    """Cells whose value was worked out by the program that wrote the file."""
    first_formula: str = ""
    outside: str = ""
    """The first cell that is too far to the right or too far down."""
    last_row: int = 0
    beyond_z: bool = False
    too_large: bool = False
    """Few cells, but far apart: the table between them would be huge."""


def scan(data: bytes) -> dict[str, SheetScan]:
    """Look through the whole archive; part name to what its sheet holds (only .xlsx has any).

    Raises:
        Unfit: the archive is damaged, encrypted, nested or larger than it may be.
    """
    try:
        parts = zipfile.ZipFile(BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Unfit("spreadsheet.damaged") from None
    if len(parts) > MAX_PARTS:
        raise Unfit("spreadsheet.too_many_parts", have=len(parts), most=MAX_PARTS)
    _check_stated(data, parts)
    scans: dict[str, SheetScan] = {}
    styles: dict[str, str] = {}
    unpacked = 0
    for part in sorted(parts, key=lambda each: each.filename != STYLES):
        pieces = _unpacked(data, part, MAX_UNPACKED - unpacked)
        if part.filename == STYLES:
            styles = _styles(pieces)
        elif _SHEET.fullmatch(part.filename):
            scans[part.filename] = _look(pieces, styles)
        else:
            _look_for_entities(pieces)
        unpacked += part.file_size
    return scans


def _styles(pieces: Iterator[bytes]) -> dict[str, str]:
    """Number of a style to the code of its number format, for those that can show something else."""
    text = b"".join(pieces)
    _look_for_entities(iter([text]))
    try:
        return styles_of(text)
    except (ET.ParseError, ValueError):
        raise Unfit("spreadsheet.damaged") from None


def parse_reference(reference: str) -> tuple[int, int]:
    """(row from 1, column from 0) of a reference like "C7"."""
    letters = reference.rstrip("0123456789")
    column = 0
    for one in letters.upper():
        column = column * 26 + ord(one) - ord("A") + 1
    return int(reference[len(letters) :]), column - 1


def _check_stated(data: bytes, parts: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive whose own directory states what cannot be."""
    if len({part.filename for part in parts}) < len(parts):
        raise Unfit("spreadsheet.damaged")
    if sum(part.compress_size for part in parts) > len(data):
        # Parts that share their bytes: the bomb that does without nesting.
        raise _bomb()
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise _bomb()
    for part in parts:
        if part.flag_bits & 0x1:
            raise Unfit("spreadsheet.encrypted")
        if part.filename.lower().endswith(_ARCHIVES):
            raise Unfit("spreadsheet.nested")
        if part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Unfit("spreadsheet.damaged")


def _unpacked(data: bytes, part: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """The bytes of a part in pieces, never more than `most`, and as many as it states."""
    start = part.header_offset
    header = data[start : start + _LOCAL.size]
    if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
        raise Unfit("spreadsheet.damaged")
    *_, name_size, extra_size = _LOCAL.unpack(header)
    start += _LOCAL.size + name_size + extra_size
    packed = memoryview(data)[start : start + part.compress_size]
    stored = part.compress_type == zipfile.ZIP_STORED
    total = 0
    for piece in _pieces(packed) if stored else _inflated(packed):
        total += len(piece)
        ratio = total > RATIO_FROM and total > MAX_RATIO * max(part.compress_size, 1)
        if total > most or ratio:
            raise _bomb()
        yield piece
    if total != part.file_size:
        raise Unfit("spreadsheet.damaged")


def _pieces(data: memoryview) -> Iterator[bytes]:
    for at in range(0, len(data), PIECE):
        yield bytes(data[at : at + PIECE])


def _inflated(packed: memoryview) -> Iterator[bytes]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    rest: bytes | memoryview = packed
    try:
        while not engine.eof:
            piece = engine.decompress(rest, PIECE)
            rest = engine.unconsumed_tail
            if not piece and not rest and not engine.eof:
                raise Unfit("spreadsheet.damaged")
            yield piece
    except zlib.error:
        raise Unfit("spreadsheet.damaged") from None


def _look_for_entities(pieces: Iterator[bytes]) -> None:
    """Refuse XML entities: they multiply text and fetch files, and no spreadsheet needs them."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise Unfit("spreadsheet.entities")
        rest = text[-16:]


def _look(pieces: Iterator[bytes], styles: dict[str, str]) -> SheetScan:
    """Search a sheet's XML; a piece is cut at the last row that begins in it."""
    found = SheetScan()
    numbers = b"|".join(number.encode() for number in styles)
    styled = re.compile(_STYLED % numbers) if styles else None
    rest = b""
    for piece in pieces:
        text = rest + piece
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise Unfit("spreadsheet.entities")
        cut = max(text.rfind(b"<row"), text.rfind(b":row"))
        # Without a row to cut at, what is kept is still bounded: a cell is far shorter.
        cut = cut if cut > 0 and len(text) - cut <= PIECE else max(len(text) - PIECE, 0)
        _search(text[:cut], found)
        _look_beside(text[:cut], found, styled, styles)
        rest = text[cut:]
        _measure(text[:cut], found)
    _search(rest, found)
    _look_beside(rest, found, styled, styles)
    _measure(rest, found)
    return found


def _look_beside(
    text: bytes, found: SheetScan, styled: re.Pattern[bytes] | None, styles: dict[str, str]
) -> None:
    """Note hidden rows, and numbers that their format shows as something else."""
    if b'hidden="' in text or b'ht="0' in text:
        found.hidden.update(int(match[1]) for match in _HIDDEN.finditer(text))
    for match in styled.finditer(text) if styled is not None else ():
        style, reference, value = match.groups()
        if len(found.shown) >= MAX_FAULTS:
            return
        shown = shown_otherwise(value.decode(), styles[style.decode()])
        if shown:
            found.shown[parse_reference(reference.decode())] = shown


def _measure(text: bytes, found: SheetScan) -> None:
    """How large a table the sheet spans, roughly: by its last row, and whether it goes beyond Z."""
    found.beyond_z = found.beyond_z or _BEYOND_Z.search(text) is not None
    at = max(text.rfind(b"<row"), text.rfind(b":row"), 0)
    if match := _ROW.search(text, max(at - PREFIX, 0)):
        found.last_row = max(found.last_row, int(match[1]))
    if found.last_row * (100 if found.beyond_z else 26) > MAX_CELLS:
        found.too_large = True


def _search(text: bytes, found: SheetScan) -> None:
    if not found.outside and (match := _OUTSIDE.search(text)):
        found.outside = match[0].partition(b'r="')[2].partition(b'"')[0].decode()
    if not _FORMULA.search(text) and not _ERROR.search(text):
        return
    if _UNPLACED.search(text):
        # Such cells are allowed, and nobody writes them; an error among them would look empty.
        raise Unfit("spreadsheet.damaged")
    for match in _CELL.finditer(text):
        reference, attributes, formula, value = match.groups()
        is_formula = formula is not None or _FORMULA.search(match[0]) is not None
        if _ERROR.search(attributes):
            _fault(found, reference, "roll.cell_error", (value or b"#?").decode("ascii", "replace"))
        elif is_formula and value in {None, b"", b"0"}:
            _fault(found, reference, "roll.formula_without_value", "=…")
        elif is_formula:
            found.formulas += 1
            found.first_formula = found.first_formula or reference.decode()


def _fault(found: SheetScan, reference: bytes, code: str, value: str) -> None:
    if len(found.faults) < MAX_FAULTS:
        found.faults[parse_reference(reference.decode())] = (code, value[:16])


def _bomb() -> Unfit:
    return Unfit("spreadsheet.bomb", most=MAX_UNPACKED // (1024 * 1024))
