"""The channels beside the web: what officials, agents and a city's portal do in an open vote."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from models.values.actor import Actor
from rules.authority import ROLES_OF_WRITE
from service.channel_commands import EnterPaper, PaperEntered, RuleOnBallots
from service.commands import Accepted
from service.count_sheets import CountSheet, count_sheets
from service.counter import Counter, counter_of
from service.open_box import latest_box
from service.paper import enter
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


async def _who(
    counter: Counter, request: Request, renovation_id: str, what: str
) -> tuple[Standing, Actor]:
    """The renovation, and the official who may do this here."""
    standing = await standing_of(counter.database, renovation_id)
    roles = ROLES_OF_WRITE[what].roles
    return standing, await role_actor(counter, standing, request, *sorted(roles))
