"""Bearer credentials of the first kind, which need no login: an HMAC over the name of their holder.

"v1.<id>.<mac>", both parts base64url without padding. A voter's names a unit of one renovation: such
letters are good in cases opened before there were tickets (`service.access.tickets`), until they are
replaced. Whoever holds an office signs in: `service/identity`.
"""

import base64
import binascii
import hmac

from pydantic import SecretStr

from models.values.refusal import Refused, refusal
from proof.canonical import framed
from runtime.keys.values import oldest

VERSION = b"v1"
_URLSAFE = bytes.maketrans(b"-_+/", b"+/  ")
"""base64url to base64; "+" and "/", which base64url does not have, become spaces and are refused."""
_PARTS = 3
_VOTER = "gongjian/credential/voter"
_VERSION = b"\0"
"""Between a unit's number, which has no control character, and the version of its credential."""


def voter_in_v1(key: SecretStr, renovation_id: str, said: bytes, mac: bytes) -> tuple[str, int]:
    """The unit and the version in a voter's credential of the first kind, given as it is written.

    Raises:
        Refused: `credential.wrong`.
    """
    name, given = _read_parts(said, mac)
    if not hmac.compare_digest(given, _mac(key, _VOTER, renovation_id, name.decode())):
        raise wrong()
    unit, _, version = name.partition(_VERSION)
    return unit.decode(), int(version or 0)


def voter_credential(key: SecretStr, renovation_id: str, unit_number: str, version: int = 0) -> str:
    """The credential of a unit in a case opened before there were letters; `key` is hexadecimal.

    Each owner who follows another on a frozen roll has the next version.
    """
    name = f"{unit_number}{_VERSION.decode()}{version}" if version else unit_number
    return _written(name, _mac(key, _VOTER, renovation_id, name))


def keyed_hash(key: SecretStr, message: bytes) -> bytes:
    """HMAC-SHA256 under a key of the settings; of several the first there was, so that it stays the same."""
    return hmac.digest(oldest(key), message, "sha256")


def _mac(key: SecretStr, kind: str, *parts: str) -> bytes:
    return keyed_hash(key, framed(kind.encode(), *(part.encode() for part in parts)))


def _written(name: str, mac: bytes) -> str:
    return ".".join((VERSION.decode(), _to_text(name.encode()), _to_text(mac)))


def _read_parts(name: bytes, mac: bytes) -> tuple[bytes, bytes]:
    """The name (UTF-8) and the MAC that are written in a credential of the first kind.

    Raises:
        Refused: `credential.wrong`.
    """
    try:
        read = _to_bytes(name), _to_bytes(mac)
        read[0].decode()
    except ValueError:
        raise wrong() from None
    return read


def bearer_parts(authorization: bytes | None) -> tuple[bytes, bytes, bytes]:
    """The kind of a bearer credential, what it says and its MAC, as they are written.

    Raises:
        Refused: `credential.missing`, `credential.wrong` where it has not that form.
    """
    if not authorization:
        raise refusal("credential.missing")
    scheme, _, token = authorization.partition(b" ")
    parts = token.strip().split(b".")
    if scheme.lower() != b"bearer" or len(parts) != _PARTS:
        raise wrong()
    return parts[0], parts[1], parts[2]


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _to_bytes(text: bytes) -> bytes:
    return binascii.a2b_base64(text.translate(_URLSAFE) + b"=" * (-len(text) % 4), strict_mode=True)


def wrong() -> Refused:
    """Of everything that is no credential of ours."""
    return refusal("credential.wrong")
