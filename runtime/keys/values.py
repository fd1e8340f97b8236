"""The value of a secret key in the settings: one key, or several of one purpose, the newest first.

A key is 32 bytes or more in hexadecimal; several are parted by commas. The first one signs, seals
and hashes; all of them verify and open. A key's id follows from the key, so it needs no record and
is the same everywhere.
"""

import hmac
import re
from hashlib import sha256

from pydantic import SecretStr

KEY_BYTES = 32
KEYS = re.compile(r"(?:[0-9a-fA-F]{2}){32,}(?:,(?:[0-9a-fA-F]{2}){32,})*")
"""What a setting of keys looks like."""
ID_DIGITS = 8


def every(keys: SecretStr) -> tuple[bytes, ...]:
    """Every key of a setting, the newest first."""
    return tuple(bytes.fromhex(key) for key in keys.get_secret_value().split(","))


def newest(keys: SecretStr) -> bytes:
    """The key that is used for what is new."""
    return every(keys)[0]


def oldest(keys: SecretStr) -> bytes:
    """The first key that there was: for hashes that have to stay comparable for ever."""
    return every(keys)[-1]


def derived(key: bytes, purpose: bytes) -> bytes:
    """The 32 bytes that a key yields for a purpose (HMAC-SHA256)."""
    return hmac.digest(key, purpose, "sha256")


def id_of(key: bytes) -> str:
    """The id of a key: 8 hex digits of a hash that does not give the key away."""
    return sha256(b"gongjian/key-id\0" + key).hexdigest()[:ID_DIGITS]


def ids_of(keys: SecretStr) -> tuple[str, ...]:
    """The ids of a setting's keys, the newest first."""
    return tuple(map(id_of, every(keys)))
