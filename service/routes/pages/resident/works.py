"""What a home says about the works: the consent to what occupies part of it, and how they came out."""

import secrets

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from models.values.refusal import Problem, Refused
from runtime.database import driver_connection
from runtime.record.consents import load_occupied
from service.bodies import AnswerSurvey, GiveConsent, WithdrawConsent
from service.http.problems import read_fields
from service.pages.forms import whole
from service.pages.homes import Home
from service.pages.schemes import load_scheme
from service.parts import Parts
from service.residents.consents import give_consent, withdraw_consent
from service.residents.survey import answer_survey
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHome, CurrentHomeForm, home_page

router = APIRouter(include_in_schema=False)
SCORES = (5, 4, 3, 2, 1)


@router.get("/mine/consents")
async def show_consents(home: CurrentHome, parts: RunningParts, request: Request) -> Response:
    """The works that occupy part of the home, and whether its owner lets them."""
    return await _consents(request, parts, home, secrets.token_hex(16))


@router.post("/mine/consents")
async def send_consent(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Give the consent to one work, or take it back until works there begin."""
    home, fields = form.home, form.fields
    key = str(fields.get("command_id", ""))
    given = {
        "command_id": key,
        "work_id": fields.get("work"),
        "unit_number": home.voter.unit_number,
    }
    withdraws = "withdraw" in fields
    try:
        if withdraws:
            taken_back = read_fields(WithdrawConsent, given)
            await withdraw_consent(parts, home.situation, home.voter, taken_back)
        else:
            await give_consent(parts, home.situation, home.voter, read_fields(GiveConsent, given))
    except Refused as refused:
        return await _consents(request, parts, home, key, refused.problems)
    return RedirectResponse(f"/mine?done={'unconsented' if withdraws else 'consented'}", 303)


@router.get("/mine/rating")
async def show_rating(home: CurrentHome, request: Request) -> Response:
    """The one question of the survey."""
    return _rating(request, home, secrets.token_hex(16))


@router.post("/mine/rating")
async def send_rating(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Rate the finished works."""
    home, key = form.home, str(form.fields.get("command_id", ""))
    given = {
        "command_id": key,
        "unit_number": home.voter.unit_number,
        "score": whole(str(form.fields.get("score", ""))),
    }
    try:
        await answer_survey(parts, home.situation, home.voter, read_fields(AnswerSurvey, given))
    except Refused as refused:
        return _rating(request, home, key, refused.problems)
    return RedirectResponse("/mine?done=rated", 303)


async def _consents(
    request: Request,
    parts: Parts,
    home: Home,
    command_id: str,
    problems: tuple[Problem, ...] = (),
) -> Response:
    async with parts.database.session() as session:
        occupied = await load_occupied(await driver_connection(session), home.situation.id)
        content = await load_scheme(session, home.situation.id)
    titles = {work.id: work.title for work in content.works} if content else {}
    works = [
        (part.work_id, titles.get(part.work_id, part.work_id), consented)
        for part, consented in occupied.items()
        if part.unit_number == home.voter.unit_number
    ]
    values = {"works": works, "command_id": command_id}
    return home_page(request, home, "resident/consents.html", values, problems)


def _rating(
    request: Request, home: Home, command_id: str, problems: tuple[Problem, ...] = ()
) -> Response:
    values = {"scores": SCORES, "command_id": command_id}
    return home_page(request, home, "resident/rating.html", values, problems)
