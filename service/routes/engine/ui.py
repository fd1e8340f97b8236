"""The doors of the engine's UI: the proxy asks who may see it, and it asks for payloads to be opened."""

from fastapi import APIRouter, Response

from service.engine_payloads import OpenedPayloads, SealedPayloads, opened_payloads
from service.routes.dependencies import CurrentAdministrator, RunningParts

router = APIRouter(prefix="/v1/engine", tags=["engine"])


@router.get("/access", status_code=204, response_class=Response)
async def may_see_the_engine(_actor_id: CurrentAdministrator) -> None:
    """Whether whoever is signed in may see the engine's UI: the proxy before it asks this first."""


@router.post("/codec/decode")
async def decode_payloads(
    _actor_id: CurrentAdministrator, sealed: SealedPayloads, parts: RunningParts
) -> OpenedPayloads:
    """Open what Temporal keeps sealed (its remote codec protocol); for administrators, each in the access log."""
    return await opened_payloads(parts.settings, sealed)
