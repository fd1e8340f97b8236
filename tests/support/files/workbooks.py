"""Workbooks for tests: .xlsx by XlsxWriter, and the smallest .ods and .xls that a program opens."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter

Cell = str | int | float | None
Rows = Sequence[Sequence[Cell]]

HEADING = ("房号", "楼栋", "单元", "楼层", "面积", "用途", "业主", "份额", "开发商")
ROW = ("1-101", "1", "1", 1, 56.65, "住宅", "张三", 12, "否")
NAMES = ("number", "building", "entrance", "floor", "area_m2", "kind", "owners", "shares")
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def row(**cells: Cell) -> tuple[Cell, ...]:
    """The usual row with other cells, by our names of the columns."""
    values = dict(zip((*NAMES, "developer"), ROW, strict=True)) | cells
    return tuple(values.values())  # type: ignore[arg-type]


def xlsx(rows: Rows, *, sheet: str = "名册", text: bool = False) -> bytes:
    """One sheet; `text` writes every cell as text."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    add_sheet(book, sheet, rows, text=text)
    book.close()
    return out.getvalue()


def add_sheet(book: xlsxwriter.Workbook, name: str, rows: Rows, *, text: bool = False) -> Any:
    page = book.add_worksheet(name)
    for at, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if text or isinstance(cell, str):
                page.write_string(at, column, str(cell))
            else:
                page.write_number(at, column, cell)
    return page


def ods(
    rows: Rows, *, sheet: str = "名册", cells: dict[tuple[int, int], str] | None = None
) -> bytes:
    """One sheet; `cells` replaces the XML of single cells."""
    special = cells or {}
    lines = []
    for at, values in enumerate(rows):
        parts = [special.get((at, n)) or _ods_cell(value) for n, value in enumerate(values)]
        lines.append(f"<table:table-row>{''.join(parts)}</table:table-row>")
    table = f'<table:table table:name="{sheet}">{"".join(lines)}</table:table>'
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
        f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        "</manifest:manifest>"
    )
    return zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def zipped(parts: Mapping[str, str] | Mapping[str, bytes] | Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, body, stored)
    return out.getvalue()


def changed(data: bytes, part: str, old: str, new: str) -> bytes:
    """The same archive with a text replaced in one part."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in parts[part]
    return zipped(parts | {part: parts[part].replace(old.encode(), new.encode())})


def xls(
    rows: Rows,
    *,
    sheet: str = "名册",
    errors: Sequence[tuple[int, int]] = (),
    hidden: Sequence[int] = (),
    code: str = "General",
) -> bytes:
    """One sheet of BIFF8 in a compound file: labels, numbers (all in one format) and errors (#REF!)."""
    raw = code.encode("utf-16-le")
    styles = _record(0x041E, struct.pack("<HHB", 164, len(code), 1) + raw)
    styles += _record(0x00E0, struct.pack("<HH16x", 0, 164))
    records = [_bof(0x0005), styles]
    bound = sheet.encode("utf-16-le")
    size = 4 + 8 + len(bound) + 4
    start = sum(map(len, records)) + size
    records.append(_record(0x0085, struct.pack("<IHBB", start, 0, len(sheet), 1) + bound))
    records += [_record(0x000A, b""), _bof(0x0010)]
    for at in hidden:
        records.append(_record(0x0208, struct.pack("<HHHHHHHI", at, 0, 9, 255, 0, 0, 0x20, 0)))
    for at, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            records.append(_xls_cell(at, column, "#" if (at, column) in errors else cell))
    records.append(_record(0x000A, b""))
    return compound({"Workbook": b"".join(records)})


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file of version 3: header, one FAT sector per 128 sectors, directory, streams."""
    bodies = {name: body.ljust(4096, b"\0") for name, body in streams.items()}
    sectors = {name: -(-len(body) // 512) for name, body in bodies.items()}
    directories = -(-(len(bodies) + 1) // 4)
    content = directories + sum(sectors.values())
    tables = -(-content // 127)
    fat: list[int] = [FAT] * tables
    fat += _chain(tables, directories)
    entries = [_entry("Root Entry", 5, END, 0, child=1)]
    for at, (name, body) in enumerate(bodies.items(), start=1):
        after = at + 1 if at < len(bodies) else FREE
        entries.append(_entry(name, 2, len(fat), len(body), right=after))
        fat += _chain(len(fat), sectors[name])
    fat += [FREE] * (tables * 128 - len(fat))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"",
        *(0x3E, 3, 0xFFFE, 9, 6),
        b"",
        *(0, tables, tables, 0, 4096, END, 0, END, 0),
    )
    header += struct.pack("<109I", *range(tables), *[FREE] * (109 - tables))
    directory = b"".join(entries).ljust(directories * 512, b"\0")
    streams_of = b"".join(body.ljust(sectors[name] * 512, b"\0") for name, body in bodies.items())
    return header + struct.pack(f"<{len(fat)}I", *fat) + directory + streams_of


def _chain(start: int, length: int) -> list[int]:
    return [*range(start + 1, start + length), END]


def _entry(
    name: str, kind: int, start: int, size: int, child: int = FREE, right: int = FREE
) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ", raw, len(raw), kind, 1, FREE, right, child, b"", 0, 0, 0, start, size
    )


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 1997, 0, 6))


def _xls_cell(at: int, column: int, cell: Cell) -> bytes:
    place = struct.pack("<HHH", at, column, 0)
    if cell == "#":
        return _record(0x0205, place + struct.pack("<BB", 0x17, 1))
    if cell is None or cell == "":
        return b""
    if isinstance(cell, str):
        raw = cell.encode("utf-16-le")
        return _record(0x0204, place + struct.pack("<HB", len(cell), 1) + raw)
    return _record(0x0203, place + struct.pack("<d", cell))


def _ods_cell(value: Cell) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, str):
        return (
            '<table:table-cell office:value-type="string">'
            f"<text:p>{escape(value)}</text:p></table:table-cell>"
        )
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}">'
        f"<text:p>{value}</text:p></table:table-cell>"
    )
