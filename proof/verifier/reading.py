"""Files of a bundle, read without trust: exact names, bounded sizes, exact JSON."""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from fractions import Fraction
from typing import IO, Iterator

from proof.verifier.packing import LEAVES, NAMES, PUBLIC_NAMES, of_a_desktop, one_top

QUOTE, BACKSLASH = b'"\\'
MAX_FILE = 4 << 30
MAX_SMALL = 64 << 20
MAX_LINE = 1 << 20
MAX_RATIO = 200
MAX_DEPTH = 12
MAX_NUMBER = 10**18


class Fault(Exception):  # noqa: N818 - it is a finding, not a malfunction
    """The first thing in a bundle that is not as it has to be: it contradicts itself."""

    kind = "contradiction"
    word = "不一致 FAULT"

    def __init__(self, file: str, line: int, text: str) -> None:
        super().__init__(text)
        self.file = file
        self.line = line
        self.text = text

    def __str__(self) -> str:
        place = self.file if self.line == 0 else f"{self.file}, line {self.line}"
        return f"{place}: {self.text}"


class NotFound(Fault):
    """There is nothing to check at the path that was given."""

    kind = "not_found"
    word = "未找到 NOT FOUND"


class OtherForm(Fault):
    """It is not the bundle as it was published: packed again, or something else; nothing was checked."""

    kind = "other_form"
    word = "不是公布的形式 NOT AS PUBLISHED"


class NoReceipt(Fault):
    """What was given is no receipt, or cannot be read; of the own ballot nothing was checked."""

    kind = "no_receipt"
    word = "不是回执 NO RECEIPT"


class Files:
    """The files of a bundle, as a zip file or as a folder; closes itself at the end of `with`."""

    def __init__(self, path: str) -> None:
        self._folder = path if os.path.isdir(path) else ""
        self._zip = None if self._folder else _zip_of(path)
        names = _folder_names(path) if self._folder else _zip_names(self._zip)
        self.extra = sorted(name for name in names if of_a_desktop(name))
        """What a desktop adds when it packs files anew; it was not looked into."""
        names = [name for name in names if name not in self.extra]
        self.public = any(name.rpartition("/")[2] == LEAVES for name in names)
        """Whether it is the public form: the tree of commitments, and no ballot opened."""
        self.expected = PUBLIC_NAMES if self.public else NAMES
        self._top = "" if self._folder else one_top(names)
        if self._top:
            self.extra.append(self._top)
            names = [name[len(self._top) :] for name in names if name != self._top]
        tops = sorted({name.partition("/")[0] for name in names if "/" in name})
        if len(tops) == 1 and not set(self.expected) & set(names):
            raise OtherForm("bundle", 0, f"everything lies in a folder of it: {tops[0][:80]!r}")
        for name in sorted(names):
            if name not in self.expected:
                raise OtherForm("bundle", 0, f"a file too many: {name[:80]!r}")
        for name in self.expected:
            if name not in names:
                raise OtherForm("bundle", 0, f"a file is missing: {name}")

    def __enter__(self) -> Files:  # noqa: PYI034 - Python 3.8 has no Self
        return self

    def __exit__(self, *_: object) -> None:
        if self._zip is not None:
            self._zip.close()

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, bit by bit, no more than are allowed.

        Raises:
            Fault: the file cannot be read, or is larger than any bundle needs.
        """
        limit = MAX_FILE if name.endswith(".jsonl") else MAX_SMALL
        read = 0
        try:
            with self._open(name) as file:
                while True:
                    piece = file.read(1 << 18)
                    if not piece:
                        return
                    read += len(piece)
                    if read > limit:
                        raise Fault(name, 0, "is larger than any bundle needs")  # noqa: TRY301
                    yield piece
        except Fault:
            raise
        except Exception as error:  # what zip and zlib raise has no common base
            # A damaged archive says nothing of the ballots that it holds.
            of = name if self._zip is None else "bundle"
            said = f"cannot be read: {short_reason(error)}"
            raise Fault(of, 0, said if of == name else f"{name} {said}") from None

    def sha256(self, name: str) -> str:
        """The SHA-256 of a file in hex digits."""
        digest = hashlib.sha256()
        for piece in self.pieces(name):
            digest.update(piece)
        return digest.hexdigest()

    def whole(self, name: str) -> bytes:
        """All bytes of a small file."""
        return b"".join(self.pieces(name))

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Number (from 1) and bytes of each line, without the line feed that every line ends with.

        Raises:
            Fault: a line is too long, or the last one does not end.
        """
        number, rest = 0, b""
        for piece in self.pieces(name):
            parts = (rest + piece).split(b"\n")
            rest = parts.pop()
            for part in parts:
                number += 1
                yield number, part
            if len(rest) > MAX_LINE:
                raise Fault(name, number + 1, "is too long")
        if rest:
            raise Fault(name, number + 1, "does not end with a line feed")

    def _open(self, name: str) -> IO[bytes]:
        if self._zip is not None:
            return self._zip.open(self._top + name)
        path = os.path.join(self._folder, name)
        if os.path.islink(path) or not os.path.isfile(path):
            raise OSError("not an ordinary file")
        return open(path, "rb")


