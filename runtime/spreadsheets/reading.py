"""Reading workbooks (.xlsx, .xls, .ods) from anywhere: in a process of their own, row by row.

The file goes to `runtime.spreadsheets.child`, which has little memory and little time; rows come back in
batches. A file that kills the child is refused here; nothing is left half done.
"""

import marshal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Literal, cast

from pydantic import TypeAdapter

from models.files.roll import UnreadableCell
from models.values.refusal import refusal

Format = Literal["xlsx", "ods", "xls"]
Row = list[str | UnreadableCell]

MAX_BYTES = 64 * 1024 * 1024
"""Of a workbook: several times the roll of a whole town."""
FROM_SUFFIX: dict[str, Format] = {".xlsx": "xlsx", ".ods": "ods", ".xls": "xls"}
UNREAD = (".xlsm", ".xlsb", ".xlt", ".xltx", ".et", ".numbers", ".pdf", ".doc", ".docx")
"""Other formats that people send; named so that the answer is clear."""
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ROOT = Path(__file__).parents[2]

_SHEET = TypeAdapter(tuple[str, str, int, int, str])
_ROWS = TypeAdapter(tuple[str, int, list[list[str]], list[tuple[int, int, str, str]]])
_REFUSED = TypeAdapter(tuple[str, str, str, dict[str, str | int]])


@dataclass(frozen=True)
class Sheet:
    """One sheet while its rows are being read."""

    name: str
    height: int
    """Rows, to the last one that is not empty."""
    formulas: int
    """Cells with the last value of a formula."""
    first_formula: str
    rows: Iterator[tuple[int, Row]]
    """(number of the row, its cells), empty rows included; all rows are equally wide."""


def detect_format(data: bytes, name: str) -> Format | None:
    """Which kind of workbook the bytes are, None for text; the name must say the same.

    Raises:
        Refused: `spreadsheet.wrong_suffix`, `spreadsheet.not_read`.
    """
    suffix = PurePath(name).suffix.lower()
    found: Format | None = None
    if data.startswith(OLE):
        # Excel puts an encrypted .xlsx into the container of the old format.
        found = "xlsx" if suffix == ".xlsx" and _is_encrypted(data) else "xls"
    elif data.startswith(ZIP):
        found = "ods" if b"opendocument.spreadsheet" in data[:200] else "xlsx"
    named = FROM_SUFFIX.get(suffix)
    if suffix in UNREAD:
        raise refusal("spreadsheet.not_read", where=name, suffix=suffix)
    if named != found:
        raise refusal(
            "spreadsheet.wrong_suffix", where=name, suffix=suffix or "-", content=found or "text"
        )
    if data.startswith(OLE) and found == "xlsx":
        raise refusal("spreadsheet.encrypted", where=name)
    return found


@contextmanager
def open_sheet(data: bytes, name: str, kind: Format, sheet: str | None = None) -> Iterator[Sheet]:
    """One sheet of a workbook: the one asked for, else the only visible one that is not empty.

    Raises:
        Refused: `spreadsheet.…` with what is wrong with the file or the choice; also while the rows
            are read.
    """
    if len(data) > MAX_BYTES:
        raise refusal(
            "spreadsheet.file_too_large", where=name, have=len(data) >> 20, most=MAX_BYTES >> 20
        )
    command = (sys.executable, "-m", "runtime.spreadsheets.child", kind, sheet or "")
    child = subprocess.Popen(  # noqa: S603 - our own module, arguments without a shell
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    feeder = threading.Thread(target=_feed, args=(child.stdin, data), daemon=True)
    feeder.start()
    try:
        frames = _frames(child, child.stdout, name)
        _, title, height, formulas, first = _SHEET.validate_python(next(frames))
        yield Sheet(title, height, formulas, first, _rows(frames))
    finally:
        child.kill()
        child.wait()
        feeder.join()
        child.stdout.close()


def _feed(stdin: IO[bytes], data: bytes) -> None:
    with suppress(OSError), stdin:
        stdin.write(data)


def _frames(child: subprocess.Popen[bytes], out: IO[bytes], name: str) -> Iterator[object]:
    while True:
        head = out.read(4)
        body = out.read(int.from_bytes(head, "big")) if len(head) == 4 else b""  # noqa: PLR2004
        if not body or len(body) < int.from_bytes(head, "big"):
            child.wait()
            raise refusal("spreadsheet.too_large", where=name)
        frame = marshal.loads(body)  # noqa: S302 - written by our own process
        if frame[0] == "refused":
            _, code, where, params = _REFUSED.validate_python(frame)
            where = f"{name} {where}".strip()
            raise refusal(code, where=where, **params)
        if frame[0] == "end":
            return
        yield frame


def _rows(frames: Iterator[object]) -> Iterator[tuple[int, Row]]:
    for frame in frames:
        _, first, rows, wrong = _ROWS.validate_python(frame)
        batch = cast("list[Row]", rows)
        for row, column, code, value in wrong:
            batch[row - first][column] = UnreadableCell(code, value)
        yield from enumerate(batch, start=first)


def _is_encrypted(data: bytes) -> bool:
    return "EncryptedPackage".encode("utf-16-le") in data
