"""Decodes a file: UTF-8 (with or without BOM) or GB18030, never a mixture of both.

A spreadsheet saved on a Chinese desktop is GB18030, one from elsewhere UTF-8. Two files pasted
together are both, and read as either they would silently turn names into other names.
"""

from collections.abc import Iterator

from models.values.refusal import Problem, Refused, problem, refusal

BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
LAST_ASCII = 0x7F
FIRST_CJK = "\u0800"
"""From here on a character takes three bytes in UTF-8; shorter ones may be GB18030 by chance."""


def read_text(data: bytes, name: str) -> str:
    """The text of a file in one of the two encodings.

    Raises:
        Refused: `file.nul_byte`, `file.utf_16`, `file.mixed_encodings` or `file.not_text`, each
            with the line and the byte in it, both counted from 1.
    """
    if data.startswith(UTF_16):
        raise refusal("file.utf_16", where=name)
    nul = data.find(b"\0")
    if nul >= 0:
        raise Refused(_at("file.nul_byte", name, data, nul))
    body = data.removeprefix(BOM)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf_8(data, body, name)


def _not_utf_8(data: bytes, body: bytes, name: str) -> str:
    """Decode as GB18030, unless some line of the file is clearly UTF-8."""
    marked = data.startswith(BOM)
    utf_8 = None if marked else next(_lines_in_utf_8(body), None)
    try:
        text = body.decode("gb18030")
    except UnicodeDecodeError as error:
        if utf_8 is None and not marked:
            raise Refused(_at("file.not_text", name, body, error.start)) from None
    else:
        if utf_8 is None and not marked:
            return text
    # The file is, at least in part, UTF-8: the place to repair is where it stops being so.
    raise Refused(_first_other(name, body))


def _first_other(name: str, body: bytes) -> Problem:
    for number, line in enumerate(body.split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            if not _decodes(line, "gb18030"):
                return _problem("file.not_text", name, number, error.start + 1, line[error.start])
            # Some GB18030 pairs are UTF-8 by chance: the line turns at its first Chinese byte.
            start = next(place for place, byte in enumerate(line) if byte > LAST_ASCII)
            return _problem("file.mixed_encodings", name, number, start + 1, line[start])
    return problem("file.not_text", where=name, line=1, byte=1, value="?")


def _lines_in_utf_8(body: bytes) -> Iterator[int]:
    """The numbers of the lines that are UTF-8 beyond reasonable doubt."""
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.isascii() or not _decodes(line, "utf-8"):
            continue
        if max(line.decode("utf-8")) >= FIRST_CJK and not _plain_chinese(line):
            yield number


def _plain_chinese(line: bytes) -> bool:
    """Whether the line is everyday Chinese in GB18030; then it is UTF-8 by chance only."""
    try:
        line.decode("gb18030").encode("gb2312")
    except UnicodeError:
        return False
    return True


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _at(code: str, name: str, data: bytes, offset: int) -> Problem:
    line = data.count(b"\n", 0, offset) + 1
    start = data.rfind(b"\n", 0, offset) + 1
    return _problem(code, name, line, offset - start + 1, data[offset])


def _problem(code: str, name: str, line: int, byte: int, value: int) -> Problem:
    return problem(
        code, where=f"{name} line {line}, byte {byte}", line=line, byte=byte, value=f"0x{value:02x}"
    )
