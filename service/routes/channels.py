"""The channels beside the web: what officials, agents and a city's portal do in an open vote."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from models.values.actor import Actor
from rules.authority import ROLES_OF_WRITE
from service.channel_commands import (
    CastProxyBallot,
    EnterPaper,
    PaperEntered,
    RegisteredMandate,
    RegisterMandate,
    RevokeMandate,
    RuleOnBallots,
)
from service.commands import Accepted, BallotReceipt
from service.count_sheets import CountSheet, count_sheets
from service.counter import Counter, counter_of
from service.credentials import mandate_of
from service.mandates import MandateView, cast_by_agent, register, register_of, revoke
from service.open_box import latest_box
from service.paper import enter
from service.receipts import Receipt
from service.rulings import ContestedView, contested, rule
from service.standing import Standing, standing_of
from service.writing import role_actor

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["channels"])
Here = Annotated[Counter, Depends(counter_of)]


@router.post("/rulings", status_code=201)
async def rule_on_ballots(
    renovation_id: str, command: RuleOnBallots, request: Request, counter: Here
) -> Accepted:
    """Dispute the ballots of a unit, accept one by its code, or set all aside; no choice is seen."""
    standing, actor = await _who(counter, request, renovation_id, "rule_on_ballots")
    return await rule(counter, standing, actor, command)


@router.get("/contested")
async def list_contested(
    renovation_id: str, request: Request, counter: Here
) -> tuple[ContestedView, ...]:
    """The units whose ballots wait for a ruling, with the channels they came in by."""
    standing, _ = await _who(counter, request, renovation_id, "rule_on_ballots")
    async with counter.database.session() as session:
        return await contested(session, await latest_box(session, standing))


@router.post("/paper", status_code=201)
async def enter_paper(
    renovation_id: str, command: EnterPaper, request: Request, counter: Here
) -> PaperEntered:
    """Type a batch of paper ballots; the second typing, by somebody else, casts what agrees."""
    standing, actor = await _who(counter, request, renovation_id, "enter_paper")
    return await enter(counter, standing, actor, command)


@router.get("/paper")
async def list_paper(renovation_id: str, request: Request, counter: Here) -> tuple[CountSheet, ...]:
    """The count sheet of every batch: ballots, invalid ones, what differs, what is cast."""
    standing, _ = await _who(counter, request, renovation_id, "enter_paper")
    async with counter.database.session() as session:
        return await count_sheets(session, await latest_box(session, standing))


@router.post("/mandates", status_code=201)
async def register_mandate(
    renovation_id: str, command: RegisterMandate, request: Request, counter: Here
) -> RegisteredMandate:
    """Enter an owner's mandate for an agent; the answer has the agent's credential."""
    standing, actor = await _who(counter, request, renovation_id, "register_mandate")
    return await register(counter, standing, actor, command)


@router.post("/mandates/{mandate_id}/revocation", status_code=201)
async def revoke_mandate(
    renovation_id: str, mandate_id: str, command: RevokeMandate, request: Request, counter: Here
) -> Accepted:
    """Take a mandate back; it stays in the register."""
    standing, actor = await _who(counter, request, renovation_id, "register_mandate")
    return await revoke(counter, standing, actor, mandate_id, command)


@router.get("/mandates")
async def list_mandates(
    renovation_id: str, request: Request, counter: Here
) -> tuple[MandateView, ...]:
    """The register of the latest vote with its history; no names, no instructions."""
    standing, _ = await _who(counter, request, renovation_id, "register_mandate")
    async with counter.database.session() as session:
        return await register_of(session, await latest_box(session, standing))


@router.post("/proxy-ballots", status_code=201, response_model=BallotReceipt)
async def cast_proxy_ballot(
    renovation_id: str, command: CastProxyBallot, request: Request, counter: Here
) -> Response:
    """An agent's ballot, with the credential of the mandate: 201 with a receipt, 200 for the same."""
    key = counter.settings.credential_key
    mandate_id = mandate_of(key, renovation_id, request.headers.get("authorization"))
    standing = await standing_of(counter.database, renovation_id)
    return _receipt(*await cast_by_agent(counter, standing, mandate_id, command))


def _receipt(receipt: Receipt, fresh: bool) -> Response:
    status = 201 if fresh else 200
    return Response(receipt.json(), status_code=status, media_type="application/json")


async def _who(
    counter: Counter, request: Request, renovation_id: str, what: str
) -> tuple[Standing, Actor]:
    """The renovation, and the official who may do this here."""
    standing = await standing_of(counter.database, renovation_id)
    roles = ROLES_OF_WRITE[what].roles
    return standing, await role_actor(counter, standing, request, *sorted(roles))