def _zip_of(path: str) -> zipfile.ZipFile:
    if os.path.exists(path) and not os.path.isfile(path):
        raise NotFound("bundle", 0, "is neither a file nor a folder")
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise NotFound("bundle", 0, f"cannot be opened: {short_reason(error)}") from None
    except Exception as error:  # what zip raises has no common base
        text = f"is neither a zip file nor a folder: {short_reason(error)}"
        raise OtherForm("bundle", 0, text) from None


def _folder_names(path: str) -> list[str]:
    try:
        names = os.listdir(path)
        return [f"{name}/" if os.path.isdir(os.path.join(path, name)) else name for name in names]
    except OSError as error:
        raise NotFound("bundle", 0, f"cannot be opened: {short_reason(error)}") from None


def _zip_names(bundle: zipfile.ZipFile | None) -> list[str]:
    entries = bundle.infolist() if bundle is not None else []
    names = [entry.filename for entry in entries]
    if len(names) > 4 * len(NAMES):
        raise OtherForm("bundle", 0, "holds far too many files")
    for entry in entries:
        if names.count(entry.filename) > 1:
            raise Fault("bundle", 0, f"holds a file twice: {entry.filename[:80]!r}")
        if entry.file_size > MAX_FILE or entry.file_size > MAX_RATIO * (entry.compress_size + 1024):
            raise Fault("bundle", 0, f"is packed like a zip bomb: {entry.filename[:80]!r}")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Fault("bundle", 0, f"is packed in an unknown way: {entry.filename[:80]!r}")
    return names


def short_reason(error: BaseException) -> str:
    """What went wrong, on one short line."""
    return (str(error).splitlines() or [""])[0][:120] or type(error).__name__


def no_float(text: str) -> object:
    """For a JSON decoder: refuse what is no whole number."""
    raise ValueError(f"{text[:20]} is no whole number")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_DECODER = json.JSONDecoder(parse_float=no_float, parse_constant=no_float)
_EXACT = re.compile("-?[0-9]{1,999}/[1-9][0-9]{0,999}")
_UTC = re.compile(
    "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "T([01][0-9]|2[0-3])(:[0-5][0-9]){2}[.][0-9]{6}[+]00:00"
)
_HEX = {size: re.compile("[0-9a-f]{%d}" % (2 * size)) for size in (16, 32, 64)}


def canonical(value: object) -> bytes:
    """The one way to write a JSON value: UTF-8, sorted names, no spaces."""
    return _ENCODER.encode(value).encode()


def exact_json(raw: bytes, file: str, line: int = 0) -> dict[str, object]:
    """The JSON object that these bytes hold, and hold in the one way to write it.

    Raises:
        Fault: not UTF-8, no JSON, a float or NaN, a name twice, too deep, written in another way.
    """
    if len(raw) > MAX_SMALL or _deep(raw):
        raise Fault(file, line, "is nested too deeply")
    try:
        value = _DECODER.decode(raw.decode())
        same = canonical(value) == raw and not (b"\\u0000" in raw and _has_nul(value))
    except (ValueError, RecursionError) as error:
        raise Fault(file, line, f"is no exact JSON: {short_reason(error)}") from None
    if not isinstance(value, dict):
        raise Fault(file, line, "is no JSON object")
    if not same:
        raise Fault(
            file, line, "is not written in the one exact way (sorted names, each once, no spaces)"
        )
    return value


def _has_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(name) or _has_nul(part) for name, part in value.items())
    if isinstance(value, list):
        return any(_has_nul(part) for part in value)
    return isinstance(value, str) and "\0" in value


