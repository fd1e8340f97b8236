"""The key ring: the secret keys of one data directory, a purpose each, in one private file.

Every purpose has keys of its own, so that who has one of them has no other, and each may be rotated
by itself. The newest key of a purpose is used for what is new, those of before still verify and open.
"""

import hmac
import secrets
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr, ValidationError

from models.values.base import Carried
from models.values.refusal import refusal
from runtime.keys.values import KEY_BYTES, ids_of, newest
from runtime.private import write_private
from runtime.seals import public_keys_of

FILE = "keys.json"
_OWNER = b"gongjian/owner"


class Purpose(StrEnum):
    """What a key is for; who has it stands in `HOLDERS`."""

    CREDENTIALS = "credentials"
    """Letters and credentials of before people had accounts; it is never rotated, it ends with them."""
    SESSIONS = "sessions"
    RECEIPTS = "receipts"
    BOX = "box"
    OWNERS = "owners"
    GATEWAY = "gateway"
    HEADS = "heads"
    CODEC = "codec"
    BIDS = "bids"
    PERSONS = "persons"


FIELDS: Mapping[Purpose, str] = {
    Purpose.CREDENTIALS: "credential_key",
    Purpose.SESSIONS: "session_key",
    Purpose.RECEIPTS: "receipt_key",
    Purpose.BOX: "box_key",
    Purpose.OWNERS: "owner_key",
    Purpose.GATEWAY: "gateway_key",
    Purpose.HEADS: "heads_key",
    Purpose.CODEC: "codec_key",
    Purpose.BIDS: "bids_key",
    Purpose.PERSONS: "person_key",
}
"""The setting of each purpose, which is also its name in the file."""
HOLDERS: Mapping[Purpose, str] = {
    **dict.fromkeys(Purpose, "service"),
    Purpose.BOX: "worker",
    Purpose.HEADS: "service, worker",
    Purpose.CODEC: "service, worker",
    Purpose.BIDS: "service, worker",
}
"""Which processes are given the keys of a purpose; the command line has what its user can read."""


FIXED = frozenset({Purpose.CREDENTIALS, Purpose.OWNERS})
"""Purposes whose key is never replaced."""


class KeyRing(Carried):
    """The keys of each purpose as their setting has them: the newest first, parted by commas."""

    credential_key: str
    receipt_key: str
    box_key: str = ""
    session_key: str = ""
    owner_key: str = ""
    gateway_key: str = ""
    heads_key: str = ""
    codec_key: str = ""
    bids_key: str = ""
    person_key: str = ""

    @property
    def settings(self) -> Mapping[str, str]:
        """The keys by the names of their settings; of the gateway's the public halves too."""
        return {
            **self.model_dump(),
            "gateway_public": public_keys_of(SecretStr(self.gateway_key)),
        }

    def ids(self, purpose: Purpose) -> tuple[str, ...]:
        """The ids of a purpose's keys, the newest first."""
        return ids_of(SecretStr(getattr(self, FIELDS[purpose])))

    def rotated(self, purpose: Purpose) -> "KeyRing":
        """The same ring with a new key for one purpose; those of before are kept.

        Raises:
            Refused: `keys.not_rotated` for the credentials of before, which end when they are reissued,
                and for sets of owners, which are compared by their hashes.
        """
        if purpose in FIXED:
            raise refusal("keys.not_rotated", where=purpose.value, purpose=purpose.value)
        field = FIELDS[purpose]
        return self.model_copy(update={field: f"{_new()},{getattr(self, field)}"})


def load_ring(data_dir: Path) -> KeyRing:
    """The keys of this directory; what has none yet is made now (32 random bytes each).

    Raises:
        Refused: `stack.keys_unreadable`.
    """
    path = data_dir / FILE
    if path.exists():
        try:
            ring = KeyRing.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError as error:
            raise refusal("stack.keys_unreadable", where=str(path)) from error
        known = ring.model_dump()
        # The owners' sets that are stored already were hashed under a key of the credential key's.
        known["owner_key"] = known["owner_key"] or owner_key_before(SecretStr(ring.credential_key))
    else:
        known = {}
    whole = KeyRing.model_validate({field: known.get(field) or _new() for field in FIELDS.values()})
    if whole.model_dump() != known:
        save_ring(data_dir, whole)
    return whole


def save_ring(data_dir: Path, ring: KeyRing) -> None:
    """Write the ring, whole or not at all."""
    write_private(data_dir / FILE, ring.model_dump_json())


def owner_key_before(credential_key: SecretStr) -> str:
    """The key of the owners' sets as releases before derived it, in hexadecimal."""
    return hmac.digest(newest(credential_key), _OWNER, sha256).hex()


def _new() -> str:
    return secrets.token_hex(KEY_BYTES)
