"""Who sends a long body, before any of it is read."""

from starlette.requests import Request
from starlette.types import Scope

from models.values.refusal import Refused
from service.access.entering import renew
from service.edge.uploads import PHOTOGRAPHS
from service.identity.browser import COOKIE as OFFICE
from service.identity.senders import bearer_token, signed_in
from service.pages.homes import COOKIE as HOME
from service.parts import Parts

TICKETS = ("v1.", "v2.")
OTHER_DOORS = "credential.key_scope"
"""Of a program's key that is good: whether at this door, the route asks."""


async def sender_in(parts: Parts, scope: Scope) -> str | None:
    """By what whoever sends a request is let in, as the doors for long bodies look at it; None for a stranger."""
    request, path = Request(scope), str(scope["path"])
    shown = request.headers.get("authorization")
    home = request.cookies.get(HOME, "") if path.startswith("/mine") else ""
    try:
        if home:
            await renew(parts, home)
            return home
        token = bearer_token(shown) if shown else request.cookies.get(OFFICE, "")
        if token.startswith(TICKETS):
            case = PHOTOGRAPHS.fullmatch(path)
            return token if case and parts.tickets.voter(case[1], shown) else None
        return (await signed_in(parts.database, token, None)).actor_id
    except Refused as refused:
        return token if refused.problems[0].code == OTHER_DOORS else None
