"""The ledger of a case: its accounts, the entries of one, and all of it as a journal for other programs."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from formats.journals import Format, journal
from models.fields import Label
from runtime.ledger.reading import load_booked
from service.http.paging import Paged
from service.ledger import reading
from service.routes.dependencies import CaseSituation, RunningParts
from service.routes.reading.readers import ReadsReliefs

router = APIRouter(prefix="/v1/renovations/{renovation_id}/ledger", tags=["cost sharing"])
TEXT = "text/plain; charset=utf-8"
AS_TEXT: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/accounts")
async def list_ledger_accounts(
    situation: CaseSituation, _viewer: ReadsReliefs, parts: RunningParts, page: Paged
) -> tuple[reading.AccountLine, ...]:
    """Every account with its balance, for those who may know of reliefs. Money in fen, the sum is zero."""
    async with parts.database.session() as session:
        found = await reading.list_accounts(session, situation, page.slice)
    return page.first(found, lambda each: (each.kind.value, each.name))


@router.get("/entries")
async def list_ledger_entries(
    situation: CaseSituation,
    _viewer: ReadsReliefs,
    parts: RunningParts,
    page: Paged,
    account: Annotated[Label, Query(description="As the accounts are named: household/1-101.")],
) -> tuple[reading.EntryLine, ...]:
    """The entries of one account with the balance before and after each, and the event of each. Money in fen."""
    async with parts.database.session() as session:
        found = await reading.list_entries(session, situation, account, page.slice)
    return page.first(found, lambda each: (each.number,))


@router.get("/journal", responses=AS_TEXT)
async def export_ledger(
    situation: CaseSituation,
    _viewer: ReadsReliefs,
    parts: RunningParts,
    form: Format = "hledger",
) -> Response:
    """The whole ledger as hledger or beancount read it: one transaction per event, sums in yuan."""
    async with parts.database.session() as session:
        booked = await load_booked(session, situation.id)
    return Response(journal(booked, form), media_type=TEXT)
