"""The process that opens a workbook: its own, with little memory and little time, for files from anywhere.

`python -m runtime.spreadsheets.child KIND SHEET` takes the file from standard input and answers on
standard output in frames: four bytes of length, then an array in JSON, which executes nothing where it is
read. Whatever a hostile file does to the reader of spreadsheets happens here and ends here: without the
environment of who called it, and without a file to write or a process to start. Standard library, calamine
and olefile only.
"""

import json
import resource
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import chain
from xml.etree import ElementTree as ET
from xml.parsers import expat

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from runtime.spreadsheets.archive import SheetScan, Unfit, scan
from runtime.spreadsheets.ods import scan_ods
from runtime.spreadsheets.shapes import looks_the_same
from runtime.spreadsheets.xls import scan_xls

MEMORY = 3 * 1024 * 1024 * 1024
"""Bytes of address space: several times what the roll of a whole town takes."""
SECONDS = 120
"""Of processor time."""
BATCH = 1_000
MAX_MERGED = 200_000
"""Cells covered by merged areas that are told apart; more is no roll."""
EXACT_DIGITS = 15
"""Decimal digits a number in a spreadsheet has: what Excel shows, and no noise of binary."""
MAX_COLUMNS = 100
ALL = "all"
"""Asks for every visible sheet that holds something, where no sheet has that name."""

Number = int | float
Value = Number | str | bool | time | date | datetime | timedelta
Place = tuple[int, int]
Faults = dict[Place, tuple[str, str]]


