"""What all pages share: the look, styles and scripts."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from models.fields import line
from models.values.refusal import refusal
from service.identity.browser import keep, own_path
from service.pages import display
from service.pages.rendering import KINDS, static_address, static_file

router = APIRouter(include_in_schema=False)
Choice = Annotated[str, *line(10, 0)]
FOR_A_YEAR = "public, max-age=31536000, immutable"


@router.get("/look")
async def choose_display(
    request: Request,
    language: Choice = "",
    size: Choice = "",
    back: Annotated[str, *line(500, 0)] = "/",
) -> Response:
    """Change the language or the size of the letters, and go back to where one was."""
    chosen = display.chosen_display(language, size, display.display_of(request))
    sent = RedirectResponse(own_path(back), 303)
    keep(sent, chosen.written(), display.A_YEAR_S, display.COOKIE)
    return sent


@router.get("/static/{digest}/{name}")
async def send_static(
    digest: Annotated[str, *line(20)], name: Annotated[str, *line(60)]
) -> Response:
    """A style or a script. Its address changes with it: the one that pages name now is kept for long."""
    content = static_file(name)
    if content is None:
        raise refusal("service.not_found")
    sent = Response(content, media_type=KINDS[name.rpartition(".")[2]])
    if static_address(name) == f"/static/{digest}/{name}":
        sent.headers["Cache-Control"] = FOR_A_YEAR
    return sent
