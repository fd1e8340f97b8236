"""My work: whose turn it is in the cases of one's places, and roles that wait to be confirmed."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Response
from fastapi.responses import RedirectResponse

from models.fields import Awaited, Cursor, EventNumber, OptionalId, PlacePath, Words
from models.values.refusal import Problem, Refused
from models.values.states import RenovationState, Stage
from rules.authority import ROLES_OF_WRITE, covers
from runtime.database import driver_connection
from runtime.finding.files import FileForm, find_all
from runtime.record.cases import CaseFilter, CaseRow, find_cases
from service.bodies import CommandBody
from service.finding import saved
from service.finding.bodies import DropView, SaveView, WantedCases
from service.http.problems import read_fields
from service.identity import grants as granting
from service.identity.bodies import EndGrant
from service.pages.forms import moved, texts
from service.pages.office.session import Office
from service.pages.office.work import load_work, places_of
from service.parts import Parts
from service.privacy.erasing import list_erasures
from service.reading.counts import file_of
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import CurrentForm, CurrentOffice, OfficeView, View
from service.routes.office.overview import MOST_IN_FILE, place_asked

router = APIRouter(prefix="/office", include_in_schema=False)
ON_A_PAGE = 50


@router.get("")
async def show_work(office: CurrentOffice, parts: RunningParts, view: OfficeView) -> Response:
    """Whose turn it is in the cases of one's places, what is late, what waits for a second person."""
    return await _shown(parts, office, view)


def wanted_in_query(
    stage: Stage | None = None,
    *,
    overdue: bool = False,
    stuck: bool = False,
    place: PlacePath = "",
    waiting: Awaited = "",
    outcome: RenovationState | None = None,
    contractor: OptionalId = "",
    rule_pack: OptionalId = "",
    words: Words = "",
) -> CaseFilter:
    """What a list of cases is narrowed to, as its address says it."""
    return CaseFilter(
        place=place,
        stage=stage,
        overdue=overdue,
        stuck=stuck,
        waiting=waiting,
        outcome=outcome,
        contractor=contractor,
        rule_pack=rule_pack,
        words=words,
    )


Wanted = Annotated[CaseFilter, Depends(wanted_in_query)]


@router.get("/cases")
async def list_cases(
    office: CurrentOffice,
    parts: RunningParts,
    view: OfficeView,
    wanted: Wanted,
    after: Cursor = "",
    saved_as: Words = "",
) -> Response:
    """The cases of one's places, a page at a time: all, those of a stage, what is late, what broke, what is called so."""
    own = places_of(office.grants)
    inside = any(covers(each, wanted.place) for each in own)
    at = wanted.place.rstrip("/") if inside else next(iter(own), "")
    here = wanted.model_copy(update={"place": at})
    return await _listed(parts, office, view, here, after=after, saved_as=saved_as)


@router.get("/list")
async def download_list(
    office: CurrentOffice, parts: RunningParts, wanted: Wanted, form: FileForm = FileForm.CSV
) -> Response:
    """All cases of a list of one's places, as a file."""
    asked = wanted.model_copy(update={"place": place_asked(office, wanted.place)})
    async with parts.database.session() as session:
        found = await find_all(await driver_connection(session), asked, MOST_IN_FILE)
    return file_of(found, form)


@router.post("/views")
async def keep_list(
    office: CurrentOffice, form: CurrentForm, parts: RunningParts, view: OfficeView
) -> Response:
    """Keep the list that was shown under a name, or forget one."""
    fields = texts(form)
    command = {"command_id": fields.get("command_id"), "name": fields.get("name", "")}
    given = {name: fields[name] for name in WantedCases.model_fields if fields.get(name)}
    try:
        if fields.get("decision") == "forget":
            await saved.drop_view(parts.database, office.id, read_fields(DropView, command))
            return RedirectResponse("/office/cases", 303)
        body = read_fields(SaveView, {**command, "wanted": given})
        await saved.save_view(parts.database, office.id, body)
    except Refused as refused:
        wanted = read_fields(WantedCases, given).asked()
        return await _listed(parts, office, view, wanted, problems=refused.problems)
    address = urlencode({**_given(body.wanted.asked()), "saved_as": body.name})
    return RedirectResponse(f"/office/cases?{address}", 303)


async def _listed(
    parts: Parts,
    office: Office,
    view: View,
    wanted: CaseFilter,
    *,
    after: str = "",
    saved_as: str = "",
    problems: tuple[Problem, ...] = (),
) -> Response:
    """A page of the cases of one's places, with the lists that were saved."""
    own, at = places_of(office.grants), wanted.place
    found: tuple[CaseRow, ...] = ()
    if any(covers(each, at) for each in own) and office.person.only_case is None:
        async with parts.database.session() as session:
            driver = await driver_connection(session)
            found = await find_cases(driver, wanted, ON_A_PAGE, after)
    views = await saved.list_views(parts.database, office.id)
    values = {
        "saved": [(each.name, urlencode(_given(each.wanted.asked()))) for each in views],
        "saved_as": saved_as,
        "given": _given(wanted),
        "cases": found,
        "wanted": wanted,
        "places": own if at in own else (*own, at),
        "stages": tuple(Stage),
        "outcomes": tuple(RenovationState),
        "more": urlencode(_given(wanted)),
        "further": found[-1].cursor if len(found) == ON_A_PAGE else "",
    }
    return view.show("cases.html", values, problems)


def _given(wanted: CaseFilter) -> dict[str, str]:
    """What is asked for, as the address of the next page says it."""
    told = wanted.model_dump(mode="json", exclude_defaults=True)
    return {name: "true" if value is True else value for name, value in told.items()}


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
        wrong = moved(refused.problems, {"reason": f"reason-{grant_id}"})
        return await _shown(parts, office, view, wrong)
    return RedirectResponse("/office", 303)


async def _shown(
    parts: Parts, office: Office, view: View, problems: tuple[Problem, ...] = ()
) -> Response:
    only_case = office.person.only_case
    erases = bool(ROLES_OF_WRITE["erase_person"].roles & {each.role for each in office.grants})
    values = {
        "work": await load_work(parts.database, office.id, office.grants, only_case),
        "erases": erases,
        "erasures": len(await list_erasures(parts.database, office.id, undecided=True))
        if erases
        else 0,
    }
    return view.show("work.html", values, problems)
