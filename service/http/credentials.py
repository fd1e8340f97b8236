"""Bearer credentials that need no login: an HMAC over who holds them (3 µs to check).

"v1.<id>.<mac>", both parts base64url without padding. A voter's credential names a unit of one
renovation and is handed out by the committee; an actor's names an official, a contractor or a
system, whose roles are in `role_grant`; an agent's names a mandate. None says anything about a
person.
"""

import base64
import binascii
import hmac

from pydantic import SecretStr

from models.values.base import Value
from models.values.refusal import Refused, refusal

VERSION = "v1"
PREFIXES_KEPT = 1_000
_URLSAFE = bytes.maketrans(b"-_+/", b"+/  ")
"""To the common alphabet; what belongs to that one only becomes what no alphabet has."""
_PARTS = 3
_VOTER = "gongjian/credential/voter"
_ACTOR = "gongjian/credential/actor"
_PROXY = "gongjian/credential/proxy"
_VERSION = b"\0"
"""Between a unit's number, which has no control character, and the version of its credential."""


class Voter(Value):
    """Who showed the credential of a unit, in one renovation."""

    renovation_id: str
    unit_number: str
    version: int = 0


class VoterCheck:
    """Checks the credentials of voters on the hot path: what is the same for all is made once."""

    def __init__(self, key: SecretStr) -> None:
        self._key = bytes.fromhex(key.get_secret_value())
        self._prefixes: dict[str, bytes] = {}

    def unit_of(self, renovation_id: str, authorization: bytes | None) -> str:
        """The unit whose credential the Authorization header holds, of whatever version.

        Raises:
            Refused: as `holder_of` does.
        """
        return self.holder_of(renovation_id, authorization)[0]

    def holder_of(self, renovation_id: str, authorization: bytes | None) -> tuple[str, int]:
        """The unit whose credential the Authorization header holds, and the credential's version.

        Raises:
            Refused: `credential.missing`, or `credential.wrong` for one that is damaged, forged, an
                actor's, or of another renovation.
        """
        name, mac = _read(authorization)
        prefix = self._prefixes.get(renovation_id)
        if prefix is None:
            if len(self._prefixes) >= PREFIXES_KEPT:
                self._prefixes.clear()
            prefix = _message(_VOTER, renovation_id)
            self._prefixes[renovation_id] = prefix
        message = prefix + len(name).to_bytes(4, "big") + name
        if not hmac.compare_digest(mac, hmac.digest(self._key, message, "sha256")):
            raise _wrong()
        unit, _, version = name.partition(_VERSION)
        return unit.decode(), int(version or 0)


def voter_credential(key: SecretStr, renovation_id: str, unit_number: str, version: int = 0) -> str:
    """The credential of a unit; `key` is hexadecimal, as in the settings.

    Each owner who follows another on a frozen roll has the next version.
    """
    name = f"{unit_number}{_VERSION.decode()}{version}" if version else unit_number
    return _written(name, _mac(key, _VOTER, renovation_id, name))


def actor_credential(key: SecretStr, actor_id: str) -> str:
    """The credential of somebody who holds a role."""
    return _written(actor_id, _mac(key, _ACTOR, actor_id))


def voter_of(key: SecretStr, renovation_id: str, authorization: str | None) -> Voter:
    """The unit whose credential the Authorization header holds.

    Raises:
        Refused: `credential.missing`, or `credential.wrong` for one that is damaged, forged, an
            actor's, or of another renovation.
    """
    given = authorization.encode("latin-1", "replace") if authorization else None
    unit_number, version = VoterCheck(key).holder_of(renovation_id, given)
    return Voter(renovation_id=renovation_id, unit_number=unit_number, version=version)


def actor_of(key: SecretStr, authorization: str | None) -> str:
    """The id of the actor whose credential the Authorization header holds.

    Raises:
        Refused: `credential.missing` or `credential.wrong`.
    """
    name, mac = _read(authorization.encode("latin-1", "replace") if authorization else None)
    actor_id = name.decode(errors="replace")
    if not hmac.compare_digest(mac, _mac(key, _ACTOR, actor_id)):
        raise _wrong()
    return actor_id


def proxy_credential(key: SecretStr, renovation_id: str, mandate_id: str) -> str:
    """The credential of the agent of a mandate."""
    return _written(mandate_id, _mac(key, _PROXY, renovation_id, mandate_id))


def mandate_of(key: SecretStr, renovation_id: str, authorization: str | None) -> str:
    """The id of the mandate whose credential the Authorization header holds.

    Raises:
        Refused: `credential.missing` or `credential.wrong`.
    """
    name, mac = _read(authorization.encode("latin-1", "replace") if authorization else None)
    mandate_id = name.decode(errors="replace")
    if not hmac.compare_digest(mac, _mac(key, _PROXY, renovation_id, mandate_id)):
        raise _wrong()
    return mandate_id


def _mac(key: SecretStr, kind: str, *parts: str) -> bytes:
    secret = bytes.fromhex(key.get_secret_value())
    return hmac.digest(secret, _message(kind, *parts), "sha256")


def _message(*parts: str) -> bytes:
    """Each part is preceded by its length, so that no two lists of parts are one message."""
    return b"".join(
        len(part).to_bytes(4, "big") + part for part in (text.encode() for text in parts)
    )


def _written(name: str, mac: bytes) -> str:
    return ".".join((VERSION, _to_text(name.encode()), _to_text(mac)))


def _read(authorization: bytes | None) -> tuple[bytes, bytes]:
    """The name and the MAC of a bearer credential."""
    if not authorization:
        raise refusal("credential.missing")
    scheme, _, token = authorization.partition(b" ")
    parts = token.strip().split(b".")
    if scheme.lower() != b"bearer" or len(parts) != _PARTS or parts[0] != VERSION.encode():
        raise _wrong()
    try:
        name, mac = _to_bytes(parts[1]), _to_bytes(parts[2])
        name.decode()
    except ValueError:
        raise _wrong() from None
    return name, mac


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _to_bytes(text: bytes) -> bytes:
    return binascii.a2b_base64(text.translate(_URLSAFE) + b"=" * (-len(text) % 4), strict_mode=True)


def _wrong() -> Refused:
    return refusal("credential.wrong")
