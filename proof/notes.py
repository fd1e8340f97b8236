"""Signed notes and checkpoints: the form in which the head of a log is signed.

Source: C2SP signed-note and tlog-checkpoint. A note is a text that ends with a line break, an empty
line, and a line for each signature: "— name base64(key id || signature)". The text of a checkpoint
is origin, size and hash, each on a line. The log here is a chain, so the hash is that of its last
event and not the root of a tree: two checkpoints of one log are compared by the chain itself.
"""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple

KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64
LONGEST_NOTE = 100_000
_ED25519 = b"\x01"
_CHECKPOINT = re.compile(
    r"(?P<origin>[^\s+]+)\n(?P<size>0|[1-9]\d{0,17})\n(?P<hash>[A-Za-z0-9+/]{43}=)\n"
)
_SIGNATURE = re.compile(r"\u2014 (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})\n")
_NOTES = re.compile(
    f"(?P<text>{_CHECKPOINT.pattern})\\n(?P<lines>(?:{_SIGNATURE.pattern})+)", re.MULTILINE
)


class NoteMalformed(ValueError):  # noqa: N818 - said of what was read
    """What was read is no signed note, or its text is no checkpoint."""


class NoteSignature(NamedTuple):
    """One line under a note: whose it is, by which key, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes


class Checkpoint(NamedTuple):
    """The head of one log: after `size` entries its hash was `hash` (32 bytes)."""

    origin: str
    size: int
    hash: bytes

    @property
    def text(self) -> bytes:
        """What is signed."""
        digest = base64.b64encode(self.hash).decode()
        return f"{self.origin}\n{self.size}\n{digest}\n".encode()


def key_id(name: str, public_key: bytes) -> bytes:
    """The 4 bytes by which a verifier finds the Ed25519 key (32 bytes) of a signature."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:KEY_ID_BYTES]


def verifier_line(name: str, public_key: bytes) -> str:
    """The key as other tools take it: name, key id and key, with "+" between them."""
    key = base64.b64encode(_ED25519 + public_key).decode()
    return f"{name}+{key_id(name, public_key).hex()}+{key}"


def written_note(text: bytes, *signatures: NoteSignature) -> bytes:
    """The note as it is stored and sent."""
    lines = "".join(
        f"\u2014 {each.name} {base64.b64encode(each.key_id + each.signature).decode()}\n"
        for each in signatures
    )
    return text + b"\n" + lines.encode()


def read_note(note: bytes) -> tuple[bytes, tuple[NoteSignature, ...]]:
    """The text of a note, and the signatures under it; none of them is verified here.

    Raises:
        NoteMalformed: it is too long, no UTF-8, or has no signature in the right form.
    """
    text, gap, lines = _decoded(note).rpartition("\n\n")
    matches = list(_SIGNATURE.finditer(lines))
    if not gap or not matches or "".join(each[0] for each in matches) != lines:
        raise NoteMalformed
    return f"{text}\n".encode(), tuple(map(_signature, matches))


def read_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint that a note's text says.

    Raises:
        NoteMalformed: it has another form; lines after the third are not read.
    """
    match = _CHECKPOINT.match(_decoded(text))
    if match is None:
        raise NoteMalformed
    return _checkpoint(match)


def checkpoints_in(file: str) -> Iterator[tuple[Checkpoint, tuple[NoteSignature, ...]]]:
    """The signed checkpoints of a file that holds many, in their order; what is none is passed over."""
    for match in _NOTES.finditer(file):
        with suppress(NoteMalformed):
            signatures = tuple(map(_signature, _SIGNATURE.finditer(match["lines"])))
            yield _checkpoint(match), signatures


def _decoded(note: bytes) -> str:
    if len(note) > LONGEST_NOTE:
        raise NoteMalformed
    try:
        return note.decode()
    except UnicodeDecodeError:
        raise NoteMalformed from None


def _checkpoint(match: re.Match[str]) -> Checkpoint:
    return Checkpoint(match["origin"], int(match["size"]), base64.b64decode(match["hash"]))


def _signature(match: re.Match[str]) -> NoteSignature:
    try:
        blob = base64.b64decode(match["blob"], validate=True)
    except ValueError:
        raise NoteMalformed from None
    return NoteSignature(match["name"], blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])
