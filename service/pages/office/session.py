"""Whoever has signed in with a browser: the session of its cookie, and the roles that are held now."""

from typing import NamedTuple

from starlette.requests import Request

from models.values.refusal import refusal
from rules.authority import Grant, covers
from service.identity.browser import COOKIE
from service.identity.senders import signed_in
from service.identity.sessions import SignedIn
from service.parts import Parts
from service.situation import Situation, load_grants, load_situation


class Office(NamedTuple):
    """A person or player with a session, and the roles held; in a case also those that live in it only."""

    token: str
    person: SignedIn
    grants: tuple[Grant, ...]

    @property
    def id(self) -> str:
        """The id of the actor."""
        return self.person.actor_id

    @property
    def label(self) -> str:
        """The name under which the record has whoever acts."""
        return self.grants[0].label if self.grants else self.id

    def here(self, situation: Situation) -> tuple[Grant, ...]:
        """The roles that are held at the place of a case."""
        return tuple(each for each in self.grants if covers(each.place, situation.place_path))


async def office_in(request: Request, parts: Parts, renovation_id: str | None) -> Office:
    """Who has signed in.

    `renovation_id` is the case that the page is about, if any.

    Raises:
        Refused: `credential.missing`, `credential.expired` and the like.
    """
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise refusal("credential.missing")
    person = await signed_in(parts.database, token, renovation_id)
    case = renovation_id or person.only_case or ""
    return Office(token, person, await load_grants(parts.database, person.actor_id, case))


async def situation_for(parts: Parts, office: Office, renovation_id: str) -> Situation:
    """A case at whose place somebody holds a role.

    Raises:
        Refused: `renovation.unknown`, `credential.no_role`.
    """
    situation = await load_situation(parts.database, renovation_id)
    situation.in_role(office.grants)
    return situation
