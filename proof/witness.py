"""Cosignatures: another's word that a log has only grown; and how one asks for it.

Sources: C2SP tlog-cosignature (Ed25519, cosignature/v1), tlog-witness (add-checkpoint), signed-note (verifier
keys). A cosignature covers the time and the whole text of the checkpoint; its key id has the type 0x04.
"""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from proof.merkle import HASH_BYTES
from proof.notes import KEY_ID_BYTES, Checkpoint, NoteMalformed, NoteSignature, key_id
from proof.signing import signed_by

NOTE_KEY, COSIGNER_KEY = 0x01, 0x04
"""The types of Ed25519 keys: of who signs notes, and of who cosigns checkpoints."""
MOST_STEPS = 63
"""A proof of consistency has no more hashes."""
LONGEST_REQUEST = 20_000
_TIME_BYTES = 8
_OLD = re.compile(r"old (0|[1-9]\d{0,17})")


class KnownKey(NamedTuple):
    """Somebody's public key, as verifiers are told of it: name, type, and 32 bytes."""

    name: str
    kind: int
    key: bytes

    @property
    def id(self) -> bytes:
        """The 4 bytes by which a signature names it."""
        if self.kind == NOTE_KEY:
            return key_id(self.name, self.key)
        data = self.name.encode() + b"\n" + bytes((self.kind,)) + self.key
        return sha256(data).digest()[:KEY_ID_BYTES]

    @property
    def line(self) -> str:
        """As it is handed to others: name, key id and key, with "+" between them."""
        key = base64.b64encode(bytes((self.kind,)) + self.key).decode()
        return f"{self.name}+{self.id.hex()}+{key}"


def read_key(line: str) -> KnownKey:
    """The key of a verifier line.

    Raises:
        NoteMalformed: it has another form, another type of key, or its id is not that of its key.
    """
    name, _, rest = line.strip().partition("+")
    named, _, encoded = rest.partition("+")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise NoteMalformed from None
    if not name or len(blob) != 1 + HASH_BYTES or blob[0] not in (NOTE_KEY, COSIGNER_KEY):
        raise NoteMalformed
    known = KnownKey(name, blob[0], blob[1:])
    if known.id.hex() != named:
        raise NoteMalformed
    return known


def signed_by_log(
    text: bytes, signatures: Iterable[NoteSignature], keys: Iterable[KnownKey]
) -> bool:
    """Whether one of the keys of a log has signed the text of a note."""
    return any(
        each.key_id == key.id and each.name == key.name and signed_by(key.key, text, each.signature)
        for each in signatures
        for key in keys
        if key.kind == NOTE_KEY
    )


def _message(at: int, text: bytes) -> bytes:
    return f"cosignature/v1\ntime {at}\n".encode() + text


def cosign(key: KnownKey, sign: Callable[[bytes], bytes], text: bytes, at: int) -> NoteSignature:
    """The cosignature of a checkpoint's text at a POSIX time in seconds."""
    return NoteSignature(
        key.name, key.id, at.to_bytes(_TIME_BYTES, "big") + sign(_message(at, text))
    )


def cosigned_at(key: KnownKey, text: bytes, signature: NoteSignature) -> int | None:
    """When the owner of the key has cosigned the text, POSIX seconds; None: this is no cosignature of it."""
    if key.kind != COSIGNER_KEY or (signature.name, signature.key_id) != (key.name, key.id):
        return None
    at = int.from_bytes(signature.signature[:_TIME_BYTES], "big")
    rest = signature.signature[_TIME_BYTES:]
    return at if signed_by(key.key, _message(at, text), rest) else None


class Submission(NamedTuple):
    """What a log sends to who is to cosign: its checkpoint as a note, and how it grew from `old` on."""

    old: int
    path: tuple[bytes, ...]
    note: bytes


def written_submission(submission: Submission) -> bytes:
    """The body of an add-checkpoint request."""
    lines = [f"old {submission.old}", *map(_encoded, submission.path), "", ""]
    return "\n".join(lines).encode() + submission.note


def read_submission(body: bytes) -> Submission:
    """The body of an add-checkpoint request, read.

    Raises:
        NoteMalformed: it has another form.
    """
    head, gap, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode().split("\n")
        path = tuple(base64.b64decode(line, validate=True) for line in lines)
    except ValueError:
        raise NoteMalformed from None
    match = _OLD.fullmatch(first)
    whole = gap and len(path) <= MOST_STEPS and all(len(each) == HASH_BYTES for each in path)
    if match is None or not whole or len(body) > LONGEST_REQUEST:
        raise NoteMalformed
    return Submission(int(match[1]), path, note)


def leaf_of(head: Checkpoint) -> bytes:
    """What stands in the tree of heads for the head of one case: its text as it is signed."""
    return head.text


def _encoded(part: bytes) -> str:
    return base64.b64encode(part).decode()


def encoded(path: Sequence[bytes]) -> tuple[str, ...]:
    """Hashes of a proof as text."""
    return tuple(map(_encoded, path))
