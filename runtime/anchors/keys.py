"""The keys of anchors: of this instance's tree, of its cosignatures, and those of others that it knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Self

from pydantic import SecretStr

from proof.notes import NoteSignature
from proof.witness import COSIGNER_KEY, NOTE_KEY, KnownKey, cosign, read_key
from runtime.ballots.sealing import Signer
from runtime.keys.values import every, newest
from runtime.record.heads import KeptHeads
from runtime.settings import WorkerSettings

OF_LOG, OF_COSIGNER = b"gongjian/anchors", b"gongjian/cosignatures"
LOG, COSIGNER = "gongjian/heads", "gongjian/cosigner"
NAME_DIGITS = 12


class Witness(NamedTuple):
    """Another instance that cosigns this one's heads: its key, and the address that takes them."""

    key: KnownKey
    url: str


@dataclass(frozen=True)
class AnchorKeys:
    """What signs this instance's heads and cosigns those of others."""

    signer: Signer
    cosigner: Signer
    before: tuple[str, ...]
    """The public keys of the heads, those of before too, in hexadecimal."""

    @classmethod
    def of(cls, heads_key: SecretStr) -> Self:
        """From the key of the record's heads; each purpose has a key of its own."""
        before = tuple(Signer.of(each, OF_LOG).public_key for each in every(heads_key))
        key = newest(heads_key)
        return cls(Signer.of(key, OF_LOG), Signer.of(key, OF_COSIGNER), before)

    @property
    def name(self) -> str:
        """What the tree is called that begins with this key."""
        return _named(LOG, self.signer)

    def of_log(self, origin: str) -> Sequence[KnownKey]:
        """The keys by which the heads of the tree of this origin are signed, of before too."""
        return tuple(KnownKey(origin, NOTE_KEY, bytes.fromhex(each)) for each in self.before)

    def signed(self, origin: str, text: bytes) -> NoteSignature:
        """The signature of a head."""
        key = KnownKey(origin, NOTE_KEY, bytes.fromhex(self.signer.public_key))
        return NoteSignature(origin, key.id, self.signer.sign(text))

    @property
    def cosigner_key(self) -> KnownKey:
        """By which others know this instance's cosignatures."""
        key = bytes.fromhex(self.cosigner.public_key)
        return KnownKey(_named(COSIGNER, self.cosigner), COSIGNER_KEY, key)

    def cosigned(self, text: bytes, at: int) -> NoteSignature:
        """This instance's cosignature of a head of another's tree."""
        return cosign(self.cosigner_key, self.cosigner.sign, text, at)


class Anchors(NamedTuple):
    """What a process needs to anchor: its keys, the file outside of the database, and who cosigns."""

    keys: AnchorKeys
    kept: KeptHeads
    witnesses: tuple[Witness, ...]


def anchors_of(settings: WorkerSettings) -> Anchors | None:
    """Those of the settings; None without a key for the heads."""
    if settings.heads_key is None:
        return None
    kept = KeptHeads(settings.anchors_file)
    return Anchors(AnchorKeys.of(settings.heads_key), kept, read_witnesses(settings.witnesses))


def read_witnesses(lines: Sequence[str]) -> tuple[Witness, ...]:
    """Of "<verifier key> <address>" lines.

    Raises:
        NoteMalformed: a key has another form.
    """
    parts = [line.split(maxsplit=1) for line in lines]
    return tuple(Witness(read_key(each[0]), each[1] if len(each) > 1 else "") for each in parts)


def _named(room: str, signer: Signer) -> str:
    digest = sha256(bytes.fromhex(signer.public_key)).hexdigest()
    return f"{room}/{digest[:NAME_DIGITS]}"
