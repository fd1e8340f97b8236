"""Who has read what is not for everybody."""

from fastapi import APIRouter

from models.fields import EventNumber
from runtime.privacy.access import AccessLine, access_of_case
from service.routes.dependencies import CaseSituation, MayReadAccess, RunningParts

router = APIRouter(prefix="/v1", tags=["privacy"])
CASE = "/renovations/{renovation_id}"


@router.get(f"{CASE}/access")
async def list_access(
    situation: CaseSituation,
    _auditor: MayReadAccess,
    parts: RunningParts,
    before: EventNumber | None = None,
) -> tuple[AccessLine, ...]:
    """Who has read what in this case, the newest first; `before` is the number of the last line that was seen."""
    async with parts.database.session() as session:
        return await access_of_case(session, situation.id, before)
