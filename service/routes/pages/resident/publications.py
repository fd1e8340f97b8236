"""What is posted (公示), and the home's objection to it."""

import secrets

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from models.fields import Id
from models.values.refusal import Problem, Refused, refusal
from service.bodies import FileObjection
from service.http.problems import read_fields
from service.open_matters import PublicationView, load_publications
from service.pages.homes import Home
from service.parts import Parts
from service.residents.household import load_summary
from service.residents.objections import file_own_objection
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHome, CurrentHomeForm, home_page

router = APIRouter(include_in_schema=False)


@router.get("/mine/publications/{publication_id}")
async def show_publication(
    home: CurrentHome, publication_id: Id, parts: RunningParts, request: Request
) -> Response:
    """What is posted, until when one may object, and what the home has objected already."""
    return await _page(request, parts, home, publication_id, secrets.token_hex(16))


@router.post("/mine/publications/{publication_id}")
async def object_to(
    form: CurrentHomeForm, publication_id: Id, parts: RunningParts, request: Request
) -> Response:
    """File the home's objection."""
    home, key = form.home, str(form.fields.get("command_id", ""))
    text = str(form.fields.get("text", ""))
    try:
        command = read_fields(
            FileObjection,
            {
                "command_id": key,
                "publication_id": publication_id,
                "text": text,
                "unit_number": home.voter.unit_number,
            },
        )
        await file_own_objection(parts, home.situation, home.voter, command)
    except Refused as refused:
        return await _page(request, parts, home, publication_id, key, text, refused.problems)
    return RedirectResponse("/mine?done=objected", 303)


async def _page(
    request: Request,
    parts: Parts,
    home: Home,
    publication_id: str,
    command_id: str,
    text: str = "",
    problems: tuple[Problem, ...] = (),
) -> Response:
    async with parts.database.session() as session:
        posted = _named(
            await load_publications(session, home.situation.id, home.zone), publication_id
        )
        household = await load_summary(session, home.situation, home.voter.unit_number)
    values = {
        "posted": posted,
        "objections": [
            each for each in household.objections if each.publication_id == publication_id
        ],
        "household": household,
        "text": text,
        "command_id": command_id,
    }
    return home_page(request, home, "resident/publication.html", values, problems)


def _named(posted: tuple[PublicationView, ...], publication_id: str) -> PublicationView:
    for each in posted:
        if each.id == publication_id:
            return each
    raise refusal("publication.unknown", where=publication_id)
