"""What a home reads of its own, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import JsonValue

from cli.words import said
from models.values.base import Value


class _Instalment(Value):
    number: int
    due_at: datetime
    amount_fen: int


class _Said(Value):
    id: str
    text: str
    answer: str | None


class _Household(Value):
    unit_number: str
    basis: str
    share_fen: int
    paid_fen: int
    refund_fen: int
    instalments: tuple[_Instalment, ...]
    tickets: tuple[_Said, ...]
    objections: tuple[_Said, ...]


def household_lines(found: JsonValue) -> Iterator[str]:
    """The lines for what `GET .../household` answers; money in yuan."""
    home = _Household.model_validate(found, extra="ignore")
    yield said("line.household", unit=home.unit_number)
    if home.basis:
        yield said(
            "line.household_share",
            share=_yuan(home.share_fen),
            paid=_yuan(home.paid_fen),
            refund=_yuan(home.refund_fen),
        )
    for part in home.instalments:
        yield said(
            "line.household_instalment",
            number=part.number,
            amount=_yuan(part.amount_fen),
            due=f"{part.due_at:%Y-%m-%d %H:%M %Z}",
        )
    for each in (*home.tickets, *home.objections):
        yield said("line.household_said", id=each.id, text=each.text)
        yield said("line.household_answer", answer=each.answer or "-")


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02}"
