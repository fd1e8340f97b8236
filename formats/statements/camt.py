"""CAMT.053, the statement of ISO 20022: its booked entries, one line for each transaction in them."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from formats.statements import FEN, StatementLine
from models.values.refusal import refusal

SIGNS = {"CRDT": 1, "DBIT": -1}
BOOKED = ("BOOK", "")
_AMOUNT = re.compile(r"^[0-9]{1,13}(\.[0-9]{1,2}0*)?$")


def read_camt(text: str, name: str) -> tuple[StatementLine, ...]:
    """The booked lines of a statement; what is pending is not there yet.

    Raises:
        Refused: `statement.xml_wrong` with the line; `statement.no_camt`; `statement.amount_wrong`,
            `statement.day_wrong`, `statement.direction_wrong` with the number of the entry.
    """
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise refusal("statement.no_camt", where=name)
    try:
        root = ET.fromstring(text)  # noqa: S314 - without a DOCTYPE there are no entities to expand
    except ET.ParseError as error:
        raise refusal("statement.xml_wrong", where=name, line=error.position[0]) from None
    statements = [each for each in root.iter() if _tag(each) == "Stmt"]
    if not statements:
        raise refusal("statement.no_camt", where=name)
    found: list[StatementLine] = []
    entries = (child for each in statements for child in each if _tag(child) == "Ntry")
    for number, entry in enumerate(entries, start=1):
        if (_text(entry, "Sts", "Cd") or _text(entry, "Sts")).strip() in BOOKED:
            found += _entry(entry, f"{name} entry {number}")
    return tuple(found)


def _entry(entry: ET.Element, where: str) -> Iterator[StatementLine]:
    sign = SIGNS.get(_text(entry, "CdtDbtInd"))
    if sign is None:
        raise refusal(
            "statement.direction_wrong", where=f"{where} CdtDbtInd", value=_text(entry, "CdtDbtInd")
        )
    if _text(entry, "RvslInd") in ("true", "1"):
        sign = -sign
    day = _text(entry, "BookgDt", "Dt") or _text(entry, "BookgDt", "DtTm")[:10]
    try:
        booked_on = date.fromisoformat(day)
    except ValueError:
        raise refusal("statement.day_wrong", where=f"{where} BookgDt", value=day[:80]) from None
    own = _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")
    details = [part for block in _all(entry, "NtryDtls") for part in _all(block, "TxDtls")]
    for place, part in enumerate(details or [entry]):
        single = len(details) < 2  # noqa: PLR2004 - one transaction is the entry itself
        amount = _text(part, "Amt") or _text(part, "AmtDtls", "TxAmt", "Amt")
        if single or not amount:
            amount = _text(entry, "Amt")
        if not single and not (_text(part, "Amt") or _text(part, "AmtDtls", "TxAmt", "Amt")):
            raise refusal("statement.amount_wrong", where=f"{where} TxDtls Amt", value="")
        reference = _text(part, "Refs", "AcctSvcrRef") or (
            own if single else f"{own}.{place + 1}" if own else ""
        )
        yield StatementLine(
            place=where if single else f"{where}.{place + 1}",
            booked_on=booked_on,
            amount_fen=sign * _fen(amount, where),
            reference=reference[:60],
            payer=(
                _text(part, "RltdPties", "Dbtr", "Nm")
                or _text(part, "RltdPties", "Dbtr", "Pty", "Nm")
            )[:200],
            memo=" ".join(
                [
                    *_texts(part, "RmtInf", "Ustrd"),
                    _text(part, "AddtlTxInf"),
                    _text(entry, "AddtlNtryInf"),
                ]
            ).strip()[:400],
        )


def _fen(text: str, where: str) -> int:
    written = text.strip()
    if not _AMOUNT.match(written):
        raise refusal("statement.amount_wrong", where=f"{where} Amt", value=text[:80])
    return int(Decimal(written) * FEN)


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(element: ET.Element, tag: str) -> Iterator[ET.Element]:
    return (each for each in element if _tag(each) == tag)


def _text(element: ET.Element, *path: str) -> str:
    return next(iter(_texts(element, *path)), "")


def _texts(element: ET.Element, *path: str) -> list[str]:
    here = [element]
    for tag in path:
        here = [child for each in here for child in _all(each, tag)]
    return [(each.text or "").strip() for each in here]
