"""Who comes in by the doors of suggestions: of a case with ticket or role, of an estate by its portal's word or with a role."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple, Protocol

from fastapi import Depends, Request, Security
from sqlalchemy.ext.asyncio import AsyncConnection

from models.fields import Id
from models.values.actor import Actor
from models.values.base import Value
from rules.authority import ROLES_OF_WRITE
from rules.disclosure import ReaderKind
from service.access.tickets import Voter
from service.http.callers import came_from
from service.identity.browser import COOKIE
from service.identity.senders import bearer_token, sender_of
from service.parts import Parts
from service.programs.assertions import Vouched, vouched
from service.programs.used import use_up
from service.reading.shaping import EVERYBODY, Viewer, viewer_under
from service.routes.dependencies import (
    OFFICIAL,
    PORTAL,
    CaseSituation,
    CurrentDoor,
    CurrentOfficial,
    CurrentVoter,
    RunningParts,
    note_reading,
    noted_viewer,
    situation_in_path,
    token_in_request,
    who_may,
)
from service.situation import Situation, actor_in_role, load_grants
from service.suggestions.rooms import EstateRoom, FromWhom, load_estate


async def estate_in_path(estate_id: Id, parts: RunningParts) -> EstateRoom:
    """The estate that the path names.

    Raises:
        Refused: `suggestion.estate_unknown`.
    """
    return await load_estate(parts.database, estate_id)


CurrentEstate = Annotated[EstateRoom, Depends(estate_in_path)]


class EstateVisit(Value):
    """A unit of an estate for which the portal vouches; used up when something is sent with it."""

    estate: EstateRoom
    assertion: Vouched

    async def used(self, parts: Parts, unit_number: str) -> FromWhom:
        """The unit as the sender of one request.

        Raises:
            Refused: `assertion.other_estate`, `credential.other_unit`, `assertion.used`,
                `credential.replaced`.
        """
        self.assertion.must_be_of(self.estate.id, unit_number)

        async def work(connection: AsyncConnection) -> None:
            await use_up(connection, self.assertion)

        await parts.database.statement(work)
        return FromWhom(self.estate.owner(unit_number))


async def visit_in_header(
    estate: CurrentEstate, parts: RunningParts, credential: Annotated[str | None, Security(PORTAL)]
) -> EstateVisit:
    """The unit that the portal has signed, where the portal has its role over the estate's place.

    Raises:
        Refused: `credential.missing`, `credential.wrong`, `credential.no_role`; `assertion.…`.
    """
    token = bearer_token(credential)
    found = await vouched(parts.settings, parts.portal_keys, token, estate.now)
    grants = await load_grants(parts.database, parts.settings.portal_actor, "")
    actor_in_role(grants, estate.place_path, *ROLES_OF_WRITE["cast_for_portal"].roles)
    came_from("portal")
    return EstateVisit(estate=estate, assertion=found)


CurrentVisit = Annotated[EstateVisit, Depends(visit_in_header)]


async def viewer_in_request(
    estate: CurrentEstate,
    request: Request,
    parts: RunningParts,
    door: CurrentDoor,
    credential: Annotated[str | None, Security(OFFICIAL)],
    _vouched: Annotated[str | None, Security(PORTAL)],
) -> Viewer:
    """Who asks: an official of the place, a unit with its portal's word (which is used up), or everybody.

    Raises:
        Refused: a credential that is not good is refused, as at every other door.
    """
    if credential is None and not request.cookies.get(COOKIE):
        return EVERYBODY
    token = await token_in_request(request, parts, credential)
    if token.count(".") == JWT_DOTS and not token.startswith(("s1.", "c1.")):
        visit = await visit_in_header(estate, parts, credential)
        sender = await visit.used(parts, visit.assertion.unit_number)
        return Viewer(ReaderKind.OWNER, sender.actor.id, visit.assertion.unit_number)
    sender_id = await sender_of(parts.database, token, "", door)
    grants = await load_grants(parts.database, sender_id, "")
    viewer = viewer_under(grants, estate.place_path)
    if viewer.reader is not ReaderKind.PUBLIC:
        await note_reading(parts, actor_in_role(grants, estate.place_path), request)
    return viewer


JWT_DOTS = 2


def _who_may(write: str) -> Callable[..., Awaitable[Actor]]:
    async def actor(estate: CurrentEstate, actor_id: CurrentOfficial, parts: RunningParts) -> Actor:
        """The sender, in one of the roles over the estate's place; refused with `credential.no_role`."""
        grants = await load_grants(parts.database, actor_id, "")
        return actor_in_role(grants, estate.place_path, *sorted(ROLES_OF_WRITE[write].roles))

    return actor


DOORS = ("write_down_suggestion", "review_suggestion", "answer_suggestion")
"""What officials do here, as `rules.authority` names it."""


class UnitVisit(Protocol):
    """A unit that has come in, by whatever it showed."""

    async def used(self, parts: Parts, unit_number: str) -> FromWhom:
        """The unit as the sender of one request; refused where it is of another one."""
        ...


class TicketVisit(NamedTuple):
    """A unit of a case that shows its ticket."""

    situation: Situation
    voter: Voter

    async def used(self, _parts: Parts, unit_number: str) -> FromWhom:
        """The unit as the sender of one request.

        Raises:
            Refused: `credential.other_unit`.
        """
        self.voter.must_hold(unit_number)
        return FromWhom(self.situation.owner(unit_number), self.voter)


async def ticket_in_header(situation: CaseSituation, voter: CurrentVoter) -> TicketVisit:
    """The unit whose ticket was sent; refused as `voter_in_header` says."""
    return TicketVisit(situation, voter)


class Ways(NamedTuple):
    """A kind of room, its address, and the dependencies by which one comes in."""

    name: str
    prefix: str
    room: Any
    viewer: Any
    unit: Any
    write_down: Any
    review: Any
    answer: Any


OF_CASE = Ways(
    "case",
    "/v1/renovations/{renovation_id}",
    Depends(situation_in_path),
    Depends(noted_viewer),
    Depends(ticket_in_header),
    *(Depends(who_may(each)) for each in DOORS),
)
OF_ESTATE = Ways(
    "estate",
    "/v1/estates/{estate_id}",
    Depends(estate_in_path),
    Depends(viewer_in_request),
    Depends(visit_in_header),
    *(Depends(_who_may(each)) for each in DOORS),
)