def _deep(raw: bytes) -> bool:
    """Could more than `MAX_DEPTH` brackets be open at once? Brackets in texts count too."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return False
    depth, quoted, skip = 0, False, False
    for code in raw:
        if skip:
            skip = False
        elif quoted:
            skip, quoted = code == BACKSLASH, code != QUOTE
        elif code == QUOTE:
            quoted = True
        elif code in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif code in b"]}":
            depth -= 1
    return False


def object_of(files: Files, name: str) -> dict[str, object]:
    """The object of a small file: its canonical JSON and one line feed."""
    raw = files.whole(name)
    if not raw.endswith(b"\n"):
        raise Fault(name, 0, "does not end with a line feed")
    return exact_json(raw[:-1], name)


class Fields:
    """One JSON object that is taken apart field by field; what is left over is a fault."""

    def __init__(self, value: object, file: str, line: int, where: str = "") -> None:
        self.file, self.line, self.where = file, line, where
        if not isinstance(value, dict):
            raise self.fault("", "is no object")
        self.value: dict[str, object] = value

    def fault(self, name: str, text: str) -> Fault:
        """What is wrong with a field, with its place."""
        place = ".".join(part for part in (self.where, name) if part)
        return Fault(self.file, self.line, f"{place} {text}".strip())

    def only(self, *names: str) -> None:
        """Refuse every field that has another name, and every name that has no field."""
        if self.value.keys() != set(names):
            odd = sorted(self.value.keys() ^ set(names))
            what = "is missing" if odd[0] in names else "is a field too many"
            raise self.fault(odd[0][:40], what)

    def text(self, name: str, allowed: tuple[str, ...] = ()) -> str:
        """A text, one of `allowed` where these are given."""
        value = self.value.get(name)
        if not isinstance(value, str) or (allowed and value not in allowed):
            raise self.fault(name, "is no text" if not allowed else "has an unknown value")
        return value

    def maybe_text(self, name: str) -> str | None:
        """A text or null."""
        return None if self.value.get(name) is None else self.text(name)

    def utc(self, name: str) -> str:
        """A moment in UTC with microseconds, in one spelling: the order of texts is that of time."""
        value = self.value.get(name)
        if not isinstance(value, str) or not _UTC.fullmatch(value):
            raise self.fault(name, "is no moment in UTC with microseconds")
        return value

    def hex(self, name: str, size: int) -> bytes:
        """`size` bytes in lower-case hex digits."""
        value = self.value.get(name)
        if not isinstance(value, str) or not _HEX[size].fullmatch(value):
            raise self.fault(name, f"is not {size} bytes in hex digits")
        return bytes.fromhex(value)

    def number(self, name: str) -> int:
        """A whole number, not negative, not absurdly large."""
        value = self.value.get(name)
        if type(value) is not int or not 0 <= value < MAX_NUMBER:
            raise self.fault(name, "is no whole number from 0 up")
        return value

    def maybe_number(self, name: str) -> int | None:
        """A whole number or null."""
        return None if self.value.get(name) is None else self.number(name)

    def whole(self, name: str, least: int | None = None) -> int:
        """A whole number of any size, not below `least` where that is given."""
        value = self.value.get(name)
        if type(value) is not int or (least is not None and value < least):
            raise self.fault(name, "is no whole number, or too small")
        return value

    def exact(self, name: str) -> Fraction | None:
        """A whole number, "p/q" in lowest terms, or null for "not known"."""
        value = self.value.get(name)
        if value is None or type(value) is int:
            return None if value is None else Fraction(value)
        if not isinstance(value, str) or not _EXACT.fullmatch(value):
            raise self.fault(name, "is no exact number")
        number = Fraction(value)
        if str(number) != value or number.denominator == 1:
            raise self.fault(name, "is not in lowest terms")
        return number

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.value.get(name)
        if not isinstance(value, bool):
            raise self.fault(name, "is neither true nor false")
        return value

    def maybe_flag(self, name: str) -> bool | None:
        """True, false or null."""
        return None if self.value.get(name) is None else self.flag(name)

    def inner(self, name: str) -> Fields:
        """A JSON object."""
        return Fields(self.value.get(name), self.file, self.line, self._path_to(name))

    def items(self, name: str) -> list[object]:
        """A JSON list."""
        value = self.value.get(name)
        if not isinstance(value, list):
            raise self.fault(name, "is no list")
        return value

    def objects(self, name: str) -> list[Fields]:
        """A list of JSON objects."""
        inner = self._path_to(name)
        return [
            Fields(part, self.file, self.line, f"{inner}[{number}]")
            for number, part in enumerate(self.items(name))
        ]

    def hashes(self, name: str) -> list[bytes]:
        """A list of hashes in hex digits."""
        parts = self.items(name)
        each = Fields({str(place): part for place, part in enumerate(parts)}, self.file, self.line)
        return [each.hex(str(place), 32) for place in range(len(parts))]

    def each(self) -> list[tuple[str, Fields]]:
        """Name and object of every field, sorted by name."""
        return [(name, self.inner(name)) for name in sorted(self.value)]

    def _path_to(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name
