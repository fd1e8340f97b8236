"""Signed heads of the log: each event carries one, and the latest is kept outside of the database.

The head of a renovation is the number and hash of its last event. Whoever writes an event signs the
head it makes (Ed25519) as a C2SP checkpoint, in the transaction and without a statement of its own.
After the commit the note is appended to a file that the database cannot reach. A process that is
killed in between leaves the file one head short; the next start of a worker adds it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from pydantic import SecretStr

from proof.notes import (
    KEY_ID_BYTES,
    Checkpoint,
    NoteSignature,
    checkpoints_in,
    key_id,
    written_note,
)
from proof.signing import signed_by
from runtime.ballots.sealing import Signer
from runtime.keys.values import every, newest
from runtime.settings import WorkerSettings

if TYPE_CHECKING:
    # The audit reads the heads, and needs no pool for it.
    from runtime.database import Database

log = structlog.get_logger("heads")
ORIGIN = "gongjian/renovation/"
PURPOSE = b"gongjian/log-heads"
OWNER_ONLY = 0o600
AT_ONCE = 500
LATEST = """
SELECT e.renovation_id, e.seq, e.hash, e.head_signature
FROM renovation r JOIN event e ON e.renovation_id = r.id AND e.seq = r.head_seq
WHERE e.head_signature IS NOT NULL
"""


class KeptHeads:
    """The file of signed heads outside of the database; it is only ever appended to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, note: bytes) -> None:
        """Add a note, whole: the notes of several processes do not mix.

        Raises:
            OSError: the file cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(self.path, flags, OWNER_ONLY)
        try:
            os.write(descriptor, note + b"\n")
        finally:
            os.close(descriptor)

    def read(self) -> Iterator[tuple[Checkpoint, bytes]]:
        """Every head in the file with its signature; nothing of them is verified."""
        if not self.path.exists():
            return
        text = self.path.read_text(encoding="utf-8", errors="replace")
        for head, signatures in checkpoints_in(text):
            for each in signatures:
                yield head, each.key_id + each.signature


class HeadKeys:
    """The public keys of the heads' signatures, as an audit needs them."""

    def __init__(self, public_keys: Iterable[str]) -> None:
        """`public_keys` in hexadecimal, those of before too."""
        self._keys = tuple(map(bytes.fromhex, public_keys))

    @classmethod
    def of(cls, keys: SecretStr) -> HeadKeys:
        """The public halves of a setting's keys."""
        return cls(Signer.of(key, PURPOSE).public_key for key in every(keys))

    def signed(self, head: Checkpoint, signature: bytes) -> bool:
        """Whether one of the keys has signed the head; `signature` begins with the key's id."""
        named, rest = signature[:KEY_ID_BYTES], signature[KEY_ID_BYTES:]
        return any(
            key_id(head.origin, key) == named and signed_by(key, head.text, rest)
            for key in self._keys
        )


class Heads:
    """Signs the heads of what one process writes, and keeps them outside."""

    def __init__(self, keys: SecretStr, kept: KeptHeads) -> None:
        self._signer = Signer.of(newest(keys), PURPOSE)
        self._public = bytes.fromhex(self._signer.public_key)
        self.keys = HeadKeys.of(keys)
        self.kept = kept

    def sign(self, head: Checkpoint) -> bytes:
        """68 bytes: the id of the key, and the signature."""
        return key_id(head.origin, self._public) + self._signer.sign(head.text)

    def keep(self, head: Checkpoint, signature: bytes) -> None:
        """Add the head of a committed event to the file; a write that is done is never undone by it."""
        try:
            self.kept.append(note_of(head, signature))
        except OSError as error:
            log.warning("head_not_kept", renovation=head.origin, size=head.size, reason=str(error))

    async def catch_up(self, database: Database) -> int:
        """Add the heads that a process which was killed has left out; how many they were."""
        kept = {(head.origin, head.size) for head, _ in self.kept.read()}
        added = 0
        async with database.driver() as connection, connection.transaction(readonly=True):
            latest = connection.cursor(LATEST, prefetch=AT_ONCE)
            async for rid, seq, event_hash, signature in latest:
                head = head_of(rid, seq, event_hash)
                if (head.origin, seq) not in kept and self.keys.signed(head, signature):
                    self.keep(head, signature)
                    added += 1
        return added


def heads_of(settings: WorkerSettings) -> Heads | None:
    """How a process signs the heads of what it writes; None without a key for it."""
    if settings.heads_key is None:
        return None
    return Heads(settings.heads_key, KeptHeads(settings.heads_file))


def head_of(renovation_id: str, seq: int, event_hash: str) -> Checkpoint:
    """The head that an event makes."""
    return Checkpoint(ORIGIN + renovation_id, seq, bytes.fromhex(event_hash))


def note_of(head: Checkpoint, signature: bytes) -> bytes:
    """The signed note of a head."""
    named, rest = signature[:KEY_ID_BYTES], signature[KEY_ID_BYTES:]
    return written_note(head.text, NoteSignature(head.origin, named, rest))
