"""Who has read what is not for everybody."""

from fastapi import APIRouter

from models.fields import MomentAsked
from runtime.history.asked import moment_asked
from runtime.privacy.access import AccessLine, access_of_case, access_to
from service.http.paging import Paged
from service.privacy.readings import ReadingReport, report_readings
from service.routes.dependencies import CaseSituation, CurrentPerson, MayReadAccess, RunningParts

router = APIRouter(prefix="/v1", tags=["privacy"])
CASE = "/renovations/{renovation_id}"


@router.get("/access")
async def list_own_access(
    person: CurrentPerson, parts: RunningParts, page: Paged
) -> tuple[AccessLine, ...]:
    """What you have read that is not for everybody, and who has read or asked for what is about you."""
    async with parts.database.session() as session:
        found = await access_to(session, [person])
    return page.cut(found, lambda each: (each.number,), newest_first=True)


@router.get(f"{CASE}/access")
async def list_access(
    situation: CaseSituation, _auditor: MayReadAccess, parts: RunningParts, page: Paged
) -> tuple[AccessLine, ...]:
    """Who has read what in this case, the newest first."""
    part = page.slice
    async with parts.database.session() as session:
        found = await access_of_case(session, situation.id, part.after_number, part.limit)
    return page.first(found, lambda each: (each.number,))


@router.get(f"{CASE}/access/report")
async def report_access(
    situation: CaseSituation,
    _auditor: MayReadAccess,
    parts: RunningParts,
    *,
    later_than: MomentAsked = "",
    until: MomentAsked = "",
) -> ReadingReport:
    """How often who has read what in this case, about how many; of a time, or of all of it (real time)."""
    zone = situation.timetable.zone
    since = moment_asked(later_than, "later_than", zone)
    async with parts.database.session() as session:
        return await report_readings(
            session, situation.id, since, moment_asked(until, "until", zone)
        )
