"""MT940, the customer statement of SWIFT: the lines of fields 61 with the words of fields 86."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from formats.statements import FEN, YUAN, StatementLine, refuse_if_apart
from models.values.refusal import refusal

_FIELD = re.compile(r"^:(\d{2}[A-Z]?):")
_BALANCE = re.compile(r"(?P<sign>[CD])[0-9]{6}(?P<money>[A-Z]{3})(?P<amount>.*)")
_AMOUNT = re.compile(r"[0-9]{1,13},[0-9]{0,2}")
_ENTRY = re.compile(
    r"^(?P<value>\d{6})(?P<day>\d{4})?(?P<sign>RC|RD|C|D)(?P<funds>[A-Z])?(?P<amount>\d{1,13},\d{0,2})"
    r"(?P<kind>[A-Z][A-Z0-9]{3})(?P<own>[^/\n]{0,35}?)(?://(?P<bank>[^\n]{0,60}))?(?:\n(?P<more>.*))?$",
    re.DOTALL,
)
SIGNS = {"C": 1, "RD": 1, "D": -1, "RC": -1}
_CENTURY = 2000
_MONTHS_APART = 6


def read_mt940(text: str, name: str) -> tuple[StatementLine, ...]:
    """The lines of all statements of a file.

    Raises:
        Refused: `statement.no_mt940`; `statement.entry_wrong`, `statement.day_wrong`, `statement.amount_wrong`,
            `statement.currency_wrong`, `statement.balance_differs` with line and field.
    """
    found: list[StatementLine] = []
    since = _Since()
    fields = list(_fields(text))
    if not any(tag == "61" for _, tag, _ in fields) and not any(
        tag == "20" for _, tag, _ in fields
    ):
        raise refusal("statement.no_mt940", where=name)
    for number, tag, content in fields:
        if tag == "61":
            found.append(_line(content, f"{name} line {number}, :61:"))
            since.fen += found[-1].amount_fen
        elif tag.startswith("6") and (match := _BALANCE.match(content)):
            where = f"{name} line {number}, :{tag}:"
            if not YUAN.fullmatch(match["money"]):
                raise refusal("statement.currency_wrong", where=where, value=match["money"])
            since.balance(tag, SIGNS[match["sign"]] * _fen(match["amount"], where), where)
        elif tag == "86" and found and not found[-1].memo:
            found[-1] = found[-1].model_copy(update=_words(content))
    return tuple(found)


@dataclass
class _Since:
    """What an opening balance (60) and the entries after it come to, in fen, as far as a balance was read.

    A statement of several messages has intermediate ones (60M, 62M): each opens with what the one before closed with.
    """

    opened: bool = False
    fen: int = 0

    def balance(self, tag: str, fen: int, where: str) -> None:
        """A balance is read; available ones (64, 65) are no sums of entries.

        Raises:
            Refused: `statement.balance_differs`.
        """
        opens, closes = tag in ("60F", "60M"), tag in ("62F", "62M")
        if self.opened and (closes or tag == "60M"):
            refuse_if_apart(self.fen, fen, where)
        if opens or closes:
            self.opened, self.fen = opens or tag == "62M", fen


def _fields(text: str) -> Iterator[tuple[int, str, str]]:
    start, tag, lines = 0, "", list[str]()
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        match = _FIELD.match(line)
        if match or line.startswith("-}") or line.strip() == "-":
            if tag:
                yield start, tag, "\n".join(lines)
            start, tag, lines = (
                number,
                match[1] if match else "",
                [line[match.end() :]] if match else [],
            )
        elif tag:
            lines.append(line)
    if tag:
        yield start, tag, "\n".join(lines)


def _line(content: str, where: str) -> StatementLine:
    match = _ENTRY.match(content.strip("\n"))
    if match is None:
        raise refusal("statement.entry_wrong", where=where, value=content[:80])
    reference = (match["bank"] or "").strip() or (match["own"] or "").strip()
    return StatementLine(
        place=where,
        booked_on=_day(match["value"], match["day"], where),
        amount_fen=SIGNS[match["sign"]] * _fen(match["amount"], where),
        reference="" if reference in ("NONREF", "") else reference[:60],
        memo="",
    )


def _fen(written: str, where: str) -> int:
    if not _AMOUNT.fullmatch(written.strip()):
        raise refusal("statement.amount_wrong", where=where, value=written[:80])
    whole, _, part = written.strip().partition(",")
    return int(whole) * FEN + int(part.ljust(2, "0"))


def _day(value: str, entry: str | None, where: str) -> date:
    """The day of booking, whose year is that of the value, or the one beside it at the turn of a year."""
    try:
        valued = date(_CENTURY + int(value[:2]), int(value[2:4]), int(value[4:]))
        if entry is None:
            return valued
        booked = date(valued.year, int(entry[:2]), int(entry[2:]))
        apart = booked.month - valued.month
        year = valued.year + (apart < -_MONTHS_APART) - (apart > _MONTHS_APART)
        return booked.replace(year=year)
    except ValueError:
        raise refusal("statement.day_wrong", where=where, value=f"{value}{entry or ''}") from None


def _words(content: str) -> dict[str, str]:
    """Subfields as German and Chinese banks write them (?20 to ?29 words, ?32 and ?33 the payer), else the text."""
    joined = content.replace("\n", "")
    parts = re.split(r"\?(\d{2})", joined)
    if len(parts) < 3:  # noqa: PLR2004 - no subfields
        return {"memo": " ".join(content.split())[:400]}
    subfields = list(zip(parts[1::2], parts[2::2], strict=False))
    memo = "".join(text for code, text in subfields if "20" <= code <= "29" or "60" <= code <= "63")
    payer = "".join(text for code, text in subfields if code in ("32", "33"))
    return {"memo": memo[:400] or " ".join(content.split())[:400], "payer": payer[:200]}
