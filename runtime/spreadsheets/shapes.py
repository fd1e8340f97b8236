"""What a number format makes of a number: 101 is shown as 0101, 1101 as 1-101, 56.65 as 57.

A reader of values does not tell it, and the clerk sees nothing else. Standard library only; runs in
`runtime.spreadsheets.child`.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from xml.etree import ElementTree as ET

BUILT_IN: Mapping[int, str] = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    37: "#,##0",
    38: "#,##0",
    39: "#,##0.00",
    40: "#,##0.00",
}
"""Formats that have a number and no text in the file; the others are general, texts and dates."""
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|\[[^\]]*\]|[_*].|([0#?,.]+)|(.)', re.DOTALL)
_PLAIN = re.compile(r"[#0,]*0(?:\.[0#]{2,})?")
"""No difference that a roll knows: areas have two decimals."""
EXACT_DIGITS = 15


@lru_cache(maxsize=4096)
def shown_otherwise(held: str, code: str) -> str:
    """What a format shows of a number, where that is not the number; "" where it is, or nobody knows."""
    try:
        shown = shown_number(float(held), code)
    except ValueError:
        return ""
    return "" if shown is None or looks_the_same(shown, held) else shown


def shown_number(value: float, code: str) -> str | None:
    """A number as the format shows it, without separators of thousands; None for formats not worked out here."""
    section = code.partition(";")[0]
    mask: list[tuple[bool, str]] = []
    percent = False
    for quoted, escaped, digits, other in _TOKEN.findall(section):
        if digits:
            mask += [(True, sign) for sign in digits if sign != ","]
        elif other and other.isascii() and other.isalpha():
            return None
        elif text := quoted or escaped or other:
            percent = percent or other == "%"
            mask.append((False, text))
    if not any(holder for holder, _ in mask) or any(sign == "/" for _, sign in mask):
        return None
    return _filled(mask, value * 100 if percent else value)


def _filled(mask: list[tuple[bool, str]], value: float) -> str:
    """The digits put into the places of a format, from the point to the left and to the right."""
    point = next((at for at, each in enumerate(mask) if each == (True, ".")), len(mask))
    decimals = sum(holder for holder, _ in mask[point + 1 :])
    places = sum(holder for holder, _ in mask[:point])
    whole, _, part = f"{abs(value):.{decimals}f}".partition(".")
    text, left = "", list(whole.lstrip("0"))
    for holder, sign in reversed(mask[:point]):
        if not holder:
            text = sign + text
            continue
        places -= 1
        taken = left.pop() if left else ("0" if sign == "0" else "")
        text = taken + text
        if not places:
            text, left = "".join(left) + text, []
    after = "".join(sign for holder, sign in mask[point + 1 :] if not holder)
    sign = "-" if value < 0 and text.strip("0.") else ""
    return f"{sign}{text}{'.' if part else ''}{part}{after}".strip()


def looks_the_same(shown: str, held: str) -> bool:
    """Whether a shown number is the held one, give or take separators and noughts behind the point."""
    plain = re.sub(r"[,\s]", "", shown)
    digits = plain.lstrip("-")
    if digits.startswith("0") and not re.match(r"0(\.|$)", digits):
        return False
    for text in (plain, shown.replace(",", ".")):
        try:
            if Decimal(text) == Decimal(held):
                return True
        except InvalidOperation:
            continue
    return False


def telling(code: str) -> bool:
    """Whether a format can show something else than the number, so that cells of it are looked at."""
    if code.casefold() in {"general", "@", ""} or re.search(r"(?i)[ymdhs]", _without_texts(code)):
        return False
    plain = _without_texts(code.partition(";")[0]).strip()
    return not (_PLAIN.fullmatch(plain) and "." in plain and not plain.startswith("00"))


def _without_texts(code: str) -> str:
    return re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|[_*].', "", code)


def styles_of(styles: bytes) -> dict[str, str]:
    """The telling formats of an .xlsx: number of the cell's style to the format's code."""
    codes = dict(BUILT_IN)
    found: dict[str, str] = {}
    root = ET.fromstring(styles)  # noqa: S314 - looked through for entities before
    for each in root.iter():
        name = each.tag.rpartition("}")[2]
        if name == "numFmt":
            codes[int(each.get("numFmtId", "0"))] = each.get("formatCode", "")
        elif name == "cellXfs":
            for at, style in enumerate(each):
                code = codes.get(int(style.get("numFmtId", "0")), "")
                if telling(code):
                    found[str(at)] = code
    return found
