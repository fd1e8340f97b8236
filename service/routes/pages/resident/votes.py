"""What else a home does about a vote: its mandate, an opinion, an objection after the close."""

import secrets
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from models.values.refusal import Problem, Refused
from runtime.privacy.keys import PersonKeys
from service.bodies import GiveOpinion, ObjectToVote
from service.channels.agents import AgentView, held_by_each, list_agents
from service.channels.bodies import RevokeOwnMandate
from service.channels.mandates import revoke_own_mandate
from service.channels.open_box import running_box
from service.channels.register import list_register
from service.http.problems import read_fields
from service.pages import ballot_form
from service.pages.homes import Home
from service.parts import Parts
from service.residents.opinions import give_opinion
from service.residents.vote_objections import object_to_vote
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHome, CurrentHomeForm, home_page
from service.routes.pages.resident.ballot import motions_of, paper_of
from service.views import BoxView, list_papers

router = APIRouter(include_in_schema=False)


@router.get("/mine/mandate")
async def show_mandate(home: CurrentHome, parts: RunningParts, request: Request) -> Response:
    """Who may vote for the home, on what and until when; and how to take it back."""
    return await _mandate(request, parts, home, secrets.token_hex(16))


@router.post("/mine/mandate")
async def revoke(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Take the mandate back; nobody has to agree."""
    home, key = form.home, str(form.fields.get("command_id", ""))
    given = {
        "command_id": key,
        "reason": form.fields.get("reason") or "-",
        "box_id": form.fields.get("box"),
    }
    try:
        command = read_fields(RevokeOwnMandate, given)
        await revoke_own_mandate(parts, home.situation, home.voter.unit_number, command)
    except Refused as refused:
        return await _mandate(request, parts, home, key, refused.problems)
    return RedirectResponse("/mine?done=revoked", 303)


@router.get("/mine/opinion")
async def show_opinion(
    home: CurrentHome, parts: RunningParts, request: Request, box: str = ""
) -> Response:
    """Where the vote is held, and what the home thinks, which counts for nothing."""
    paper = await paper_of(parts, home, box)
    if not paper.official_by:
        # Here the ballot itself counts.
        return RedirectResponse(f"/mine/ballot?box={quote(paper.id)}", 303)
    return _opinion(request, parts, home, paper, FormData(), secrets.token_hex(16))


@router.post("/mine/opinion")
async def send_opinion(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Keep what the home thinks."""
    home, key = form.home, str(form.fields.get("command_id", ""))
    paper = await paper_of(parts, home, str(form.fields.get("box", "")))
    filled = ballot_form.filled(form.fields, motions_of(paper))
    if filled.problems:
        return _opinion(request, parts, home, paper, form.fields, key, filled.problems)
    given = {
        "command_id": key,
        "unit_number": home.voter.unit_number,
        "choices": dict(filled.choices),
        "box_id": paper.id,
    }
    try:
        await give_opinion(parts, home.situation, home.voter, read_fields(GiveOpinion, given))
    except Refused as refused:
        wrong = ballot_form.at_questions(refused.problems, motions_of(paper))
        return _opinion(request, parts, home, paper, form.fields, key, wrong)
    return RedirectResponse("/mine?done=opinion", 303)


@router.get("/mine/vote-objection")
async def show_vote_objection(
    home: CurrentHome, parts: RunningParts, request: Request, box: str = ""
) -> Response:
    """What silence means in this vote, and how to object."""
    paper = await paper_of(parts, home, box)
    return _vote_objection(request, home, paper, secrets.token_hex(16))


@router.post("/mine/vote-objection")
async def send_vote_objection(
    form: CurrentHomeForm, parts: RunningParts, request: Request
) -> Response:
    """Object to the vote."""
    home, key = form.home, str(form.fields.get("command_id", ""))
    paper = await paper_of(parts, home, str(form.fields.get("box", "")))
    given = {"command_id": key, "unit_number": home.voter.unit_number, "box_id": paper.id}
    try:
        await object_to_vote(parts, home.situation, home.voter, read_fields(ObjectToVote, given))
    except Refused as refused:
        return _vote_objection(request, home, paper, key, refused.problems)
    return RedirectResponse("/mine?done=vote_objected", 303)


async def _mandate(
    request: Request,
    parts: Parts,
    home: Home,
    command_id: str,
    problems: tuple[Problem, ...] = (),
) -> Response:
    unit = home.voter.unit_number
    held: list[dict[str, object]] = []
    everybody: list[AgentView] = []
    async with parts.database.session() as session:
        papers = await list_papers(session, home.situation.id, unit)
        for paper in papers:
            box = await running_box(session, home.situation, paper.id)
            mine = [each for each in await list_register(session, box) if unit in each.unit_numbers]
            agents = await list_agents(session, box, PersonKeys.of(parts.settings))
            everybody += agents
            names = {each.agent_id: each.agent_name for each in agents if unit in each.unit_numbers}
            titles = {motion.id: motion.title for motion in motions_of(paper).values()}
            held += [
                {
                    "mandate": each,
                    "box": paper.id,
                    "name": names.get(each.agent_id, ""),
                    "bound": [titles.get(motion, motion) for motion in each.bound_on],
                    "motions": [titles.get(motion, motion) for motion in each.motions],
                }
                for each in mine
            ]
    values = {
        "held": held,
        "papers": papers,
        "wall": held_by_each(everybody),
        "command_id": command_id,
    }
    return home_page(request, home, "resident/mandate.html", values, problems)


def _opinion(
    request: Request,
    parts: Parts,
    home: Home,
    paper: BoxView,
    given: FormData,
    command_id: str,
    problems: tuple[Problem, ...] = (),
) -> Response:
    values = {
        "paper": paper,
        "motions": tuple(motions_of(paper).values()),
        "official_address": parts.settings.official_vote_url,
        "given": given,
        "command_id": command_id,
    }
    return home_page(request, home, "resident/opinion.html", values, problems)


def _vote_objection(
    request: Request,
    home: Home,
    paper: BoxView,
    command_id: str,
    problems: tuple[Problem, ...] = (),
) -> Response:
    values = {"paper": paper, "command_id": command_id}
    return home_page(request, home, "resident/vote_objection.html", values, problems)
