"""The clock of a case: looked at by everybody, told by the convener where the case is a told one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from models.values.actor import Actor
from rules.authority import ROLES_OF_WRITE
from service.clock.commands import ClockMoved, ClockView, MoveClock, ReleaseHold, SetHold
from service.clock.moving import told_standing
from service.parts import Parts, counter_of
from service.residents.commands import Accepted
from service.writing import role_actor

router = APIRouter(prefix="/v1/renovations/{renovation_id}/clock", tags=["clock"])
Here = Annotated[Parts, Depends(counter_of)]


@router.get("")
async def read_clock(renovation_id: str, counter: Here, settled: bool = False) -> ClockView:
    """Case time and the agenda: what falls due when, who is awaited, what happens then.

    `settled=true` waits until the engine of a told case has done everything that is due.
    """
    if settled:
        return await counter.clocks.settle(renovation_id)
    return await counter.clocks.look(renovation_id)


@router.post("")
async def move_clock(
    renovation_id: str, command: MoveClock, request: Request, counter: Here
) -> ClockMoved:
    """Move the clock of a told case; the answer says what fell due on the way."""
    actor = await _convener(renovation_id, request, counter)
    return await counter.clocks.move(renovation_id, actor, command)


@router.post("/holds", status_code=201)
async def hold_clock(
    renovation_id: str, command: SetHold, request: Request, counter: Here
) -> Accepted:
    """Hold the clock until the hold is released."""
    actor = await _convener(renovation_id, request, counter)
    return await counter.clocks.hold(renovation_id, actor, command)


@router.post("/holds/{name}/release")
async def release_clock(
    renovation_id: str, name: str, command: ReleaseHold, request: Request, counter: Here
) -> Accepted:
    """Release a hold."""
    actor = await _convener(renovation_id, request, counter)
    return await counter.clocks.release(renovation_id, actor, name, command)


async def _convener(renovation_id: str, request: Request, counter: Parts) -> Actor:
    standing = await told_standing(counter.database, renovation_id)
    return await role_actor(counter, standing, request, *ROLES_OF_WRITE["move_clock"].roles)
