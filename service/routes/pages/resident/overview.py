"""The first page of a home: what needs it now, what is done, and what it may do."""

from fastapi import APIRouter, Request, Response

from service.pages.needs import load_matters
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHome, home_page

router = APIRouter(include_in_schema=False)
DONE = frozenset(
    {"objected", "vote_objected", "rated", "opinion", "revoked", "consented", "unconsented"}
)
"""What a form has just done, as its page says it when it leads back here."""


@router.get("/mine")
async def show_home(
    home: CurrentHome, parts: RunningParts, request: Request, done: str = ""
) -> Response:
    """What needs the home now, and what it may look at."""
    async with parts.database.session() as session:
        matters = await load_matters(session, home)
    values = {"matters": matters, "just_done": done if done in DONE else ""}
    return home_page(request, home, "home.html", values)
