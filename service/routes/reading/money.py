"""Reading money: the share table, the lists for the bank, reliefs, the settlement."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from fastapi import APIRouter, Response

from models.fields import Cursor
from models.values.base import Carried
from rules.disclosure.readers import READERS, Circle
from service.reading import money, results
from service.reading.files import csv_of
from service.reading.pages import ALL
from service.routes.dependencies import (
    CaseSituation,
    RunningParts,
)
from service.routes.reading.readers import ReadsLists, ReadsReliefs, ReadsShares
from service.routes.renovations import PAGE, Page

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["cost sharing"])
V = TypeVar("V", bound=Carried)


class Form(StrEnum):
    """How a list is written; as CSV it is whole, whatever `after` and `limit` say."""

    JSON = "json"
    CSV = "csv"


CSV = "text/csv; charset=utf-8"
AS_FILE: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get("/shares")
async def list_shares(
    situation: CaseSituation,
    _viewer: ReadsShares,
    parts: RunningParts,
    after: Cursor = "",
    limit: Page = PAGE,
) -> tuple[money.ShareLine, ...]:
    """What each unit owes today and its parts, by unit: for owners here, officials and the bank.

    Ask again with the `unit_number` of the last one as `after`.
    """
    async with parts.database.session() as session:
        return await money.list_shares(session, situation, after, limit)


@router.get("/instalments", responses=AS_FILE, response_model=tuple[money.OwedLine, ...])
async def list_instalments(
    situation: CaseSituation,
    _viewer: ReadsLists,
    parts: RunningParts,
    *,
    owed: bool = False,
    after: Cursor = "",
    limit: Page = PAGE,
    form: Form = Form.JSON,
) -> tuple[money.OwedLine, ...] | Response:
    """The instalments of so many units, as computed today; `owed`: those due and not paid in full.

    For officials and the bank. Ask again with the `unit_number` of the last one as `after`.
    """
    after, limit = _whole(form, after, limit)
    async with parts.database.session() as session:
        lines = await money.list_instalments(session, situation, after, limit, owed=owed)
    return _written(form, money.OwedLine, lines)


@router.get("/payments", responses=AS_FILE, response_model=tuple[money.PaymentLine, ...])
async def list_payments(
    situation: CaseSituation,
    viewer: ReadsLists,
    parts: RunningParts,
    after: Cursor = "",
    limit: Page = PAGE,
    form: Form = Form.JSON,
) -> tuple[money.PaymentLine, ...] | Response:
    """What came in, for officials and the bank; reliefs only for who decides on them (P-3).

    Ask again with the `id` of the last one as `after`.
    """
    after, limit = _whole(form, after, limit)
    relief = viewer.reader in READERS[Circle.RELIEF]
    async with parts.database.session() as session:
        lines = await money.list_payments(session, situation, after, limit, relief=relief)
    return _written(form, money.PaymentLine, lines)


@router.get("/refunds", responses=AS_FILE, response_model=tuple[money.RefundLine, ...])
async def list_refunds(
    situation: CaseSituation,
    _viewer: ReadsLists,
    parts: RunningParts,
    after: Cursor = "",
    limit: Page = PAGE,
    form: Form = Form.JSON,
) -> tuple[money.RefundLine, ...] | Response:
    """What goes back to whom, for officials and the bank.

    Ask again with the `unit_number` of the last one as `after`.
    """
    after, limit = _whole(form, after, limit)
    async with parts.database.session() as session:
        lines = await money.list_refunds(session, situation, after, limit)
    return _written(form, money.RefundLine, lines)


@router.get("/reliefs")
async def list_reliefs(
    situation: CaseSituation, _viewer: ReadsReliefs, parts: RunningParts
) -> tuple[money.ReliefView, ...]:
    """Who is relieved for hardship: for the offices that decide on it and the auditor, nobody else."""
    async with parts.database.session() as session:
        return await money.list_reliefs(session, situation)


@router.get("/settlement")
async def read_settlement(situation: CaseSituation, parts: RunningParts) -> results.SettlementView:
    """What a stopped renovation leaves behind, in sums; zero while nothing is settled."""
    async with parts.database.session() as session:
        return await results.load_settlement(session, situation)


def _whole(form: Form, after: str, limit: int) -> tuple[str, int]:
    return ("", ALL) if form is Form.CSV else (after, limit)


def _written(form: Form, view: type[V], lines: Sequence[V]) -> tuple[V, ...] | Response:
    return Response(csv_of(view, lines), media_type=CSV) if form is Form.CSV else tuple(lines)
