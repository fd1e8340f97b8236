"""Reading money: the share table, the lists for the bank, reliefs, the settlement."""

from collections.abc import Sequence
from enum import StrEnum

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool

from models.fields import UnitNumber
from models.values.base import Carried
from models.values.explanation import Explanation, PublishedBill
from models.values.refusal import refusal
from proof.canonical import utc_text
from rules.disclosure.readers import READERS, Circle
from service.http.paging import Paged, Paging, Slice
from service.paper.shares import share_pdf
from service.reading import money, results
from service.reading.files import csv_of
from service.reading.reasons import explain_share, load_published
from service.reading.shaping import view_for
from service.routes.dependencies import (
    CaseSituation,
    CurrentViewer,
    RunningParts,
)
from service.routes.reading.readers import ReadsLists, ReadsReliefs, ReadsShares

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["cost sharing"])
ALL = 1_000_000
"""A list as a file is whole; no estate has as many rows."""


class Form(StrEnum):
    """How a list is written; as CSV it is whole, whatever page is asked for."""

    JSON = "json"
    CSV = "csv"


class Paper(StrEnum):
    """How an explanation is written."""

    JSON = "json"
    PDF = "pdf"


CSV = "text/csv; charset=utf-8"
PDF = "application/pdf"
AS_PAPER: dict[int | str, dict[str, object]] = {
    200: {"content": {PDF: {"schema": {"type": "string", "format": "binary"}}}}
}
AS_FILE: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get("/shares")
async def list_shares(
    situation: CaseSituation,
    _viewer: ReadsShares,
    parts: RunningParts,
    page: Paged,
) -> tuple[money.ShareLine, ...]:
    """What each unit owes today and its parts, by unit: for owners here, officials and the bank."""
    async with parts.database.session() as session:
        found = await money.list_shares(session, situation, page.slice)
    return page.first(found, lambda each: (each.unit_number,))


@router.get("/shares/published")
async def read_published_bill(
    situation: CaseSituation, viewer: CurrentViewer, parts: RunningParts
) -> PublishedBill:
    """What of the owners' bill everybody may know: from it every home proves its own part.

    What homes that have joined later pay is for whoever reads the share table.
    """

    async def computed() -> PublishedBill:
        async with parts.database.session() as session:
            return await load_published(session, situation)

    bill = await parts.ready.read(("published_bill", situation.id), computed)
    return view_for(viewer.reader, bill)


@router.get("/shares/why", responses=AS_PAPER, response_model=Explanation)
async def explain_unit_share(
    situation: CaseSituation,
    viewer: ReadsShares,
    parts: RunningParts,
    *,
    unit: UnitNumber | None = None,
    form: Paper = Paper.JSON,
) -> Explanation | Response:
    """Why a unit owes what it owes: a home its own, officials any; as PDF for the wall of a stairwell's meeting.

    Every factor with its source, each step of rounding, the place in the order and the unit of the tie.
    """
    asked = unit or viewer.unit_number
    if asked is None:
        raise refusal("service.field_missing", where="unit", field="unit")
    if viewer.unit_number not in (None, asked):
        raise refusal("credential.other_unit", where="unit")
    async with parts.database.session() as session:
        why = await explain_share(session, situation, asked)
    if form is Paper.JSON:
        return why
    made = await run_in_threadpool(share_pdf, why, situation.title, parts.settings.paper_fonts)
    return Response(made, media_type=PDF)


@router.get("/instalments", responses=AS_FILE, response_model=tuple[money.OwedLine, ...])
async def list_instalments(
    situation: CaseSituation,
    _viewer: ReadsLists,
    parts: RunningParts,
    *,
    owed: bool = False,
    page: Paged,
    form: Form = Form.JSON,
) -> tuple[money.OwedLine, ...] | Response:
    """The instalments of so many units, as computed today; `owed`: those due and not paid in full.

    For officials and the bank.
    """
    async with parts.database.session() as session:
        lines = await money.list_instalments(session, situation, owed=owed)
    if form is Form.CSV:
        return _file(money.OwedLine, lines)
    return page.cut(lines, lambda each: (each.unit_number, each.number))


@router.get("/payments", responses=AS_FILE, response_model=tuple[money.PaymentLine, ...])
async def list_payments(
    situation: CaseSituation,
    viewer: ReadsLists,
    parts: RunningParts,
    page: Paged,
    form: Form = Form.JSON,
) -> tuple[money.PaymentLine, ...] | Response:
    """What came in, for officials and the bank; reliefs only for who decides on them (P-3)."""
    relief = viewer.reader in READERS[Circle.RELIEF]
    async with parts.database.session() as session:
        lines = await money.list_payments(session, situation, _part(form, page), relief=relief)
    if form is Form.CSV:
        return _file(money.PaymentLine, lines)
    return page.first(lines, lambda each: (utc_text(each.received_at), each.id))


@router.get("/refunds", responses=AS_FILE, response_model=tuple[money.RefundLine, ...])
async def list_refunds(
    situation: CaseSituation,
    _viewer: ReadsLists,
    parts: RunningParts,
    page: Paged,
    form: Form = Form.JSON,
) -> tuple[money.RefundLine, ...] | Response:
    """What goes back to whom, for officials and the bank."""
    async with parts.database.session() as session:
        lines = await money.list_refunds(session, situation, _part(form, page))
    if form is Form.CSV:
        return _file(money.RefundLine, lines)
    return page.first(lines, lambda each: (each.unit_number,))


@router.get("/reliefs")
async def list_reliefs(
    situation: CaseSituation, _viewer: ReadsReliefs, parts: RunningParts, page: Paged
) -> tuple[money.ReliefView, ...]:
    """Who is relieved for hardship: for the offices that decide on it and the auditor, nobody else."""
    async with parts.database.session() as session:
        found = await money.list_reliefs(session, situation)
    return page.cut(found, lambda each: (each.unit_number, each.kind))


@router.get("/settlement")
async def read_settlement(situation: CaseSituation, parts: RunningParts) -> results.SettlementView:
    """What a stopped renovation leaves behind, in sums; zero while nothing is settled."""
    async with parts.database.session() as session:
        return await results.load_settlement(session, situation)


def _part(form: Form, page: Paging) -> Slice:
    return Slice(limit=ALL) if form is Form.CSV else page.slice


def _file(view: type[Carried], lines: Sequence[Carried]) -> Response:
    return Response(csv_of(view, lines), media_type=CSV)
