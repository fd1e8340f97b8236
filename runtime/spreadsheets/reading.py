"""Reading workbooks (.xlsx, .xls, .ods) from anywhere: in a process of their own, row by row.

The file goes to `runtime.spreadsheets.child`, which has little memory and little time; rows come back in
batches. A file that kills the child is refused here; nothing is left half done.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
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
CHILD = "runtime.spreadsheets.child"
LONGEST_FRAME = 256 * 1024 * 1024
"""Bytes of one answer of the child: a batch of a thousand rows with the longest cells there are."""

_FRAME = TypeAdapter(tuple[object, ...])
_Told = list[tuple[int, int, str, str]]
_Sheet = tuple[str, str, int, int, str, list[int]]
_Rows = tuple[str, int, list[list[str]], _Told, _Told]
_Refused = tuple[str, str, str, dict[str, str | int]]
_KINDS: dict[str, TypeAdapter[tuple[object, ...]]] = {
    "sheet": TypeAdapter(_Sheet),
    "rows": TypeAdapter(_Rows),
    "refused": TypeAdapter(_Refused),
    "end": TypeAdapter(tuple[str]),
}


@dataclass(frozen=True)
class Sheet:
    """One sheet while its rows are being read."""

    name: str
    height: int
    """Rows, to the last one that is not empty."""
    formulas: int
    """Cells with the last value of a formula."""
    first_formula: str
    hidden: frozenset[int]
    """Rows that are not shown."""
    shown: dict[tuple[int, int], tuple[str, str]]
    """(row, column from 0) to what a cell holds and what it shows; filled while the rows come."""
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


ALL = "all"
"""As a name of a sheet: every visible one that holds something, together."""


@contextmanager
def open_sheets(
    data: bytes, name: str, kind: Format, sheet: str | None = None
) -> Iterator[Iterator[Sheet]]:
    """The sheet asked for, else the only visible one that is not empty; all of these for "all".

    The rows of a sheet have to be read before the next one is asked for.

    Raises:
        Refused: `spreadsheet.…` with what is wrong with the file or the choice; also while the rows
            are read.
    """
    if len(data) > MAX_BYTES:
        raise refusal(
            "spreadsheet.file_too_large", where=name, have=len(data) >> 20, most=MAX_BYTES >> 20
        )
    # -X utf8: without an environment there is no locale; -s: nothing of the user's own.
    command = (sys.executable, "-s", "-X", "utf8", "-m", CHILD, kind, sheet or "")
    child = subprocess.Popen(  # noqa: S603 - our own module, arguments without a shell
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},  # keys and passwords of this process are none of its business
    )
    assert child.stdin is not None
    assert child.stdout is not None
    feeder = threading.Thread(target=_feed, args=(child.stdin, data), daemon=True)
    feeder.start()
    try:
        yield _sheets(_frames(child, child.stdout, name))
    finally:
        child.kill()
        child.wait()
        feeder.join()
        child.stdout.close()


def _feed(stdin: IO[bytes], data: bytes) -> None:
    with suppress(OSError), stdin:
        stdin.write(data)


def _frames(
    child: subprocess.Popen[bytes], out: IO[bytes], name: str
) -> Iterator[tuple[object, ...]]:
    while True:
        head = out.read(4)
        length = int.from_bytes(head, "big")
        body = out.read(length) if len(head) == 4 and length <= LONGEST_FRAME else b""  # noqa: PLR2004
        if not body or len(body) < length:
            child.kill()
            child.wait()
            raise refusal("spreadsheet.too_large", where=name)
        frame = _frame(body, name)
        if frame[0] == "refused":
            _, code, where, params = cast("_Refused", frame)
            where = f"{name} {where}".strip()
            raise refusal(code, where=where, **params)
        if frame[0] == "end":
            return
        yield frame


def _frame(body: bytes, name: str) -> tuple[object, ...]:
    """One answer of the child; what is none was written by whoever took the child over."""
    try:
        frame = _FRAME.validate_python(json.loads(body))
        return _KINDS[str(frame[0])].validate_python(frame)
    except (ValueError, KeyError, IndexError, RecursionError):
        raise refusal("spreadsheet.damaged", where=name) from None


def _sheets(frames: Iterator[tuple[object, ...]]) -> Iterator[Sheet]:
    """Each sheet with the rows up to the frame of the next one."""
    ahead = list(islice(frames, 1))
    while ahead:
        _, title, height, formulas, first, hidden = cast("_Sheet", ahead.pop())
        shown: dict[tuple[int, int], tuple[str, str]] = {}
        rows = _rows(frames, ahead, shown)
        yield Sheet(title, height, formulas, first, frozenset(hidden), shown, rows)
        for _ in rows:
            pass


def _rows(
    frames: Iterator[tuple[object, ...]],
    ahead: list[tuple[object, ...]],
    shown: dict[tuple[int, int], tuple[str, str]],
) -> Iterator[tuple[int, Row]]:
    for frame in frames:
        if frame[0] == "sheet":
            ahead.append(frame)
            return
        _, first, rows, wrong, other = cast("_Rows", frame)
        batch = cast("list[Row]", rows)
        for row, column, code, value in wrong:
            batch[row - first][column] = UnreadableCell(code, value)
        shown |= {(row, column): (held, look) for row, column, held, look in other}
        yield from enumerate(batch, start=first)


def _is_encrypted(data: bytes) -> bool:
    return "EncryptedPackage".encode("utf-16-le") in data
