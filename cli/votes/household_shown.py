"""What a home reads of its own, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import JsonValue

from cli.shown import moment
from cli.words import named, said
from models.values.base import Value


class _Instalment(Value):
    number: int
    due_at: datetime
    amount_fen: int
    open_fen: int = 0


class _Reason(Value):
    title: str
    key: str
    gap_fen: int
    payers: int
    weight: int | str
    weights: int | str
    amount_fen: int


class _Relief(Value):
    kind: str
    amount_fen: int
    funded_by: str


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
    overdue_fen: int = 0
    before_sale_fen: int = 0
    late_fee_fen: int = 0
    fee_today_fen: int = 0
    reasons: tuple[_Reason, ...] = ()
    reliefs: tuple[_Relief, ...] = ()
    instalments: tuple[_Instalment, ...]
    tickets: tuple[_Said, ...]
    objections: tuple[_Said, ...]


def household_lines(found: JsonValue, zone: str) -> Iterator[str]:
    """The lines for what `GET .../household` answers; money in yuan, moments by the clocks of the place."""
    home = _Household.model_validate(found, extra="ignore")
    yield said("line.household", unit=home.unit_number)
    if home.basis:
        yield said(
            "line.household_share",
            share=_yuan(home.share_fen),
            paid=_yuan(home.paid_fen),
            refund=_yuan(home.refund_fen),
        )
    for why in home.reasons:
        yield said(
            "line.household_reason",
            title=why.title,
            amount=_yuan(why.amount_fen),
            gap=_yuan(why.gap_fen),
            key=named("cost_key", why.key),
            weight=why.weight,
            weights=why.weights,
            payers=why.payers,
        )
    for part in home.instalments:
        yield said(
            "line.household_instalment",
            number=part.number,
            amount=_yuan(part.amount_fen),
            due=moment(part.due_at, zone),
            open=_yuan(part.open_fen),
        )
    if home.overdue_fen:
        yield said("line.household_overdue", amount=_yuan(home.overdue_fen))
    if home.before_sale_fen:
        yield said("line.household_before_sale", amount=_yuan(home.before_sale_fen))
    if home.late_fee_fen:
        yield said("line.household_fee", amount=_yuan(home.late_fee_fen))
    if home.fee_today_fen:
        yield said("line.household_fee_today", amount=_yuan(home.fee_today_fen))
    for each in home.reliefs:
        yield said(
            "line.household_relief",
            kind=each.kind,
            amount=_yuan(each.amount_fen),
            by=each.funded_by,
        )
    for words in (*home.tickets, *home.objections):
        yield said("line.household_said", id=words.id, text=words.text)
        yield said("line.household_answer", answer=words.answer or "-")


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02}"
