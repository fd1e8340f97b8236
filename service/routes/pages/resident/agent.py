"""The page of an agent: whose ballot it is, on what, until when; filled in, checked, cast."""

import secrets
from collections.abc import Mapping
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from models.tables import BallotBox, Mandate
from models.values.refusal import Problem, Refused, refusal
from models.values.voting import Motion
from runtime.settings import Settings
from service.access.tickets import Shown
from service.channels.bodies import CastProxyBallot
from service.channels.mandates import cast_by_agent
from service.http.problems import read_fields, status_for
from service.pages import ballot_form
from service.pages.forms import own_form
from service.pages.homes import entered_home
from service.pages.rendering import page
from service.routes.dependencies import RunningParts
from service.situation import Situation, load_situation

router = APIRouter(prefix="/agent", include_in_schema=False)


class Agent(NamedTuple):
    """Whoever has entered with the link of a mandate."""

    session: str
    shown: Shown
    situation: Situation
    unit_number: str
    mandate: Mandate
    box: BallotBox

    @property
    def motions(self) -> Mapping[str, Motion]:
        """What the mandate is for."""
        asked = (Motion.model_validate(each) for each in self.box.motions)
        return {motion.id: motion for motion in asked if motion.id in self.mandate.motions}

    @property
    def bound(self) -> tuple[str, ...]:
        """The titles of the motions on which the owner has said how to vote."""
        return tuple(
            each.title for name, each in self.motions.items() if name in self.mandate.instructions
        )


async def agent_in_cookie(request: Request, parts: RunningParts) -> Agent:
    """The agent that has entered.

    Raises:
        Refused: `access.session_over`; `credential.wrong` for a home, which has pages of its own.
    """
    session, entered = await entered_home(request, parts)
    shown = parts.tickets.agent(entered.renovation_id, f"Bearer {entered.ticket}")
    async with parts.database.session() as reading:
        mandate = await reading.get(Mandate, shown.holder)
        if mandate is None:
            raise refusal("mandate.unknown", where=shown.holder)
        box = await reading.get_one(BallotBox, mandate.box_id)
    situation = await load_situation(parts.database, entered.renovation_id)
    return Agent(session, shown, situation, entered.unit_number, mandate, box)


CurrentAgent = Annotated[Agent, Depends(agent_in_cookie)]


@router.get("")
async def show_ballot(agent: CurrentAgent, request: Request) -> Response:
    """The ballot of whoever gave the mandate."""
    return _page(request, agent, "resident/agent.html", {"given": FormData()})


@router.post("")
async def check_ballot(agent: CurrentAgent, parts: RunningParts, request: Request) -> Response:
    """What was filled in, to be checked before it counts."""
    form = await own_form(request, parts.settings.address, agent.session)
    filled = ballot_form.filled(form, agent.motions)
    if filled.problems or "change" in form:
        wrong = () if "change" in form else filled.problems
        return _page(request, agent, "resident/agent.html", {"given": form}, wrong)
    values = {
        "lines": tuple(ballot_form.lines(agent.motions, filled.choices)),
        "fields": ballot_form.fields_of(form),
        "command_id": secrets.token_hex(16),
    }
    return _page(request, agent, "resident/agent_check.html", values)


@router.post("/cast")
async def cast_ballot(agent: CurrentAgent, parts: RunningParts, request: Request) -> Response:
    """Cast it; the page is the receipt, for the agent to hand on."""
    form = await own_form(request, parts.settings.address, agent.session)
    filled = ballot_form.filled(form, agent.motions)
    given = {
        "command_id": form.get("command_id"),
        "choices": dict(filled.choices),
        "box_id": agent.box.id,
    }
    try:
        command = read_fields(CastProxyBallot, given)
        receipt, _ = await cast_by_agent(parts, agent.situation, agent.shown, command)
    except Refused as refused:
        wrong = ballot_form.at_questions(refused.problems, agent.motions)
        return _page(request, agent, "resident/agent.html", {"given": form}, wrong)
    values = {"receipt": receipt.published()}
    return _page(request, agent, "resident/agent_receipt.html", values)


def _page(
    request: Request,
    agent: Agent,
    template: str,
    values: Mapping[str, object],
    problems: tuple[Problem, ...] = (),
) -> Response:
    return page(
        request,
        template,
        {**values, "agent": agent, "official_address": _official(request)},
        status=status_for(problems) if problems else 200,
        zone=agent.situation.timetable.zone,
        session=agent.session,
        problems=problems,
    )


def _official(request: Request) -> str:
    """Where the city's own system is, "" where nobody has said."""
    settings: Settings = request.app.state.settings
    return settings.official_vote_url
