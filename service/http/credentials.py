"""Bearer credentials that need no login: an HMAC over the name of their holder.

"v1.<id>.<mac>", both parts base64url without padding. A voter's credential names a unit of one
renovation and is handed out by the committee; an agent's names a mandate. None says anything about a
person. Whoever holds an office signs in: `service/identity`.
"""

import base64
import binascii
import hmac

from pydantic import SecretStr

from models.values.base import Value
from models.values.refusal import Refused, refusal
from proof.canonical import framed
from runtime.keys.values import oldest
from service.http.callers import came_from

VERSION = "v1"
PREFIXES_KEPT = 1_000
LONGEST_ID = 64
"""No renovation has a longer one: nothing is kept for what anybody may write into a path."""
_URLSAFE = bytes.maketrans(b"-_+/", b"+/  ")
"""base64url to base64; "+" and "/", which base64url does not have, become spaces and are refused."""
_PARTS = 3
_VOTER = "gongjian/credential/voter"
_PROXY = "gongjian/credential/proxy"
_VERSION = b"\0"
"""Between a unit's number, which has no control character, and the version of its credential."""


class Voter(Value):
    """The unit whose credential a request came with, in one renovation."""

    renovation_id: str
    unit_number: str
    version: int = 0

    def must_hold(self, unit_number: str) -> None:
        """A request for a unit comes with its own credential.

        Raises:
            Refused: `credential.other_unit`.
        """
        if self.unit_number != unit_number:
            raise refusal("credential.other_unit", where="unit_number", unit=unit_number)


class VoterCheck:
    """Checks voters' credentials for the ballot route; keeps what all of one renovation share."""

    def __init__(self, key: SecretStr) -> None:
        self._key = bytes.fromhex(key.get_secret_value())
        self._prefixes: dict[str, bytes] = {}

    def read(self, renovation_id: str, authorization: bytes | None) -> tuple[str, int]:
        """The unit whose credential the Authorization header holds, and the credential's version.

        Raises:
            Refused: `credential.missing`, or `credential.wrong` for one that is damaged, forged, an
                actor's, or of another renovation.
        """
        name, mac = _read(authorization)
        prefix = self._prefixes.get(renovation_id)
        if prefix is None:
            if len(renovation_id) > LONGEST_ID:
                raise _wrong()
            if len(self._prefixes) >= PREFIXES_KEPT:
                self._prefixes.clear()
            prefix = framed(_VOTER.encode(), renovation_id.encode())
            self._prefixes[renovation_id] = prefix
        # As `framed` does it, written out because every ballot comes by here.
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


def read_voter(key: SecretStr, renovation_id: str, authorization: str | None) -> Voter:
    """The unit whose credential the Authorization header holds.

    Raises:
        Refused: `credential.missing`, or `credential.wrong` for one that is damaged, forged, an
            actor's, or of another renovation.
    """
    unit_number, version = VoterCheck(key).read(renovation_id, _raw(authorization))
    came_from("voter")
    return Voter(renovation_id=renovation_id, unit_number=unit_number, version=version)


def proxy_credential(key: SecretStr, renovation_id: str, mandate_id: str) -> str:
    """The credential of the agent of a mandate."""
    return _written(mandate_id, _mac(key, _PROXY, renovation_id, mandate_id))


def read_mandate(key: SecretStr, renovation_id: str, authorization: str | None) -> str:
    """The id of the mandate whose credential the Authorization header holds.

    Raises:
        Refused: `credential.missing` or `credential.wrong`.
    """
    came_from("agent")
    return _name_in(key, authorization, _PROXY, renovation_id)


def _name_in(key: SecretStr, authorization: str | None, kind: str, *parts: str) -> str:
    """The name in a credential of this kind, which ends what the MAC covers."""
    given, mac = _read(_raw(authorization))
    name = given.decode(errors="replace")
    if not hmac.compare_digest(mac, _mac(key, kind, *parts, name)):
        raise _wrong()
    return name


def _raw(authorization: str | None) -> bytes | None:
    return authorization.encode("latin-1", "replace") if authorization else None


def keyed_hash(key: SecretStr, message: bytes) -> bytes:
    """HMAC-SHA256 under a key of the settings; of several the first there was, so that it stays the same."""
    return hmac.digest(oldest(key), message, "sha256")


def _mac(key: SecretStr, kind: str, *parts: str) -> bytes:
    return keyed_hash(key, framed(kind.encode(), *(part.encode() for part in parts)))


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
