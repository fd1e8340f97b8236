"""Publications (公示): anybody concerned may object while they are open."""

from fastapi import APIRouter

from service.bodies import Accepted, FileObjection
from service.residents import objections
from service.routes.dependencies import CaseSituation, CurrentDoor, RunningParts, VoterOrOfficial

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["publications"])


@router.post("/objections", status_code=201)
async def object_to(
    situation: CaseSituation,
    credential: VoterOrOfficial,
    door: CurrentDoor,
    command: FileObjection,
    parts: RunningParts,
) -> Accepted:
    """File an objection with a unit's credential, or with an actor's (a bidder, an office)."""
    return await objections.file_objection(parts, situation, credential, door, command)
