"""AES-256-GCM under the keys of one purpose: the newest seals, each of them opens what it has sealed."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from runtime.keys.values import derived, every, id_of

IV_BYTES = 12


class Ciphers:
    """The ciphers of a purpose by the ids of their keys; `key_id` is that of the newest."""

    def __init__(self, keys: SecretStr, purpose: bytes) -> None:
        ciphers = [(id_of(key).encode(), AESGCM(derived(key, purpose))) for key in every(keys)]
        self.key_id, self._newest = ciphers[0]
        self._by_id = dict(ciphers)

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        """What only the newest key opens, and only with the same `bound_to`."""
        iv = os.urandom(IV_BYTES)
        return iv + self._newest.encrypt(iv, plain, bound_to)

    def open(self, key_id: bytes, sealed: bytes, bound_to: bytes) -> bytes | None:
        """What was sealed; None for an unknown key, another `bound_to`, or bytes that were changed."""
        cipher = self._by_id.get(key_id)
        if cipher is None:
            return None
        try:
            return cipher.decrypt(sealed[:IV_BYTES], sealed[IV_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            return None
