"""The first page of the site and the list of its renovations."""

from fastapi import APIRouter, Request, Response

from models.fields import Cursor, PlacePath, Words
from models.values.states import Stage
from runtime.record.cases import CaseFilter
from service.pages.rendering import page
from service.routes.dependencies import RunningParts
from service.views import list_renovations

router = APIRouter(include_in_schema=False)
PAGE = 25


@router.get("/")
async def show_front(request: Request) -> Response:
    """What this is, and the ways in: a letter, an office, or just to look."""
    return page(request, "public/front.html", {})


@router.get("/cases")
async def show_cases(
    request: Request,
    parts: RunningParts,
    *,
    place: PlacePath = "",
    stage: Stage | None = None,
    words: Words = "",
    after: Cursor = "",
) -> Response:
    """The renovations below a place, or all of them, or those that are called so; the ones that were opened last come first."""
    async with parts.database.session() as session:
        wanted = CaseFilter(place=place, stage=stage, words=words)
        cases = await list_renovations(session, wanted, after, PAGE)
    values = {
        "cases": cases,
        "place_path": place,
        "stage": stage or "",
        "words": words,
        "next": cases[-1].cursor if len(cases) == PAGE else "",
    }
    return page(request, "public/cases.html", values)
