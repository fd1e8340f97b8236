"""Reading the works: schemes, votes, tenders and bids, contracts with their money, inspections."""

from fastapi import APIRouter

from models.fields import Id
from proof.canonical import utc_text
from service import tenders, views
from service.http.paging import Paged
from service.reading import ballots, schemes, works
from service.residents import bids
from service.routes.dependencies import (
    CaseSituation,
    CurrentContractor,
    CurrentViewer,
    RunningParts,
)
from service.routes.reading.readers import ReadsOpenedBids

PREFIX = "/v1/renovations/{renovation_id}"
planned = APIRouter(prefix=PREFIX, tags=["renovations"])
offered = APIRouter(prefix=PREFIX, tags=["bidding"])
built = APIRouter(prefix=PREFIX, tags=["inspection"])


@planned.get("/schemes")
async def list_schemes(
    situation: CaseSituation, viewer: CurrentViewer, parts: RunningParts, page: Paged
) -> tuple[schemes.SchemeView, ...]:
    """Every version of the scheme with its items; room numbers for owners here and officials only."""
    async with parts.database.session() as session:
        found = await schemes.list_schemes(session, situation.id, viewer)
    return page.cut(found, lambda each: (each.version,))


@planned.get("/votes")
async def list_votes(
    situation: CaseSituation, parts: RunningParts, page: Paged
) -> tuple[views.BoxView, ...]:
    """The boxes of every vote of the case, vote by vote, with their results."""
    async with parts.database.session() as session:
        found = await ballots.list_boxes(session, situation.id)
    return page.cut(found, lambda each: (each.attempt, each.building, each.entrance))


@offered.get("/tenders")
async def list_tenders(
    situation: CaseSituation, parts: RunningParts, page: Paged
) -> tuple[tenders.TenderView, ...]:
    """Every tender with its terms, and once they are opened its bids and candidates."""
    async with parts.database.session() as session:
        found = await tenders.list_tenders(session, situation.id, situation.timetable.zone)
    return page.cut(found, lambda each: (each.round,))


@offered.get("/own-bids")
async def list_own_bids(
    situation: CaseSituation, bidder: CurrentContractor, parts: RunningParts, page: Paged
) -> tuple[bids.OwnBid, ...]:
    """The own bids of every round as they were handed in, and where each stands."""
    async with parts.database.session() as session:
        found = await bids.list_own_bids(session, parts, situation, bidder)
    return page.cut(found, lambda each: (each.round, utc_text(each.submitted_at), each.id))


@offered.get("/bids")
async def list_opened_bids(
    situation: CaseSituation, _viewer: ReadsOpenedBids, parts: RunningParts, page: Paged
) -> tuple[works.OpenedBid, ...]:
    """Every opened bid with what it says of itself, for who evaluates, officials and the auditor."""
    async with parts.database.session() as session:
        found = await works.list_opened_bids(session, situation.id)
    return page.cut(found, lambda each: (each.tender_id, each.bidder_id))


@offered.get("/contracts")
async def list_contracts(
    renovation_id: Id, _in: CaseSituation, parts: RunningParts, page: Paged
) -> tuple[works.ContractAccount, ...]:
    """Every contract with its money plan, its certificates, and how it ended (P-4)."""
    async with parts.database.session() as session:
        found = await works.list_contracts(session, renovation_id)
    return page.cut(found, lambda each: (each.works_round,))


@built.get("/inspections")
async def list_inspections(
    situation: CaseSituation, viewer: CurrentViewer, parts: RunningParts, page: Paged
) -> tuple[works.InspectionView, ...]:
    """Every inspection; what it found in words is for owners here and officials."""
    async with parts.database.session() as session:
        found = await works.list_inspections(session, situation.id, viewer)
    return page.cut(found, lambda each: (utc_text(each.recorded_at), each.id))
