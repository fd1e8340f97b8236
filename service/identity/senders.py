"""Who sent a request: the one place where a bearer token becomes the id of an actor."""

from models.values.refusal import refusal
from runtime.database import Database
from service.identity.sessions import SignedIn, find_session
from service.identity.tokens import SESSION


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


async def sender_of(database: Database, token: str, renovation_id: str) -> str:
    """The id of the actor who holds a token; roles are not looked at.

    Raises:
        Refused: `credential.wrong`, `credential.ended`, `credential.expired`, `credential.other_case`.
    """
    return (await signed_in(database, token, renovation_id)).actor_id


async def signed_in(database: Database, token: str, renovation_id: str | None) -> SignedIn:
    """The session of a token. A player of a told case acts in that case and nowhere else.

    `renovation_id` is None where a request is about the session itself.

    Raises:
        Refused: as `sender_of` says.
    """
    if not token.startswith(f"{SESSION}."):
        raise refusal("credential.wrong")
    found = await find_session(database, token)
    if None not in (found.only_case, renovation_id) and found.only_case != renovation_id:
        raise refusal("credential.other_case")
    return found
