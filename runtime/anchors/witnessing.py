"""Two instances watch each other: one asks for a cosignature, the other looks whether the tree only grew."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import AnchorCosignature, Contradiction, Witnessed
from models.values.refusal import Refused, refusal
from proof.merkle import consistent
from proof.notes import (
    Checkpoint,
    NoteMalformed,
    NoteSignature,
    read_checkpoint,
    read_note,
    written_note,
)
from proof.witness import (
    KnownKey,
    Submission,
    cosigned_at,
    read_submission,
    signed_by_log,
    written_submission,
)
from runtime.anchors.keys import AnchorKeys, Witness
from runtime.anchors.making import AnchorView, load_anchor, load_growth
from runtime.database import Database

LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:origin))")


class Post(Protocol):
    """Sends a body to an address; the status and the body of the answer."""

    async def __call__(self, url: str, body: bytes, /) -> tuple[int, bytes]:
        """One POST."""


async def add_checkpoint(
    database: Database, keys: AnchorKeys, known: Sequence[KnownKey], body: bytes
) -> str:
    """Cosign a head of another instance's tree, if the tree only grew since the last one; the line for its note.

    Raises:
        Refused: `anchor.malformed`, `anchor.unknown_log`, `anchor.not_signed`, `anchor.old_size` (the last
            head that was cosigned has another size, `size`), `anchor.two_histories`.
    """
    submission, note_text, head = _read_signed(known, body)

    async def work(session: AsyncSession) -> NoteSignature | Refused:
        await session.execute(LOCK, {"origin": f"gongjian/witnessed/{head.origin}"})
        seen = select(Witnessed).where(Witnessed.origin == head.origin)
        last = await session.scalar(seen.order_by(Witnessed.size.desc()).limit(1))
        same = await session.scalar(seen.where(Witnessed.size == head.size))
        now = await session.scalar(select(func.clock_timestamp())) or datetime.now(UTC)
        row = {"origin": head.origin, "size": head.size, "root": head.hash, "note": note}
        if same is not None and same.root != head.hash:
            # The transaction stands: two signatures of one log over two trees of one size prove it to anybody.
            await session.execute(
                insert_once(Contradiction).values(**row, shown_at=now).on_conflict_do_nothing()
            )
            return refusal("anchor.two_histories", origin=head.origin, size=head.size)
        if submission.old != (before := 0 if last is None else last.size):
            raise refusal("anchor.old_size", size=before)
        if not _grew(last, head, submission.path):
            # Whoever knows the head can send a wrong proof for it: that proves nothing.
            raise refusal("anchor.two_histories", origin=head.origin, size=before)
        if same is None:
            await session.execute(insert(Witnessed).values(**row, cosigned_at=now))
        return keys.cosigned(note_text, int(now.timestamp()))

    note = submission.note.decode()
    answer = await database.transaction(work)
    if isinstance(answer, Refused):
        raise answer
    return line_of(answer)


def _grew(last: Witnessed | None, head: Checkpoint, path: Sequence[bytes]) -> bool:
    """Whether the tree of a head begins with the one that was cosigned last; the first has nothing to prove."""
    if last is None:
        return not path
    return consistent(last.size, last.root, head.size, head.hash, path)


def _read_signed(known: Sequence[KnownKey], body: bytes) -> tuple[Submission, bytes, Checkpoint]:
    """What was sent, the text of its note, and the head that a known log has signed."""
    try:
        submission = read_submission(body)
        note_text, signatures = read_note(submission.note)
        head = read_checkpoint(note_text)
    except NoteMalformed:
        raise refusal("anchor.malformed") from None
    if submission.old > head.size or head.size == 0:
        raise refusal("anchor.malformed")
    of_log = [key for key in known if key.name == head.origin]
    if not of_log:
        raise refusal("anchor.unknown_log", origin=head.origin)
    if not signed_by_log(note_text, signatures, of_log):
        raise refusal("anchor.not_signed", origin=head.origin)
    return submission, note_text, head


def line_of(signature: NoteSignature) -> str:
    """A signature as it stands under a note."""
    return written_note(b"", signature).decode().lstrip("\n")


async def ask_witness(database: Database, witness: Witness, post: Post) -> AnchorView:
    """Have another instance cosign the last head, and keep what it answers.

    Raises:
        Refused: `anchor.unknown` before there is a head, `anchor.not_cosigned`.
    """
    async with database.session() as session:
        anchor = await load_anchor(session)
    if witness.key.name in anchor.cosigned_by:
        return anchor
    old = 0
    for _ in range(2):
        async with database.session() as session:
            path = await load_growth(session, old, anchor.size)
        note = own_note(anchor)
        status, answer = await post(witness.url, written_submission(Submission(old, path, note)))
        if status != CONFLICT or not answer.strip().isdigit():
            break
        old = int(answer)
        if not 0 <= old <= anchor.size:
            # It has seen a larger tree than there is: this one was put back.
            raise refusal("anchor.not_cosigned", name=witness.key.name, status=status)
    await _keep(database, witness, anchor, status, answer)
    async with database.session() as session:
        return await load_anchor(session, anchor.size)


CONFLICT = 409


async def _keep(
    database: Database, witness: Witness, anchor: AnchorView, status: int, answer: bytes
) -> None:
    note_text, _ = read_note(own_note(anchor))
    try:
        _, lines = read_note(note_text + b"\n" + answer)
    except NoteMalformed:
        lines = ()
    found = [(each, at) for each in lines if (at := cosigned_at(witness.key, note_text, each))]
    if not found:
        raise refusal("anchor.not_cosigned", name=witness.key.name, status=status)
    line, at = found[0]

    async def work(session: AsyncSession) -> None:
        row = {"size": anchor.size, "name": witness.key.name, "line": line_of(line)}
        moment = datetime.fromtimestamp(at, UTC)
        await session.execute(insert(AnchorCosignature).values(**row, cosigned_at=moment))

    await database.transaction(work)


def own_note(anchor: AnchorView) -> bytes:
    """The note without the cosignatures of others: the text, and the signature of its log."""
    note_text, signatures = read_note(anchor.note.encode())
    return written_note(note_text, *(each for each in signatures if each.name == anchor.origin))
