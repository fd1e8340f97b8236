"""My work, one case, what waits for a second person, and roles that wait to be confirmed."""

import secrets

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from models.fields import EventNumber, Id
from models.values.refusal import Refused
from rules.authority import ROLES_OF_ACT, ROLES_OF_WRITE, check_act
from runtime.database import driver_connection
from runtime.record.cases import load_case
from service.bodies import CommandBody
from service.http.problems import read_fields, status_for
from service.identity import grants as granting
from service.identity.bodies import EndGrant
from service.pages.forms import texts
from service.pages.office.work import Work, load_work, open_proposals, whose_turn
from service.pages.office.session import Office
from service.parts import Parts
from service.proposals import deciding
from service.proposals.bodies import ConfirmProposals, WithdrawProposal
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    OfficeView,
    View,
)
from service.situation import Situation, load_grants
from service.views import load_renovation

router = APIRouter(include_in_schema=False)


@router.get("/office")
async def show_work(office: CurrentOffice, parts: RunningParts, view: OfficeView) -> Response:
    """Whose turn it is in the cases of one's places, what is late, what waits for a second person."""
    return view.show("work.html", work=await _work(parts, office), done="")


@router.get("/office/cases/{renovation_id}")
async def show_case(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts, view: CaseView
) -> Response:
    """Where a case stands, whose turn it is, and what the person who looks may do."""
    async with parts.database.session() as session:
        renovation = await load_renovation(session, situation.id)
        case = await load_case(await driver_connection(session), situation.id)
    return view.show(
        "case.html",
        renovation=renovation,
        turns=whose_turn(case, office.grants),
        acts=acts_of(office, situation),
        writes=writes_of(office, situation),
        queue=await open_proposals(parts.database, office.id, situation.id),
    )


@router.get("/office/cases/{renovation_id}/proposals")
async def show_proposals(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts, view: CaseView
) -> Response:
    """What waits for a second person, with everything that it says."""
    return await _proposals(parts, situation, office, view)


@router.post("/office/cases/{renovation_id}/proposals")
async def decide_proposal(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Confirm a proposal that was read, or turn it down."""
    fields = texts(form)
    try:
        actor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE["confirm_proposal"].roles))
        command = {"command_id": fields.get("command_id")}
        if fields.get("decision") == "confirm":
            named = {"id": fields.get("proposal"), "content_sha256": fields.get("digest")}
            sheet = read_fields(ConfirmProposals, {**command, "proposals": [named]})
            await deciding.confirm_sheet(parts, situation, actor, sheet)
        else:
            away = read_fields(WithdrawProposal, {**command, "reason": fields.get("reason", "")})
            await deciding.withdraw_proposal(
                parts, situation, actor, fields.get("proposal", ""), away
            )
    except Refused as refused:
        return await _proposals(parts, situation, office, view, refused)
    return RedirectResponse(f"/office/cases/{situation.id}/proposals?done=1", 303)


@router.post("/office/grants/{grant_id}")
async def decide_grant(
    grant_id: EventNumber,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: OfficeView,
) -> Response:
    """Put a role in force that waits, or refuse it."""
    fields = texts(form)
    command = {"command_id": fields.get("command_id")}
    try:
        if fields.get("decision") == "confirm":
            body = read_fields(CommandBody, command)
            await granting.confirm(parts.database, office.id, grant_id, body)
        else:
            end = read_fields(EndGrant, {**command, "reason": fields.get("reason", "")})
            await granting.end(parts.database, office.id, grant_id, end)
    except Refused as refused:
        work = await _work(parts, office)
        status = status_for(refused.problems)
        return view.show("work.html", status, problems=refused.problems, work=work, done="")
    return RedirectResponse("/office", 303)


def acts_of(office: Office, situation: Situation) -> tuple[str, ...]:
    """The official acts that somebody may do in this stage, as far as roles say it."""
    return tuple(name for name in ROLES_OF_ACT if _may(office, situation, name))


def _may(office: Office, situation: Situation, act: str) -> bool:
    try:
        check_act(act, situation.stage, office.grants, situation.place_path)
    except Refused:
        return False
    return True


def writes_of(office: Office, situation: Situation) -> frozenset[str]:
    """The other writes that somebody may do in this case."""
    roles = {each.role for each in office.here(situation)}
    return frozenset(name for name, who in ROLES_OF_WRITE.items() if who.roles & roles)


async def _work(parts: Parts, office: Office) -> Work:
    return await load_work(parts.database, office.id, office.grants, office.person.only_case)


async def _proposals(
    parts: Parts,
    situation: Situation,
    office: Office,
    view: View,
    refused: Refused | None = None,
) -> Response:
    problems = () if refused is None else refused.problems
    return view.show(
        "proposals.html",
        status_for(problems) if problems else 200,
        problems=problems,
        queue=await open_proposals(parts.database, office.id, situation.id),
        command_id=secrets.token_hex(16),
        done=view.request.query_params.get("done", ""),
    )
