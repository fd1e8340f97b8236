"""Reading what stands beside the ballots: attendance, rulings, sales, official results."""

from fastapi import APIRouter

from proof.canonical import utc_text
from service.http.paging import Paged
from service.reading import ballots
from service.routes.dependencies import CaseSituation, RunningParts
from service.routes.reading.readers import ReadsHomes

PREFIX = "/v1/renovations/{renovation_id}"
beside = APIRouter(prefix=PREFIX, tags=["channels"])
imported = APIRouter(prefix=PREFIX, tags=["voting"])


@beside.get("/attendance")
async def list_attendance(
    situation: CaseSituation, _viewer: ReadsHomes, parts: RunningParts, page: Paged
) -> tuple[ballots.AttendanceView, ...]:
    """Who came to the meetings of the votes, as the signed lists say, for officials."""
    async with parts.database.session() as session:
        found = await ballots.list_attendance(session, situation.id)
    return page.cut(found, lambda each: (each.box_id, each.unit_number))


@beside.get("/rulings")
async def list_rulings(
    situation: CaseSituation, _viewer: ReadsHomes, parts: RunningParts, page: Paged
) -> tuple[ballots.RulingView, ...]:
    """Every ruling about contested ballots with its reason, for officials; no choice is in it."""
    async with parts.database.session() as session:
        found = await ballots.list_rulings(session, situation.id)
    return page.cut(
        found,
        lambda each: (
            utc_text(each.recorded_at),
            each.box_id,
            ",".join(each.unit_numbers),
            each.number,
        ),
    )


@beside.get("/replacements")
async def list_replacements(
    situation: CaseSituation, _viewer: ReadsHomes, parts: RunningParts, page: Paged
) -> tuple[ballots.ReplacementView, ...]:
    """Every sale on the rolls with its evidence, for officials; who bought is in none."""
    async with parts.database.session() as session:
        found = await ballots.list_replacements(session, situation.id)
    return page.cut(found, lambda each: (each.unit_number, each.generation))


@imported.get("/official-results")
async def list_official_results(
    situation: CaseSituation, parts: RunningParts, page: Paged
) -> tuple[ballots.OfficialResultView, ...]:
    """The results that the city's own system gave, as they were imported."""
    async with parts.database.session() as session:
        found = await ballots.list_official_results(session, situation.id)
    return page.cut(found, lambda each: (each.box_id,))
