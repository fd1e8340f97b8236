"""The clock of a case: looked at by everybody, told by the convener where the case is a told one."""

from fastapi import APIRouter

from models.fields import HoldName, Id
from service.bodies import Accepted
from service.clock.bodies import ClockMoved, ClockView, MoveClock, ReleaseHold, SetHold
from service.reading.cases import clock_for
from service.routes.dependencies import CurrentReader, MayMoveClock, RunningParts

router = APIRouter(prefix="/v1/renovations/{renovation_id}/clock", tags=["clock"])


@router.get("")
async def read_clock(
    renovation_id: Id, viewer: CurrentReader, parts: RunningParts, settled: bool = False
) -> ClockView:
    """Case time and the agenda: what falls due when, who is awaited, what happens then.

    `settled=true` waits until the engine of a told case has done everything that is due.
    """
    look = parts.clocks.settle if settled else parts.clocks.look
    return clock_for(viewer, await look(renovation_id))


@router.post("")
async def move_clock(
    renovation_id: Id, actor: MayMoveClock, command: MoveClock, parts: RunningParts
) -> ClockMoved:
    """Move the clock of a told case; the answer says what fell due on the way."""
    return await parts.clocks.move(renovation_id, actor, command)


@router.post("/holds", status_code=201)
async def hold_clock(
    renovation_id: Id, actor: MayMoveClock, command: SetHold, parts: RunningParts
) -> Accepted:
    """Hold the clock until the hold is released."""
    return await parts.clocks.hold(renovation_id, actor, command)


@router.post("/holds/{name}/release")
async def release_clock(
    renovation_id: Id,
    name: HoldName,
    actor: MayMoveClock,
    command: ReleaseHold,
    parts: RunningParts,
) -> Accepted:
    """Release a hold."""
    return await parts.clocks.release(renovation_id, actor, name, command)
