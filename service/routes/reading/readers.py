"""Who comes in at doors that are for fewer than everybody: whose circle of readers they are in."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security

from models.values.refusal import refusal
from rules.disclosure import Circle
from rules.disclosure.readers import READERS, roles_in
from service.identity.senders import bearer_token, sender_of
from service.reading.shaping import Viewer, viewer_under
from service.routes.dependencies import (
    OFFICIAL,
    TICKETS,
    VOTER,
    CaseSituation,
    CurrentDoor,
    CurrentOfficial,
    RunningParts,
    either_in_header,
    home_viewer,
    note_reading,
    voter_in_header,
)
from service.situation import load_grants


def _reads(circle: Circle) -> Callable[..., Awaitable[Viewer]]:
    async def viewer(
        situation: CaseSituation, actor_id: CurrentOfficial, request: Request, parts: RunningParts
    ) -> Viewer:
        """Who asks with a role, if they read what is for the circle; it is written down.

        Raises:
            Refused: `credential.no_role` for others; as `official_in_header` says.
        """
        grants = await load_grants(parts.database, actor_id, situation.id)
        found = viewer_under(grants, situation.place_path, circle)
        _let_in(found, circle, situation.place_path)
        await note_reading(parts, situation.in_role(grants), request)
        return found

    return viewer


async def sharer_in_request(
    situation: CaseSituation,
    request: Request,
    parts: RunningParts,
    door: CurrentDoor,
    voter: Annotated[str | None, Security(VOTER)],
    official: Annotated[str | None, Security(OFFICIAL)],
) -> Viewer:
    """Who reads the share table: a unit with its ticket, or somebody with a role.

    Raises:
        Refused: `credential.no_role` for others; as `voter_in_header` and `official_in_header` say.
    """
    credential = await either_in_header(request, parts, voter, official)
    token = bearer_token(credential)
    if token.startswith(TICKETS):
        unit = (await voter_in_header(situation.id, parts, credential)).unit_number
        return await home_viewer(parts, situation, unit)
    sender = await sender_of(parts.database, token, situation.id, door)
    return await _reads(Circle.SHARES)(situation, sender, request, parts)


def _let_in(viewer: Viewer, circle: Circle, place: str) -> None:
    if viewer.reader not in READERS[circle]:
        roles = ", ".join(sorted(roles_in(circle)))
        raise refusal("credential.no_role", roles=roles, place=place)


ReadsShares = Annotated[Viewer, Depends(sharer_in_request)]
ReadsLists = Annotated[Viewer, Depends(_reads(Circle.MONEY))]
ReadsReliefs = Annotated[Viewer, Depends(_reads(Circle.RELIEF))]
ReadsHomes = Annotated[Viewer, Depends(_reads(Circle.HOUSEHOLD))]
ReadsOpenedBids = Annotated[Viewer, Depends(_reads(Circle.EVALUATION))]
