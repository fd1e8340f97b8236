"""The ledger of a case as a journal of plain-text accounting, for programs that are not ours."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Literal

from models.values.base import Value
from models.values.ledger import AccountKind, LedgerAccount, Transfer

Format = Literal["hledger", "beancount"]
FEN = 100
HOLDS = frozenset(
    {
        AccountKind.ESCROW,
        AccountKind.HOUSEHOLD,
        AccountKind.FUND,
        AccountKind.SUBSIDY,
        AccountKind.OPERATOR,
        AccountKind.DEVELOPER,
        AccountKind.SOCIAL_CAPITAL,
        AccountKind.PUBLIC_REVENUE,
        AccountKind.RELIEF,
        AccountKind.BOND,
    }
)
"""Money that is there or owed to the case; what the case owes is a liability, the project its equity."""


class Booked(Value):
    """A transfer that moved money, with its event: day by the case's clock, number and kind."""

    on: date
    seq: int
    kind: str
    transfer: Transfer


def journal(booked: Sequence[Booked], form: Format) -> str:
    """One transaction per event, in the order of the record; sums in yuan with two places.

    Account names have only letters that both programs read: any other is written as its code point.
    """
    return "\n".join((*_opened(booked, form), *_transactions(booked, form), ""))


def account_name(account: LedgerAccount) -> str:
    """`Assets:Household:U1-2-501`; every two accounts have two names."""
    room = "Assets" if account.kind in HOLDS else "Liabilities"
    if account.kind is AccountKind.PROJECT:
        room = "Equity"
    kind = "".join(word.capitalize() for word in account.kind.value.split("_"))
    return f"{room}:{kind}" + (f":U{_plain(account.name)}" if account.name else "")


def yuan(fen: int) -> str:
    """`-1234.50`, exact."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // FEN}.{abs(fen) % FEN:02}"


def _plain(name: str) -> str:
    """Letters, digits and single hyphens; `x` begins the code point of anything else, itself too."""
    return "".join(
        each
        if each.isascii() and (each.isalnum() or each == "-") and each != "x"
        else f"x{ord(each):x}-"
        for each in name
    )


def _opened(booked: Sequence[Booked], form: Format) -> Iterator[str]:
    if not booked:
        return
    accounts = {a for each in booked for a in (each.transfer.source, each.transfer.target)}
    first = min(each.on for each in booked)
    if form == "hledger":
        yield "commodity 1000.00 CNY"
    else:
        yield 'option "operating_currency" "CNY"'
    for name in sorted(account_name(account) for account in accounts):
        yield f"account {name}" if form == "hledger" else f"{first} open {name} CNY"
    yield ""


def _transactions(booked: Sequence[Booked], form: Format) -> Iterator[str]:
    for (on, seq, kind), group in groupby(booked, lambda each: (each.on, each.seq, each.kind)):
        yield f"{on} * ({seq}) {kind}" if form == "hledger" else f'{on} * "{kind}" "event {seq}"'
        for each in group:
            fen = each.transfer.amount_fen
            for account, moved in ((each.transfer.target, fen), (each.transfer.source, -fen)):
                yield f"  {account_name(account)}  {yuan(moved)} CNY  ; {each.transfer.kind}"
        yield ""
