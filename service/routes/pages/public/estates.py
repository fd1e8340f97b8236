"""The estates of a place and below it, and what is renovated there."""

from fastapi import APIRouter, Request, Response

from models.fields import Cursor, PlacePath
from service.pages.public.estates import load_place
from service.pages.rendering import page
from service.routes.dependencies import RunningParts

router = APIRouter(include_in_schema=False)
ON_A_PAGE = 25


@router.get("/estates")
async def show_estates(
    request: Request, parts: RunningParts, *, place: PlacePath = "", after: Cursor = ""
) -> Response:
    """A place, the places below it, its estates and their renovations."""
    async with parts.database.session() as session:
        found = await load_place(session, place, after, ON_A_PAGE + 1)
    shown = found.estates[:ON_A_PAGE]
    more = shown[-1].estate.id if len(found.estates) > ON_A_PAGE else ""
    values = {"found": found, "estates": shown, "place_path": place, "next": more}
    return page(request, "public/estates.html", values)
