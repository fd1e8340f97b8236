"""One case as an office sees it: where it stands, whose turn it is, what waits for a second person."""

from collections.abc import Collection

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from models.values.actor import Role
from models.values.refusal import Problem, Refused
from rules.authority import ROLES_OF_ACT, ROLES_OF_WRITE, check_act
from rules.disclosure.readers import Circle, roles_in
from runtime.database import driver_connection
from runtime.record.cases import load_case
from service.http.problems import read_fields
from service.ledger.unclaimed import count_open
from service.pages.forms import moved, texts
from service.pages.office.known import load_orders
from service.pages.office.session import Office
from service.pages.office.work import is_offered, open_proposals, reads_proposals, whose_turn
from service.parts import Parts
from service.proposals import deciding
from service.proposals.bodies import ConfirmProposals, WithdrawProposal
from service.reading.shaping import viewer_under
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    View,
)
from service.situation import Situation
from service.views import load_renovation

router = APIRouter(prefix="/office/cases/{renovation_id}", include_in_schema=False)


@router.get("")
async def show_case(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts, view: CaseView
) -> Response:
    """Where a case stands, whose turn it is, and what the person who looks may do."""
    async with parts.database.session() as session:
        renovation = await load_renovation(session, situation.id)
        case = await load_case(await driver_connection(session), situation.id)
        unclaimed = await count_open(session, situation)
    values = {
        "renovation": renovation,
        "unclaimed": unclaimed,
        "turns": whose_turn(case, office.grants),
        "acts": acts_of(office, situation, [each.what for each in case.awaited]),
        "writes": writes_of(office, situation),
        "reads_ledger": bool(
            roles_in(Circle.RELIEF) & {each.role for each in office.here(situation)}
        ),
        "pays_in": any(each.role is Role.PAYMENT_PROVIDER for each in office.here(situation)),
        "queue": await open_proposals(parts.database, office.id, situation.id)
        if reads_proposals(office.grants, situation.place_path)
        else (),
    }
    return view.show("case.html", values)


@router.get("/proposals")
async def show_proposals(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts, view: CaseView
) -> Response:
    """What waits for a second person, with everything that it says."""
    situation.in_role(office.grants, *sorted(roles_in(Circle.OFFICIALS)))
    return await _proposals(parts, situation, office, view)


@router.post("/proposals")
async def decide_proposal(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Confirm a proposal that was read, or turn it down."""
    fields = texts(form)
    confirms = fields.get("decision") == "confirm"
    write = "confirm_proposal" if confirms else "withdraw_proposal"
    actor = situation.in_role(office.grants, *sorted(ROLES_OF_WRITE[write].roles))
    try:
        command = {"command_id": fields.get("command_id")}
        if confirms:
            named = {"id": fields.get("proposal"), "content_sha256": fields.get("digest")}
            sheet = read_fields(ConfirmProposals, {**command, "proposals": [named]})
            await deciding.confirm_sheet(parts, situation, actor, sheet)
        else:
            away = read_fields(WithdrawProposal, {**command, "reason": fields.get("reason", "")})
            await deciding.withdraw_proposal(
                parts, situation, actor, fields.get("proposal", ""), away
            )
    except Refused as refused:
        own = {"reason": f"reason-{fields.get('proposal', '')}"}
        return await _proposals(parts, situation, office, view, moved(refused.problems, own))
    return RedirectResponse(f"/office/cases/{situation.id}/proposals?done=1", 303)


def acts_of(office: Office, situation: Situation, awaited: Collection[str]) -> tuple[str, ...]:
    """The official acts that somebody may do now, as far as roles, the stage and the agenda say it."""
    at_rest = situation.suspended_at is not None
    return tuple(
        name
        for name in ROLES_OF_ACT
        if is_offered(name, situation.state, awaited, at_rest=at_rest)
        and _may(office, situation, name)
    )


def _may(office: Office, situation: Situation, act: str) -> bool:
    try:
        check_act(act, situation.part, office.grants, situation.place_path)
    except Refused:
        return False
    return True


def writes_of(office: Office, situation: Situation) -> frozenset[str]:
    """The other writes that somebody may do in this case."""
    roles = {each.role for each in office.here(situation)}
    return frozenset(name for name, who in ROLES_OF_WRITE.items() if who.roles & roles)


async def _proposals(
    parts: Parts,
    situation: Situation,
    office: Office,
    view: View,
    problems: tuple[Problem, ...] = (),
) -> Response:
    async with parts.database.session() as session:
        reader = viewer_under(office.here(situation), situation.place_path).reader
        orders = await load_orders(session, situation, reader, view.language)
    values = {
        "queue": await open_proposals(parts.database, office.id, situation.id),
        "titles": {each.value: each.title for each in orders},
        "decides": "confirm_proposal" in writes_of(office, situation),
        "done": view.request.query_params.get("done", ""),
    }
    return view.show("proposals.html", values, problems)
