"""CAMT.053, the statement of ISO 20022: its booked entries, one line for each transaction in them."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from formats.journals import yuan
from formats.statements import FEN, YUAN, StatementLine, refuse_if_apart
from models.values.refusal import refusal

SIGNS = {"CRDT": 1, "DBIT": -1}
BOOKED = ("BOOK", "")
OPENING, CLOSING = ("OPBD", "PRCD"), "CLBD"
"""Booked balances: the opening one, or what closed the statement before; and the closing one."""
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2}0*)?")


def read_camt(text: str, name: str) -> tuple[StatementLine, ...]:
    """The booked lines of a statement; what is pending is not there yet.

    Raises:
        Refused: `statement.xml_wrong` with the line; `statement.no_camt`; `statement.amount_wrong`,
            `statement.day_wrong`, `statement.direction_wrong`, `statement.currency_wrong`,
            `statement.parts_differ` with the number of the entry; `statement.balance_differs`.
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
    number = 0
    for statement in statements:
        before = len(found)
        for entry in _all(statement, "Ntry"):
            number += 1
            if (_text(entry, "Sts", "Cd") or _text(entry, "Sts")).strip() in BOOKED:
                found += _entry(entry, f"{name} entry {number}")
        _compare(statement, sum(line.amount_fen for line in found[before:]), name)
    return tuple(found)


def _compare(statement: ET.Element, moved_fen: int, name: str) -> None:
    """The opening balance and the booked entries come to the closing one, where the bank says both."""
    balances: dict[str, list[tuple[str, int]]] = {}
    for each in _all(statement, "Bal"):
        code = _text(each, "Tp", "CdOrPrtry", "Cd")
        if code in (*OPENING, CLOSING):
            where = f"{name} Bal {code}"
            fen = _sign(each, where) * _fen(next(_at(each, "Amt"), None), f"{where} Amt")
            day = (_text(each, "Dt", "Dt") or _text(each, "Dt", "DtTm"))[:10]
            balances.setdefault(code, []).append((day, fen))
    opening = next((balances[code] for code in OPENING if code in balances), None)
    if opening and CLOSING in balances:
        # A statement of several days may have those of each.
        first, last = min(opening, key=_day_of), max(balances[CLOSING], key=_day_of)
        refuse_if_apart(first[1] + moved_fen, last[1], f"{name} Bal {CLOSING}")


def _day_of(balance: tuple[str, int]) -> str:
    return balance[0]


def _sign(element: ET.Element, where: str) -> int:
    """Whether it came in; also of a reversal, which says in `RvslInd` that it takes something of the other side back."""
    said = _text(element, "CdtDbtInd")
    if said not in SIGNS:
        raise refusal("statement.direction_wrong", where=f"{where} CdtDbtInd", value=said)
    return SIGNS[said]


def _entry(entry: ET.Element, where: str) -> Iterator[StatementLine]:
    sign = _sign(entry, where)
    day = _text(entry, "BookgDt", "Dt") or _text(entry, "BookgDt", "DtTm")[:10]
    try:
        booked_on = date.fromisoformat(day)
    except ValueError:
        raise refusal("statement.day_wrong", where=f"{where} BookgDt", value=day[:80]) from None
    own = _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")
    details = [part for block in _all(entry, "NtryDtls") for part in _all(block, "TxDtls")]
    amounts = _amounts(entry, details, where)
    single = len(amounts) == 1  # one transaction is the entry itself
    references = _references(details, own)
    for place, (part, fen) in enumerate(zip(details or [entry], amounts, strict=True)):
        yield StatementLine(
            place=where if single else f"{where}.{place + 1}",
            booked_on=booked_on,
            amount_fen=sign * fen,
            reference=references[place][:60],
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


def _references(details: Sequence[ET.Element], own: str) -> list[str]:
    """A number for each transaction: its own where no other has it, else that of the entry with its place."""
    given = [_text(part, "Refs", "AcctSvcrRef") for part in details]
    if len(given) < 2:  # noqa: PLR2004 - one transaction is the entry itself
        return [*filter(None, given), own][:1]
    numbered = (f"{own or each}.{place}" for place, each in enumerate(given, start=1))
    return [
        each if each and given.count(each) == 1 else other if own or each else ""
        for each, other in zip(given, numbered, strict=True)
    ]


def _amounts(entry: ET.Element, details: Sequence[ET.Element], where: str) -> list[int]:
    """The sum of each transaction of an entry, in fen; together they are the entry's."""
    booked = _fen(next(_at(entry, "Amt"), None), f"{where} Amt")
    if len(details) < 2:  # noqa: PLR2004 - one transaction is the entry itself
        return [booked]
    paths = (("Amt",), ("AmtDtls", "TxAmt", "Amt"))
    own = ([found for path in paths for found in _at(part, *path)] for part in details)
    parts = [_fen(next(iter(found), None), f"{where} TxDtls Amt") for found in own]
    if sum(parts) != booked:
        have, need = yuan(sum(parts)), yuan(booked)
        raise refusal("statement.parts_differ", where=f"{where} TxDtls", have=have, need=need)
    return parts


def _fen(amount: ET.Element | None, where: str) -> int:
    written = "" if amount is None else (amount.text or "").strip()
    if amount is None or not _AMOUNT.fullmatch(written):
        raise refusal("statement.amount_wrong", where=where, value=written[:80])
    if not YUAN.fullmatch(money := amount.get("Ccy", "CNY")):
        raise refusal("statement.currency_wrong", where=f"{where} Ccy", value=money[:80])
    return int(Decimal(written) * FEN)


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(element: ET.Element, tag: str) -> Iterator[ET.Element]:
    return (each for each in element if _tag(each) == tag)


def _text(element: ET.Element, *path: str) -> str:
    return next(iter(_texts(element, *path)), "")


def _texts(element: ET.Element, *path: str) -> list[str]:
    return [(each.text or "").strip() for each in _at(element, *path)]


def _at(element: ET.Element, *path: str) -> Iterator[ET.Element]:
    here = [element]
    for tag in path:
        here = [child for each in here for child in _all(each, tag)]
    return iter(here)
