"""Sealing and opening ballots, the keys of boxes, and signatures.

A ballot is encrypted (AES-256-GCM) under a key that is derived (X25519, HKDF-SHA256) from the box's
public key and a key pair that the intake makes and forgets. So neither the table nor the memory of a
service that was started again gives a choice away. Opening needs the box's private key, which stays
encrypted under the worker's box key until the close.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from proof.ballots import NONCE_BYTES, commitment_of
from runtime.keys.values import derived, every, newest

if TYPE_CHECKING:
    # Whoever signs or looks at seals need not wait for the rules of ballots.
    from models.values.voting import Channel
    from rules.ballots.ballot import BallotPaper, Choices

IV_BYTES = 12
KEY_BYTES = 32
BALLOT_RANDOM = IV_BYTES + NONCE_BYTES
AT_ONCE = 128
_BALLOTS = b"gongjian/ballots"
_BOX_KEYS = b"gongjian/box-keys"
_HEADS = b"gongjian/tree-heads"
_RECEIPTS = b"gongjian/receipts"


class SealBroken(Exception):  # noqa: N818 - a finding, not a malfunction
    """What was sealed does not open: it was changed, or the key is another one."""


@dataclass(slots=True)
class SealedBallot:
    """The encrypted choices of a ballot, and the commitment to them."""

    sealed: bytes
    commitment: bytes


@dataclass(frozen=True)
class NewBoxKey:
    """The keys of a new box: the public half, and the private half wrapped."""

    public: bytes
    wrapped: bytes


class Sealer:
    """Seals the ballots of one intake for one box.

    `public` is stored as a `BallotSeal`: with it the box's private key yields the key of the ballots.
    """

    def __init__(self, box_public_key: bytes) -> None:
        pair = X25519PrivateKey.generate()
        self.id = secrets.token_hex(16)
        self.public = pair.public_key().public_bytes_raw()
        shared = pair.exchange(X25519PublicKey.from_public_bytes(box_public_key))
        self._cipher = AESGCM(_ballot_key(shared, self.public, box_public_key))
        self.used = 0
        self._random, self._at = b"", 0

    def seal_ballot(
        self, paper: BallotPaper, choices: Choices, channel: Channel
    ) -> tuple[bytes, SealedBallot]:
        """The choices as the paper writes them, and sealed.

        Raises:
            Refused: what the paper refuses.
        """
        choices_json = paper.write(choices, channel)
        return choices_json, self.seal(choices_json, paper.length)

    def seal(self, choices: bytes, length: int) -> SealedBallot:
        """Seal the canonical JSON of a ballot, filled up to `length` bytes.

        Layout: 12 bytes of IV, then the encryption of 16 bytes of nonce and the filled choices,
        then 16 bytes of tag; the commitment is authenticated with them.

        Raises:
            ValueError: the choices are longer, so that their length would say something.
        """
        if len(choices) > length:
            raise ValueError("the ballot is longer than its box foresees")
        self.used += 1
        if self._at >= len(self._random):
            # Random bytes for many ballots by one system call; each byte is used once.
            self._random, self._at = os.urandom(BALLOT_RANDOM * AT_ONCE), 0
        at, self._at = self._at, self._at + BALLOT_RANDOM
        iv = self._random[at : at + IV_BYTES]
        nonce = self._random[at + IV_BYTES : at + BALLOT_RANDOM]
        commitment = commitment_of(nonce, choices)
        sealed = self._cipher.encrypt(iv, nonce + choices.ljust(length), commitment)
        return SealedBallot(iv + sealed, commitment)


class BallotOpener:
    """Opens the ballots of one seal with the private key of their box."""

    def __init__(self, box_private_key: bytes, seal_public_key: bytes) -> None:
        private = X25519PrivateKey.from_private_bytes(box_private_key)
        shared = private.exchange(X25519PublicKey.from_public_bytes(seal_public_key))
        box_public_key = private.public_key().public_bytes_raw()
        self._cipher = AESGCM(_ballot_key(shared, seal_public_key, box_public_key))

    def open(self, sealed: bytes, commitment: bytes) -> tuple[bytes, bytes]:
        """(nonce, canonical JSON of the choices).

        Raises:
            SealBroken: the bytes are not what was sealed, or not what was committed to.
        """
        try:
            plain = self._cipher.decrypt(sealed[:IV_BYTES], sealed[IV_BYTES:], commitment)
        except (InvalidTag, ValueError):
            raise SealBroken from None
        # Without the filling: JSON never ends with a space. The commitment is the hash of the rest.
        committed = plain.rstrip(b" ")
        if sha256(committed).digest() != commitment:
            raise SealBroken
        return committed[:NONCE_BYTES], committed[NONCE_BYTES:]


class BoxKeys:
    """The worker's secrets: make the key pairs of boxes, unwrap one at a close, sign tree heads.

    The newest secret is for new boxes; a box is opened and signed for with the one it was made under.
    """

    def __init__(self, box_key: SecretStr) -> None:
        secrets_ = every(box_key)
        self._wrappings = tuple(AESGCM(derived(secret, _BOX_KEYS)) for secret in secrets_)
        self.signers = tuple(Signer(derived(secret, _HEADS)) for secret in secrets_)
        self.signer = self.signers[0]

    def new(self, box_id: str) -> NewBoxKey:
        """A key pair for a box; the private half is bound to the box's id."""
        private = X25519PrivateKey.generate()
        iv = os.urandom(IV_BYTES)
        wrapped = self._wrappings[0].encrypt(iv, private.private_bytes_raw(), box_id.encode())
        return NewBoxKey(private.public_key().public_bytes_raw(), iv + wrapped)

    def unwrap(self, box_id: str, wrapped: bytes) -> bytes:
        """The private key of a box. Only a closing calls this.

        Raises:
            SealBroken: another box's key, a changed one, or the worker has another box key.
        """
        return self._unwrapped(box_id, wrapped)[0]

    def signer_for(self, box_id: str, wrapped: bytes) -> Signer:
        """The signer of the tree head of a box: the one that was announced with it.

        Raises:
            SealBroken: as `unwrap`.
        """
        return self._unwrapped(box_id, wrapped)[1]

    def _unwrapped(self, box_id: str, wrapped: bytes) -> tuple[bytes, Signer]:
        for wrapping, signer in zip(self._wrappings, self.signers, strict=True):
            with suppress(InvalidTag, ValueError):
                private = wrapping.decrypt(wrapped[:IV_BYTES], wrapped[IV_BYTES:], box_id.encode())
                return private, signer
        raise SealBroken


class Signer:
    """Signs with Ed25519 (RFC 8032); the same message always gets the same signature."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw().hex()

    @classmethod
    def of(cls, secret: bytes, purpose: bytes) -> Signer:
        """The signer that a secret yields for a purpose; each purpose has a name of its own."""
        return cls(derived(secret, purpose))

    @classmethod
    def of_receipts(cls, receipt_key: SecretStr) -> Signer:
        """The signer of the voters' receipts."""
        return cls.of(newest(receipt_key), _RECEIPTS)

    @classmethod
    def every_of_receipts(cls, receipt_key: SecretStr) -> tuple[str, ...]:
        """The public keys of the receipts of now and of before, in hexadecimal."""
        return tuple(cls.of(key, _RECEIPTS).public_key for key in every(receipt_key))

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


def public_half(box_private_key: bytes) -> bytes:
    """The public key that belongs to an opened box."""
    return X25519PrivateKey.from_private_bytes(box_private_key).public_key().public_bytes_raw()


def _ballot_key(shared: bytes, seal_public_key: bytes, box_public_key: bytes) -> bytes:
    salt = seal_public_key + box_public_key
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=_BALLOTS).derive(shared)
