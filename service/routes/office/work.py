"""My work: whose turn it is in the cases of one's places, and roles that wait to be confirmed."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from models.fields import EventNumber
from models.values.refusal import Refused
from service.bodies import CommandBody
from service.http.problems import read_fields
from service.identity import grants as granting
from service.identity.bodies import EndGrant
from service.pages.forms import texts
from service.pages.office.session import Office
from service.pages.office.work import OfficeWork, load_work
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import CurrentForm, CurrentOffice, OfficeView

router = APIRouter(prefix="/office", include_in_schema=False)


@router.get("")
async def show_work(office: CurrentOffice, parts: RunningParts, view: OfficeView) -> Response:
    """Whose turn it is in the cases of one's places, what is late, what waits for a second person."""
    return view.show("work.html", {"work": await _work(parts, office)})


@router.post("/grants/{grant_id}")
async def decide_grant(
    grant_id: EventNumber,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: OfficeView,
) -> Response:
    """Put a role in force that waits, or refuse it."""
    fields = texts(form)
    command = {"command_id": fields.get("command_id")}
    try:
        if fields.get("decision") == "confirm":
            body = read_fields(CommandBody, command)
            await granting.confirm(parts.database, office.id, grant_id, body)
        else:
            end = read_fields(EndGrant, {**command, "reason": fields.get("reason", "")})
            await granting.end(parts.database, office.id, grant_id, end)
    except Refused as refused:
        return view.show("work.html", {"work": await _work(parts, office)}, refused.problems)
    return RedirectResponse("/office", 303)


async def _work(parts: Parts, office: Office) -> OfficeWork:
    return await load_work(parts.database, office.id, office.grants, office.person.only_case)
