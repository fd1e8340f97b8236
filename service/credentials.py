"""Bearer credentials that need no login: an HMAC over who holds them (3 µs to check).

"v1.<id>.<mac>", both parts base64url without padding. A voter's credential names a unit of one
renovation and is handed out by the committee; an actor's names an official, a contractor or a
system, whose roles are in `role_grant`. Neither says anything about a person.
"""

import base64
import hashlib
import hmac

from pydantic import SecretStr

from models.values.base import Value
from models.values.refusal import Problem, Refused

VERSION = "v1"
_PARTS = 3
_VOTER = "gongjian/credential/voter"
_ACTOR = "gongjian/credential/actor"


class Voter(Value):
    """Who showed the credential of a unit, in one renovation."""

    renovation_id: str
    unit_number: str


def voter_credential(key: SecretStr, renovation_id: str, unit_number: str) -> str:
    """The credential of a unit; `key` is hexadecimal, as in the settings."""
    return _written(unit_number, _mac(key, _VOTER, renovation_id, unit_number))


def actor_credential(key: SecretStr, actor_id: str) -> str:
    """The credential of somebody who holds a role."""
    return _written(actor_id, _mac(key, _ACTOR, actor_id))


def voter_of(key: SecretStr, renovation_id: str, authorization: str | None) -> Voter:
    """The unit whose credential the Authorization header holds.

    Raises:
        Refused: `credential.missing`, or `credential.wrong` for one that is damaged, forged, an
            actor's, or of another renovation.
    """
    unit_number, mac = _read(authorization)
    if not hmac.compare_digest(mac, _mac(key, _VOTER, renovation_id, unit_number)):
        raise _wrong()
    return Voter(renovation_id=renovation_id, unit_number=unit_number)


def actor_of(key: SecretStr, authorization: str | None) -> str:
    """The id of the actor whose credential the Authorization header holds.

    Raises:
        Refused: `credential.missing` or `credential.wrong`.
    """
    actor_id, mac = _read(authorization)
    if not hmac.compare_digest(mac, _mac(key, _ACTOR, actor_id)):
        raise _wrong()
    return actor_id


def _mac(key: SecretStr, kind: str, *parts: str) -> bytes:
    """Each part is preceded by its length, so that no two lists of parts are one message."""
    message = b"".join(
        len(part).to_bytes(4, "big") + part for part in (text.encode() for text in (kind, *parts))
    )
    return hmac.digest(bytes.fromhex(key.get_secret_value()), message, hashlib.sha256)


def _written(name: str, mac: bytes) -> str:
    return ".".join((VERSION, _to_text(name.encode()), _to_text(mac)))


def _read(authorization: str | None) -> tuple[str, bytes]:
    if not authorization:
        raise Refused(Problem(code="credential.missing"))
    scheme, _, token = authorization.partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != _PARTS or parts[0] != VERSION:
        raise _wrong()
    try:
        return _to_bytes(parts[1]).decode(), _to_bytes(parts[2])
    except ValueError:
        raise _wrong() from None


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _to_bytes(text: str) -> bytes:
    if not text.isascii():
        raise ValueError("base64url is ASCII")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _wrong() -> Refused:
    return Refused(Problem(code="credential.wrong"))
