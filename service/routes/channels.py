"""The channels beside the web: what officials, agents and a city's portal do in an open vote."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from models.values.actor import Actor
from rules.authority import ROLES_OF_WRITE
from service.ballots.receipts import Receipt
from service.channels.commands import (
    CastProxyBallot,
    EnterPaper,
    PaperEntered,
    RecordVisits,
    RegisteredMandate,
    RegisterMandate,
    Remind,
    ReplacedOwner,
    ReplaceOwner,
    RevokeMandate,
    RuleOnBallots,
)
from service.channels.count_sheets import CountSheet, count_sheets
from service.channels.mandates import MandateView, cast_by_agent, register, register_of, revoke
from service.channels.open_box import latest_box
from service.channels.paper import enter
from service.channels.portal import cast_by_portal
from service.channels.replacements import replace
from service.channels.rounds import VisitView, last_visits, non_voters, record_visits, remind
from service.channels.rulings import ContestedView, contested, rule
from service.http.credentials import mandate_of
from service.parts import Parts, running_parts
from service.residents.commands import Accepted, BallotReceipt, CastBallot
from service.situation import Situation, load_situation
from service.writing import role_actor

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["channels"])
Here = Annotated[Parts, Depends(running_parts)]


@router.post("/rulings", status_code=201)
async def rule_on_ballots(
    renovation_id: str, command: RuleOnBallots, request: Request, parts: Here
) -> Accepted:
    """Dispute the ballots of a unit, accept one by its code, or set all aside; no choice is seen."""
    situation, actor = await _who(parts, request, renovation_id, "rule_on_ballots")
    return await rule(parts, situation, actor, command)


@router.get("/contested")
async def list_contested(
    renovation_id: str, request: Request, parts: Here
) -> tuple[ContestedView, ...]:
    """The units whose ballots wait for a ruling, with the channels they came in by."""
    situation, _ = await _who(parts, request, renovation_id, "rule_on_ballots")
    async with parts.database.session() as session:
        return await contested(session, await latest_box(session, situation))


@router.post("/paper", status_code=201)
async def enter_paper(
    renovation_id: str, command: EnterPaper, request: Request, parts: Here
) -> PaperEntered:
    """Type a batch of paper ballots; the second typing, by somebody else, casts what agrees."""
    situation, actor = await _who(parts, request, renovation_id, "enter_paper")
    return await enter(parts, situation, actor, command)


@router.get("/paper")
async def list_paper(renovation_id: str, request: Request, parts: Here) -> tuple[CountSheet, ...]:
    """The count sheet of every batch: ballots, invalid ones, what differs, what is cast."""
    situation, _ = await _who(parts, request, renovation_id, "enter_paper")
    async with parts.database.session() as session:
        return await count_sheets(session, await latest_box(session, situation))


@router.post("/mandates", status_code=201)
async def register_mandate(
    renovation_id: str, command: RegisterMandate, request: Request, parts: Here
) -> RegisteredMandate:
    """Enter an owner's mandate for an agent; the answer has the agent's credential."""
    situation, actor = await _who(parts, request, renovation_id, "register_mandate")
    return await register(parts, situation, actor, command)


@router.post("/mandates/{mandate_id}/revocation", status_code=201)
async def revoke_mandate(
    renovation_id: str, mandate_id: str, command: RevokeMandate, request: Request, parts: Here
) -> Accepted:
    """Take a mandate back; it stays in the register."""
    situation, actor = await _who(parts, request, renovation_id, "register_mandate")
    return await revoke(parts, situation, actor, mandate_id, command)


@router.get("/mandates")
async def list_mandates(
    renovation_id: str, request: Request, parts: Here
) -> tuple[MandateView, ...]:
    """The register of the latest vote with its history; no names, no instructions."""
    situation, _ = await _who(parts, request, renovation_id, "register_mandate")
    async with parts.database.session() as session:
        return await register_of(session, await latest_box(session, situation))


@router.post("/proxy-ballots", status_code=201, response_model=BallotReceipt)
async def cast_proxy_ballot(
    renovation_id: str, command: CastProxyBallot, request: Request, parts: Here
) -> Response:
    """An agent's ballot, with the credential of the mandate: 201 with a receipt, 200 for the same."""
    key = parts.settings.credential_key
    mandate_id = mandate_of(key, renovation_id, request.headers.get("authorization"))
    situation = await load_situation(parts.database, renovation_id)
    return _receipt(*await cast_by_agent(parts, situation, mandate_id, command))


@router.post("/portal-ballots", status_code=201, response_model=BallotReceipt)
async def cast_portal_ballot(
    renovation_id: str, ballot: CastBallot, request: Request, parts: Here
) -> Response:
    """A ballot that a city's portal hands in for a unit: 201 with a receipt, 200 for the same."""
    situation, actor = await _who(parts, request, renovation_id, "cast_for_portal")
    return _receipt(*await cast_by_portal(parts, situation, actor, ballot))


@router.post("/door-visits", status_code=201)
async def record_door_visits(
    renovation_id: str, command: RecordVisits, request: Request, parts: Here
) -> Accepted:
    """What a grid worker found at the doors; never a choice."""
    situation, actor = await _who(parts, request, renovation_id, "record_visits")
    return await record_visits(parts, situation, actor, command)


@router.get("/door-visits")
async def list_door_visits(
    renovation_id: str, request: Request, parts: Here
) -> tuple[VisitView, ...]:
    """The last visit at each door of the latest vote."""
    situation, _ = await _who(parts, request, renovation_id, "record_visits")
    async with parts.database.session() as session:
        return await last_visits(session, await latest_box(session, situation))


@router.post("/replacements", status_code=201)
async def replace_an_owner(
    renovation_id: str, command: ReplaceOwner, request: Request, parts: Here
) -> ReplacedOwner:
    """A unit was sold before the close: logged; the answer has the buyer's credential."""
    situation, actor = await _who(parts, request, renovation_id, "replace_owner")
    return await replace(parts, situation, actor, command)


@router.post("/reminders", status_code=201)
async def remind_non_voters(
    renovation_id: str, command: Remind, request: Request, parts: Here
) -> Accepted:
    """Remind those who have not taken part, and nobody else."""
    situation, actor = await _who(parts, request, renovation_id, "remind")
    return await remind(parts, situation, actor, command)


@router.get("/non-voters")
async def list_non_voters(renovation_id: str, request: Request, parts: Here) -> tuple[str, ...]:
    """The units that have not taken part by any way, for those who go round."""
    situation, _ = await _who(parts, request, renovation_id, "remind")
    async with parts.database.session() as session:
        return await non_voters(session, await latest_box(session, situation))


def _receipt(receipt: Receipt, fresh: bool) -> Response:
    status = 201 if fresh else 200
    return Response(receipt.json(), status_code=status, media_type="application/json")


async def _who(
    parts: Parts, request: Request, renovation_id: str, what: str
) -> tuple[Situation, Actor]:
    """The renovation, and the official who may do this here."""
    situation = await load_situation(parts.database, renovation_id)
    roles = ROLES_OF_WRITE[what].roles
    return situation, await role_actor(parts, situation, request, *sorted(roles))
