"""Who has read what of a case that is not for everybody, as a report for whoever audits it."""

from fastapi import APIRouter, Response

from models.fields import MomentAsked
from models.values.refusal import Problem, Refused
from rules.authority import ROLES_OF_WRITE
from runtime.history.asked import moment_asked
from service.privacy.readings import report_readings
from service.routes.dependencies import RunningParts, note_reading
from service.routes.office.dependencies import CaseView, CurrentCase, CurrentOffice

router = APIRouter(prefix="/office/cases/{renovation_id}", include_in_schema=False)


@router.get("/readings")
async def show_readings(
    situation: CurrentCase,
    office: CurrentOffice,
    parts: RunningParts,
    view: CaseView,
    later_than: MomentAsked = "",
    until: MomentAsked = "",
) -> Response:
    """How often who has read what, about how many; that somebody looks is written down as well."""
    auditor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE["read_access"].roles))
    await note_reading(parts, auditor, view.request)
    problems: list[Problem] = []
    moments = []
    for name, given in (("later_than", later_than), ("until", until)):
        try:
            moments.append(moment_asked(given, name, situation.timetable.zone))
        except Refused as refused:
            problems += refused.problems
            moments.append(None)
    async with parts.database.session() as session:
        report = await report_readings(session, situation.id, *moments)
    values = {"report": report, "later_than": later_than, "until": until}
    return view.show("readings.html", values, tuple(problems))
