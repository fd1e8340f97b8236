"""The clock of a case: looked at by everybody, told by the convener where the case is a told one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from models.values.actor import Actor
from rules.authority import ROLES_OF_WRITE
from service.clock.commands import ClockMoved, ClockView, MoveClock, ReleaseHold, SetHold
from service.clock.moving import told_standing
from service.parts import Parts, running_parts
from service.residents.commands import Accepted
from service.writing import role_actor

router = APIRouter(prefix="/v1/renovations/{renovation_id}/clock", tags=["clock"])
Here = Annotated[Parts, Depends(running_parts)]


@router.get("")
async def read_clock(renovation_id: str, parts: Here, settled: bool = False) -> ClockView:
    """Case time and the agenda: what falls due when, who is awaited, what happens then.

    `settled=true` waits until the engine of a told case has done everything that is due.
    """
    if settled:
        return await parts.clocks.settle(renovation_id)
    return await parts.clocks.look(renovation_id)


@router.post("")
async def move_clock(
    renovation_id: str, command: MoveClock, request: Request, parts: Here
) -> ClockMoved:
    """Move the clock of a told case; the answer says what fell due on the way."""
    actor = await _convener(renovation_id, request, parts)
    return await parts.clocks.move(renovation_id, actor, command)


@router.post("/holds", status_code=201)
async def hold_clock(
    renovation_id: str, command: SetHold, request: Request, parts: Here
) -> Accepted:
    """Hold the clock until the hold is released."""
    actor = await _convener(renovation_id, request, parts)
    return await parts.clocks.hold(renovation_id, actor, command)


@router.post("/holds/{name}/release")
async def release_clock(
    renovation_id: str, name: str, command: ReleaseHold, request: Request, parts: Here
) -> Accepted:
    """Release a hold."""
    actor = await _convener(renovation_id, request, parts)
    return await parts.clocks.release(renovation_id, actor, name, command)


async def _convener(renovation_id: str, request: Request, parts: Parts) -> Actor:
    standing = await told_standing(parts.database, renovation_id)
    return await role_actor(parts, standing, request, *ROLES_OF_WRITE["move_clock"].roles)
