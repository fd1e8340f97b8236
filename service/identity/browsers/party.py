"""For whom a passkey signs: the one configured public address, and nothing that a request says.

A browser makes passkeys for a name with HTTPS only, and for plain localhost (WebAuthn level 2, 5.1.3).
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from models.values.base import Value
from models.values.refusal import refusal
from service.identity.browser import origin_of


class RelyingParty(Value):
    """The relying party: its name, and the origin of its pages."""

    id: str
    origin: str


def party_at(address: str) -> RelyingParty:
    """The relying party of a public address.

    Raises:
        Refused: `passkey.no_name` for an address of numbers, and for one without HTTPS.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    secure = parts.scheme == "https" or host == "localhost"
    if not host or not secure or _is_number(host):
        raise refusal("passkey.no_name", address=address)
    return RelyingParty(id=host, origin=origin_of(address))


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