def main() -> None:
    """Read the file from standard input, write the frames, and end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    kind, sheet = sys.argv[1:3]
    data = sys.stdin.buffer.read()
    try:
        for frame in _frames(data, kind, sheet):
            _send(frame)
    except Unfit as unfit:
        _send(("refused", unfit.code, unfit.where, unfit.params))
    except PasswordError:
        _send(("refused", "spreadsheet.encrypted", "", {}))
    except MemoryError:
        _send(("refused", "spreadsheet.too_large", "", {}))
    except (CalamineError, ET.ParseError, expat.ExpatError, ValueError, KeyError, OSError):
        _send(("refused", "spreadsheet.damaged", "", {}))
    except BaseException as panic:
        # A panic of the reader arrives as a BaseException of its own class.
        if isinstance(panic, KeyboardInterrupt | SystemExit):
            raise
        _send(("refused", "spreadsheet.damaged", "", {}))


def number_text(number: Number) -> str | None:
    """A number as a person would write it, to 15 significant digits; None if it has more.

    89.5 is "89.5", 101.0 is "101", 0.1 + 0.2 is "0.3"; an identity number of 18 digits that was
    stored as a number has lost its last ones and is not a text any more.
    """
    if number == int(number):
        whole = int(number)
        return str(whole) if abs(whole) < 10**EXACT_DIGITS else None
    text = format(number, f".{EXACT_DIGITS}g")
    return format(Decimal(text), "f") if "e" in text else text


def _frames(data: bytes, kind: str, wanted: str) -> Iterator[tuple[object, ...]]:
    found = _scanned(data, kind)
    with CalamineWorkbook.from_filelike(BytesIO(data)) as book:
        for sheet in _chosen(book, found, wanted):
            special = found.get(sheet.name, SheetScan())
            hidden = sorted(special.hidden)
            formulas = special.formulas, special.first_formula
            yield "sheet", sheet.name, sheet.total_height, *formulas, hidden
            yield from _rows(sheet, special)
    yield ("end",)


def _scanned(data: bytes, kind: str) -> dict[str, SheetScan]:
    """Sheet name to what it holds beside values, before anything opens the file."""
    if kind == "xls":
        return scan_xls(data)
    scans = scan(data)
    if kind == "ods":
        return scan_ods(data)
    return {name: scans[part] for name, part in _parts(data).items() if part in scans}


def _chosen(
    book: CalamineWorkbook, found: dict[str, SheetScan], wanted: str
) -> Iterator[CalamineSheet]:
    """The sheet that was asked for, else the only visible one that holds anything; all of these for "all"."""
    usable = [each for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    names = ", ".join(each.name for each in usable)
    if wanted and (wanted != ALL or ALL in [each.name for each in usable]):
        if wanted not in [each.name for each in usable]:
            raise Unfit("spreadsheet.sheet_unknown", "", sheet=wanted, sheets=names)
        yield _loaded(book, found, wanted)
        return
    visible = [each.name for each in usable if each.visible == SheetVisibleEnum.Visible]
    sheets: Iterator[CalamineSheet | str] = (
        # One far too large is not empty, and only refused if it is the one.
        name if _is_vast(found, name) else book.get_sheet_by_name(name)
        for name in visible
    )
    filled = (each for each in sheets if isinstance(each, str) or each.start is not None)
    first = next(filled, None)
    if first is None:
        raise Unfit("spreadsheet.no_sheet", "", sheets=names or "-")
    if wanted != ALL and (more := list(filled)):
        several = ", ".join(each if isinstance(each, str) else each.name for each in (first, *more))
        raise Unfit("spreadsheet.choose_sheet", "", sheets=several)
    for each in chain((first,), filled):
        yield _loaded(book, found, each) if isinstance(each, str) else each


def _is_vast(found: dict[str, SheetScan], name: str) -> bool:
    special = found.get(name, SheetScan())
    return bool(special.outside) or special.too_large


def _loaded(book: CalamineWorkbook, found: dict[str, SheetScan], name: str) -> CalamineSheet:
    """Load a sheet, unless the table that it spans is too large for memory."""
    special = found.get(name, SheetScan())
    if special.outside:
        raise Unfit("spreadsheet.outside", f"sheet {name}", cell=special.outside)
    if special.too_large:
        raise Unfit("spreadsheet.too_large")
    return book.get_sheet_by_name(name)


def _rows(sheet: CalamineSheet, special: SheetScan) -> Iterator[tuple[object, ...]]:
    """Batches: (first row, texts of each row, cells that have no text, cells that show another)."""
    if sheet.start is None:
        return
    lead = [""] * sheet.start[1]
    if len(lead) + sheet.width > MAX_COLUMNS:
        have = len(lead) + sheet.width
        raise Unfit(
            "spreadsheet.too_many_columns", f"sheet {sheet.name}", have=have, most=MAX_COLUMNS
        )
    by_row = _by_row({**_merged(sheet), **special.faults})
    looks = _by_row({place: (shown, "") for place, shown in special.shown.items()})
    width = len(lead) + sheet.width
    batch: list[list[str]] = []
    wrong: list[tuple[int, int, str, str]] = []
    other: list[tuple[int, int, str, str]] = []
    row = 0
    for row, values in enumerate(sheet.iter_rows(), start=1):
        texts: list[str] = list(lead)
        for column, value in enumerate(values, start=len(lead)):
            if isinstance(value, str):
                texts.append(value)
                continue
            text, code, shown = _told(value)
            texts.append(text)
            if code:
                wrong.append((row, column, code, shown))
        wrong += [(row, *each) for each in by_row.get(row, ()) if each[0] < width]
        other += _looks_other(row, texts, looks.get(row, ()))
        batch.append(texts)
        if len(batch) == BATCH:
            yield "rows", row - len(batch) + 1, batch, wrong, other
            batch, wrong, other = [], [], []
    if batch:
        yield "rows", row - len(batch) + 1, batch, wrong, other


def _by_row(cells: Faults) -> dict[int, list[tuple[int, str, str]]]:
    """Row to (column, …) of what is known of single cells."""
    found: dict[int, list[tuple[int, str, str]]] = {}
    for (row, column), told in cells.items():
        found.setdefault(row, []).append((column, *told))
    return found


def _looks_other(
    row: int, texts: list[str], looks: Iterable[tuple[int, str, str]]
) -> Iterator[tuple[int, int, str, str]]:
    """(row, column, text, what is shown) of the cells of a row that show another number than they hold."""
    for column, shown, _ in looks:
        if column < len(texts) and texts[column] and not looks_the_same(shown, texts[column]):
            yield row, column, texts[column], shown


def _told(value: Value) -> tuple[str, str, str]:
    """(text, code of what is wrong or "", what may be shown of it)."""
    if isinstance(value, bool):
        return ("true" if value else "false"), "", ""
    if isinstance(value, int | float):
        text = number_text(value)
        if text is not None:
            return text, "", ""
        return "", "roll.digits_lost", "…"
    return "", "roll.cell_is_date", value.isoformat() if isinstance(value, date | time) else "…"


def _merged(sheet: CalamineSheet) -> Faults:
    """The cells that a merged area covers: they look filled and hold nothing."""
    found: Faults = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if len(found) + (bottom - top + 1) * (right - left + 1) > MAX_MERGED:
            raise Unfit("spreadsheet.too_large")
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if (row, column) != (top, left):
                    found[row + 1, column] = ("roll.cell_merged", "")
    return found


def _parts(data: bytes) -> dict[str, str]:
    """Sheet name to the part of the archive that holds it."""
    import zipfile  # noqa: PLC0415 - only for .xlsx

    with zipfile.ZipFile(BytesIO(data)) as archive:
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - no entities
        links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id", ""): link.get("Target", "") for link in links}
    found: dict[str, str] = {}
    for sheet in book.iter():
        if sheet.tag.endswith("}sheet"):
            link = next((value for key, value in sheet.items() if key.endswith("}id")), "")
            target = targets.get(link, "")
            found[sheet.get("name", "")] = (
                target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            )
    return found


def _send(frame: tuple[object, ...]) -> None:
    # ASCII: half a surrogate pair in a cell comes through as its escape.
    body = json.dumps(frame, separators=(",", ":")).encode("ascii")
    sys.stdout.buffer.write(len(body).to_bytes(4, "big") + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
