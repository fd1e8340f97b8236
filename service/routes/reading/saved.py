"""Lists of cases that somebody who has signed in keeps under a name."""

from fastapi import APIRouter

from service.finding import saved
from service.finding.bodies import DropView, SavedViewLine, SaveView
from service.routes.dependencies import CurrentOfficial, RunningParts

router = APIRouter(prefix="/v1/saved-views", tags=["renovations"])


@router.get("")
async def list_saved_views(
    actor_id: CurrentOfficial, parts: RunningParts
) -> tuple[SavedViewLine, ...]:
    """Your lists, by name; ask `GET /v1/renovations` with what one of them wants."""
    return await saved.list_views(parts.database, actor_id)


@router.post("", status_code=201)
async def save_view(
    actor_id: CurrentOfficial, command: SaveView, parts: RunningParts
) -> tuple[SavedViewLine, ...]:
    """Keep what you look for under a name; the same name again keeps the new one."""
    return await saved.save_view(parts.database, actor_id, command)


@router.post("/removals", status_code=201)
async def drop_view(
    actor_id: CurrentOfficial, command: DropView, parts: RunningParts
) -> tuple[SavedViewLine, ...]:
    """Forget a list of yours."""
    return await saved.drop_view(parts.database, actor_id, command)
