"""Sums that named no unit: an official says for whom each is, or that it goes back; a second one confirms."""

import re

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from models.values.refusal import Problem, Refused
from rules.authority import ROLES_OF_WRITE
from runtime.privacy.access import note_access
from service.http.problems import read_fields
from service.ledger.bodies import AssignSum, ReturnSum
from service.ledger.deciding import propose_assignment, propose_return
from service.ledger.unclaimed import list_unclaimed
from service.pages.forms import moved, texts
from service.pages.office.session import Office
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.office.dependencies import (
    CaseView,
    CurrentCase,
    CurrentForm,
    CurrentOffice,
    View,
)
from service.situation import Situation

router = APIRouter(prefix="/office/cases/{renovation_id}/unclaimed", include_in_schema=False)
ROLES = tuple(sorted(ROLES_OF_WRITE["assign_sum"].roles))
_BETWEEN = re.compile(r"[,，、;；\s]+")


@router.get("")
async def show_unclaimed(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts, view: CaseView
) -> Response:
    """What came in without an owner, in the bank's words; it is written down who has read them."""
    return await _shown(parts, situation, office, view)


@router.post("")
async def decide(
    situation: CurrentCase,
    office: CurrentOffice,
    form: CurrentForm,
    parts: RunningParts,
    view: CaseView,
) -> Response:
    """Propose for whom a sum is, or that it goes back."""
    sent = texts(form)
    asked = {name: sent.get(name, "") for name in ("command_id", "sum_id")}
    own = {name: f"{name}-{asked['sum_id']}" for name in ("unit_numbers", "reason")}
    actor = situation.in_role(office.grants, *ROLES)
    try:
        if sent.get("decision") == "return":
            back = read_fields(ReturnSum, {**asked, "reason": sent.get("reason", "")})
            await propose_return(parts, situation, actor, back)
        else:
            units = [each for each in _BETWEEN.split(sent.get("unit_numbers", "")) if each]
            assigned = read_fields(AssignSum, {**asked, "unit_numbers": units})
            await propose_assignment(parts, situation, actor, assigned)
    except Refused as refused:
        return await _shown(parts, situation, office, view, moved(refused.problems, own))
    return RedirectResponse(f"/office/cases/{situation.id}/unclaimed?done=1", 303)


async def _shown(
    parts: Parts,
    situation: Situation,
    office: Office,
    view: View,
    problems: tuple[Problem, ...] = (),
) -> Response:
    actor = situation.in_role(office.grants, *ROLES)
    async with parts.database.session() as session:
        sums = await list_unclaimed(session, parts.settings, situation)
    await parts.database.transaction(
        lambda session: note_access(
            session,
            actor,
            "GET /office/cases/{renovation_id}/unclaimed",
            renovation_id=situation.id,
        )
    )
    in_order = sorted(sums, key=lambda each: (each.booked_on, each.reference))
    values = {"sums": in_order, "done": view.request.query_params.get("done", "")}
    return view.show("unclaimed.html", values, problems)
