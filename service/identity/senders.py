"""Who sent a request: the one place where a bearer token becomes the id of an actor."""

from models.values.refusal import refusal
from runtime.database import Database
from service.http.callers import came_from
from service.identity.sessions import SignedIn, find_session
from service.identity.tokens import CLIENT, SESSION
from service.programs.doors import NO_DOOR, Door
from service.programs.keys import find_client


def bearer_token(authorization: str | None) -> str:
    """The token in an Authorization header.

    Raises:
        Refused: `credential.missing`, `credential.wrong`.
    """
    if not authorization:
        raise refusal("credential.missing")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refusal("credential.wrong")
    return token.strip()


async def sender_of(
    database: Database, token: str, renovation_id: str, door: Door = NO_DOOR
) -> str:
    """The id of the actor who holds a token; roles are not looked at.

    Raises:
        Refused: `credential.wrong`, `credential.ended`, `credential.expired`, `credential.other_case`;
            of a program's key `credential.key_…`.
    """
    return (await signed_in(database, token, renovation_id, door)).actor_id


async def signed_in(
    database: Database, token: str, renovation_id: str | None, door: Door = NO_DOOR
) -> SignedIn:
    """The session of a token. A player of a told case acts in that case and nowhere else.

    `renovation_id` is None where a request is about the session itself. A program comes in by the
    doors that its scopes name; no door is one for people only.

    Raises:
        Refused: as `sender_of` says.
    """
    if token.startswith(f"{CLIENT}."):
        return await find_client(database, token, door)
    if not token.startswith(f"{SESSION}."):
        raise refusal("credential.wrong")
    found = await find_session(database, token)
    came_from("official", found.actor_id)
    if None not in (found.only_case, renovation_id) and found.only_case != renovation_id:
        raise refusal("credential.other_case")
    return found
