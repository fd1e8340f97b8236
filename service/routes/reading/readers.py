"""Who asks at the doors of this package: in whose width it is read, and whether they come in at all."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security

from models.values.refusal import refusal
from rules.disclosure import Circle, ReaderKind
from rules.disclosure.readers import READERS, roles_in
from service.identity.senders import bearer_token, sender_of
from service.reading.shaping import EVERYBODY, Viewer, viewer_under
from service.routes.dependencies import (
    OFFICIAL,
    TICKETS,
    VOTER,
    CaseSituation,
    CurrentDoor,
    RunningParts,
    either_in_header,
    note_reading,
    voter_in_header,
)
from service.situation import load_grants


def _reads(circle: Circle) -> Callable[..., Awaitable[Viewer]]:
    async def viewer(
        situation: CaseSituation,
        request: Request,
        parts: RunningParts,
        door: CurrentDoor,
        voter: Annotated[str | None, Security(VOTER)],
        official: Annotated[str | None, Security(OFFICIAL)],
    ) -> Viewer:
        """Who asks, if they read what is for the circle; who reads as an official is written down.

        Raises:
            Refused: `credential.no_role` for others, `credential.…` for a credential that is not good
                here (any more); `credential.missing` where it is not for everybody.
        """
        credential = await either_in_header(request, parts, voter, official)
        if credential is None and circle is Circle.EVERYBODY:
            return EVERYBODY
        token = bearer_token(credential)
        if token.startswith(TICKETS):
            unit = (await voter_in_header(situation.id, parts, credential)).unit_number
            owner = situation.owner(unit).id
            return _let_in(Viewer(ReaderKind.OWNER, owner, unit), circle, situation.place_path)
        sender = await sender_of(parts.database, token, situation.id, door)
        grants = await load_grants(parts.database, sender, situation.id)
        found = viewer_under(grants, situation.place_path, circle)
        _let_in(found, circle, situation.place_path)
        if found.reader is not ReaderKind.PUBLIC:
            await note_reading(parts, situation.in_role(grants), request)
        return found

    return viewer


def _let_in(viewer: Viewer, circle: Circle, place: str) -> Viewer:
    if viewer.reader not in READERS[circle]:
        roles = ", ".join(sorted(roles_in(circle)))
        raise refusal("credential.no_role", roles=roles, place=place)
    return viewer


ReadsAsMay = Annotated[Viewer, Depends(_reads(Circle.EVERYBODY))]
"""Everybody comes in, each in their own width."""
ReadsShares = Annotated[Viewer, Depends(_reads(Circle.SHARES))]
ReadsLists = Annotated[Viewer, Depends(_reads(Circle.MONEY))]
ReadsReliefs = Annotated[Viewer, Depends(_reads(Circle.RELIEF))]
ReadsHomes = Annotated[Viewer, Depends(_reads(Circle.HOUSEHOLD))]
ReadsOpenedBids = Annotated[Viewer, Depends(_reads(Circle.EVALUATION))]
