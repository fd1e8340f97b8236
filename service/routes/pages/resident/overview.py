"""The first page of a home: what needs it now, what is done, and what it may do."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.pages.flats import change_to, load_flats
from service.pages.needs import load_matters
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHome, CurrentHomeForm, home_page

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
    matters = await load_matters(parts, home)
    values = {
        "matters": matters,
        "just_done": done if done in DONE else "",
        "homes": await load_flats(request, parts, home),
    }
    return home_page(request, home, "home.html", values)


@router.post("/mine/homes")
async def change_home(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Go on with another flat of the same owner."""
    sent = RedirectResponse("/mine", 303)
    await change_to(request, parts, form.home, str(form.fields.get("unit", "")), sent)
    return sent
