"""The money of a home: what it owes and why, when it is due, what came in."""

from fastapi import APIRouter, Request, Response

from service.residents.household import load_household
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHome, home_page

router = APIRouter(include_in_schema=False)


@router.get("/mine/share")
async def show_share(home: CurrentHome, parts: RunningParts, request: Request) -> Response:
    """The own share as computed today, its instalments, and what came in."""
    async with parts.database.session() as session:
        household = await load_household(session, home.situation, home.voter.unit_number)
    parts_of = [(part, part.open_fen, part.due) for part in household.instalments]
    values = {"household": household, "instalments": parts_of}
    return home_page(request, home, "resident/share.html", values)
