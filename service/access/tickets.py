"""Tickets: what whoever has signed in shows with every request, until it expires.

"v2.<what it says>.<mac>", both parts in hexadecimal. It says key id, holder, version, route
and expiry; the HMAC covers the renovation too. The holder is a unit, or on the route "proxy" a mandate.
No ticket is looked up: the version is compared with the unit's when a ballot is committed, and by
`service.access.units` everywhere else.
"""

import hmac
import time
from binascii import unhexlify
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydantic import SecretStr

from models.values.base import Value
from models.values.refusal import refusal
from models.values.voting import Channel
from proof.canonical import framed
from runtime.keys.values import ID_DIGITS, derived, every, id_of
from runtime.settings import Settings
from service.http.callers import came_from
from service.http.credentials import VERSION, bearer_parts, voter_in_v1, wrong

TICKET = b"v2"
LONGEST_S = 12 * 3600
"""No ticket is good for longer: who has it cannot be signed out, only replaced."""
LONGEST_ID = 64
"""No renovation has a longer one: nothing is kept for what anybody may write into a path."""
PREFIXES_KEPT = 1_000
_PURPOSE = b"gongjian/ticket"


class TicketKeys:
    """The keys of the tickets, with their ids; the newest one signs, those of before are still good."""

    def __init__(self, keys: SecretStr) -> None:
        self.by_id = {id_of(key).encode(): derived(key, _PURPOSE) for key in every(keys)}
        self.current = next(iter(self.by_id))

    def secret(self, purpose: bytes, *parts: str) -> bytes:
        """32 bytes that follow from the key that signs now, for this purpose and these names."""
        return next(self.secrets(purpose, *parts))

    def secrets(self, purpose: bytes, *parts: str) -> Iterator[bytes]:
        """The same of every key, the newest first."""
        message = framed(purpose, *(part.encode() for part in parts))
        return (hmac.digest(key, message, "sha256") for key in self.by_id.values())


def keys_of(settings: Settings) -> TicketKeys:
    """The keys of these settings: of sessions, or in deployments without any those of credentials."""
    return TicketKeys(settings.session_key or settings.credential_key)


class Voter(Value):
    """The unit whose ticket a request came with, in one renovation.

    `first` marks a letter of the first kind (v1), which is good in the cases opened while it was made.
    """

    renovation_id: str
    unit_number: str
    version: int = 0
    route: Channel = "web"
    first: bool = False

    def must_hold(self, unit_number: str) -> None:
        """A request for a unit comes with its own credential.

        Raises:
            Refused: `credential.other_unit`.
        """
        if self.unit_number != unit_number:
            raise refusal("credential.other_unit", where="unit_number", unit=unit_number)


class Shown(NamedTuple):
    """What a ticket says; a plain tuple, because every ballot makes one."""

    holder: str
    version: int
    route: Channel
    first: bool


_USUAL = b"Bearer v2."
_ROUTES: dict[bytes, Channel] = {b"web": "web", b"portal": "portal", b"proxy": "proxy"}


class TicketCheck:
    """Reads tickets; keeps what all of one renovation share. `now` is the clock of this machine."""

    def __init__(
        self, keys: TicketKeys, first_key: SecretStr, now: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys.by_id
        self._first_key = first_key
        self._now = now
        self._prefixes: dict[str, bytes] = {}

    def read(self, renovation_id: str, authorization: bytes | None) -> Shown:
        """What the ticket in the Authorization header says of a unit.

        Raises:
            Refused: `credential.missing`; `credential.expired`; `credential.wrong` for one that is
                damaged, forged, an agent's, an actor's, or of another renovation.
        """
        if authorization is not None and authorization.startswith(_USUAL):
            # As `bearer_parts` does it, written out because every ballot comes by here.
            said, _, mac = authorization[len(_USUAL) :].partition(b".")
            shown = self._ticket(renovation_id, said, mac)
        else:
            kind, said, mac = bearer_parts(authorization)
            if kind == VERSION:
                unit, version = voter_in_v1(self._first_key, renovation_id, said, mac)
                return Shown(unit, version, "web", True)
            shown = self._other(kind, renovation_id, said, mac)
        if shown[2] == "proxy":
            raise wrong()
        return shown

    def voter(self, renovation_id: str, authorization: str | None) -> Voter:
        """`read`, for whoever has time."""
        shown = self.read(renovation_id, _raw(authorization))
        came_from("voter")
        return Voter(
            renovation_id=renovation_id,
            unit_number=shown.holder,
            version=shown.version,
            route=shown.route,
            first=shown.first,
        )

    def agent(self, renovation_id: str, authorization: str | None) -> Shown:
        """What an agent's ticket says: its holder is a mandate.

        Raises:
            Refused: as `read` does.
        """
        kind, said, mac = bearer_parts(_raw(authorization))
        shown = self._other(kind, renovation_id, said, mac)
        if shown.route != "proxy":
            raise wrong()
        came_from("agent")
        return shown

    def _other(self, kind: bytes, renovation_id: str, said: bytes, mac: bytes) -> Shown:
        if kind != TICKET:
            raise wrong()
        return self._ticket(renovation_id, said, mac)

    def _ticket(self, renovation_id: str, said: bytes, mac: bytes) -> Shown:
        prefix = self._prefixes.get(renovation_id) or self._keep(renovation_id)
        try:
            said, mac = unhexlify(said), unhexlify(mac)
        except ValueError:
            raise wrong() from None
        key = self._keys.get(said[:ID_DIGITS])
        if key is None or not hmac.compare_digest(mac, hmac.digest(key, prefix + said, "sha256")):
            raise wrong()
        _, holder, version, route, expires = said.split(b"\0")
        if int(expires) <= self._now():
            raise refusal("credential.expired")
        return Shown(holder.decode(), int(version), _ROUTES[route], False)

    def _keep(self, renovation_id: str) -> bytes:
        if len(renovation_id) > LONGEST_ID:
            raise wrong()
        if len(self._prefixes) >= PREFIXES_KEPT:
            self._prefixes.clear()
        prefix = framed(_PURPOSE, renovation_id.encode())
        self._prefixes[renovation_id] = prefix
        return prefix


def make_ticket(
    keys: TicketKeys,
    renovation_id: str,
    holder: str,
    *,
    expires_at: int,
    version: int = 0,
    route: Channel = "web",
) -> str:
    """A ticket for a unit, or for a mandate; `expires_at` is seconds since 1970.

    The caller keeps to `LONGEST_S`. No number of a unit and no id has a control character.
    """
    parts = (keys.current.decode(), holder, str(version), route, str(expires_at))
    said = "\0".join(parts).encode()
    prefix = framed(_PURPOSE, renovation_id.encode())
    mac = hmac.digest(keys.by_id[keys.current], prefix + said, "sha256")
    return f"{TICKET.decode()}.{said.hex()}.{mac.hex()}"


def _raw(authorization: str | None) -> bytes | None:
    return authorization.encode("latin-1", "replace") if authorization else None
