"""The places of somebody at a glance, and what needs a supervising look: who is late, what broke."""

from fastapi import APIRouter, Response

from models.fields import Cursor, PlacePath
from models.values.refusal import refusal
from models.values.states import Stage
from rules.authority import covers
from rules.disclosure.events import REDACTED
from runtime.database import driver_connection
from runtime.finding.files import FileForm, find_all
from runtime.record.cases import CaseFilter, CaseRow, find_cases
from service.pages.office.session import Office
from service.pages.office.work import places_of
from service.parts import Parts
from service.reading.cases import listed_for
from service.reading.counts import counts_of, file_of
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import CurrentOffice, OfficeView

router = APIRouter(prefix="/office", include_in_schema=False)
FIRST = 10
"""So many of what is late stand on the overview itself."""
ON_A_PAGE = 25
MOST_IN_FILE = 10_000


@router.get("/overview")
async def show_overview(
    office: CurrentOffice, parts: RunningParts, view: OfficeView, place: PlacePath = ""
) -> Response:
    """How many cases run in which stage, are late and are stuck, place by place; and for whom they wait."""
    at = place_asked(office, place)
    values = {
        "counts": await counts_of(parts, at),
        "late": await _cases(parts, office, CaseFilter(place=at, overdue=True), FIRST),
        "stages": tuple(Stage),
        "places": places_of(office.grants),
        "above": _above(office, at),
    }
    return view.show("overview.html", values)


@router.get("/oversight")
async def show_oversight(
    office: CurrentOffice,
    parts: RunningParts,
    view: OfficeView,
    place: PlacePath = "",
    after: Cursor = "",
) -> Response:
    """What needs a supervising look: where a step broke, and who is late since when, the longest first."""
    at = place_asked(office, place)
    late = await _cases(parts, office, CaseFilter(place=at, overdue=True), ON_A_PAGE, after)
    broke = CaseFilter(place=at, stuck=True)
    stuck = () if after else await _cases(parts, office, broke, ON_A_PAGE)
    values = {
        "at": at,
        "late": late,
        "stuck": stuck,
        "hidden": REDACTED,
        "further": late[-1].cursor if len(late) == ON_A_PAGE else "",
    }
    return view.show("oversight.html", values)


@router.get("/overview/late.csv")
async def download_late(
    office: CurrentOffice, parts: RunningParts, place: PlacePath = ""
) -> Response:
    """Everything that is late below a place, as a table."""
    wanted = CaseFilter(place=place_asked(office, place), overdue=True)
    async with parts.database.session() as session:
        found = await find_all(await driver_connection(session), wanted, MOST_IN_FILE)
    return file_of(found, FileForm.CSV)


def place_asked(office: Office, place: str) -> str:
    """The place that is asked for, where it lies in one of the own; without one the first own.

    Raises:
        Refused: `credential.no_role` for a place of others, and where somebody plays in a training case.
    """
    own = places_of(office.grants)
    if office.person.only_case is not None or not own:
        raise refusal("credential.no_role", roles="", place=place)
    asked = place.rstrip("/") or own[0]
    if not any(covers(each, asked) for each in own):
        raise refusal("credential.no_role", roles="", place=asked)
    return asked


def _above(office: Office, place: str) -> str:
    """The place above, as far as it is one's own; "" where it is not."""
    above = place.rpartition("/")[0]
    return above if any(covers(each, above) for each in places_of(office.grants)) and above else ""


async def _cases(
    parts: Parts, office: Office, wanted: CaseFilter, limit: int, after: str = ""
) -> tuple[CaseRow, ...]:
    """A page of cases, each as its place's roles may read it."""
    async with parts.database.session() as session:
        found = await find_cases(await driver_connection(session), wanted, limit, after)
    return tuple(listed_for(office.grants, each) for each in found)
