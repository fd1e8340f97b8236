"""Decodes a file: UTF-8 (with or without BOM) or GB18030, never a mixture of both, never another by luck.

A spreadsheet saved on a Chinese desktop is GB18030, one from elsewhere UTF-8. Two files pasted
together are both, and read as either they would silently turn names into other names. Almost any bytes
can be read as GB18030 and give some Chinese; that needs evidence. This is the one place where text is read.
"""

from collections.abc import Iterator

from formats.encodings import guessed, is_everyday_chinese, is_utf_16, unlikely_line
from models.values.refusal import Problem, Refused, problem, refusal

BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
LAST_ASCII = 0x7F
FIRST_CJK = "\u0800"
"""From here on a character takes three bytes in UTF-8; shorter ones may be GB18030 by chance."""


def read_text(data: bytes, name: str) -> str:
    """The text of a file in one of the two encodings.

    Raises:
        Refused: `file.utf_16`; `file.nul_byte`, `file.mixed_encodings`, `file.not_text`,
            `file.encoding_unknown` or `file.encoding_unsure`, each with the line and the byte in it, both counted from 1.
    """
    if data.startswith(UTF_16) or is_utf_16(data):
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
    """Decode as GB18030, unless some line of the file is clearly UTF-8, or it gives no everyday Chinese."""
    marked = data.startswith(BOM)
    utf_8 = None if marked else next(_lines_in_utf_8(body), None)
    if utf_8 is not None or marked:
        # The file is, at least in part, UTF-8: the place to repair is where it stops being so.
        raise Refused(_first_other(name, body))
    try:
        text = body.decode("gb18030")
    except UnicodeDecodeError as error:
        if guessed(body):
            raise Refused(_unknown(name, body)) from None
        raise Refused(_at("file.not_text", name, body, error.start)) from None
    if not is_everyday_chinese(text, body):
        raise Refused(_unknown(name, body))
    return text


def _unknown(name: str, body: bytes) -> Problem:
    """The first line that is no everyday Chinese, and what the file may be instead."""
    number, line = unlikely_line(body)
    byte = next(place for place, each in enumerate(line) if each > LAST_ASCII)
    where = f"{name} line {number}, byte {byte + 1}"
    guess = guessed(body)
    if guess:
        params = {"line": number, "byte": byte + 1}
        return problem("file.encoding_unknown", where=where, guess=guess, **params)
    return problem("file.encoding_unsure", where=where, line=number, byte=byte + 1)


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
