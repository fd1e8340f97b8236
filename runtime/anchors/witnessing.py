"""Two instances watch each other: one asks for a cosignature, the other looks whether the tree only grew."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import AnchorCosignature, Witnessed
from models.values.refusal import refusal
from proof.merkle import consistent
from proof.notes import NoteMalformed, NoteSignature, read_checkpoint, read_note, written_note
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

    async def work(session: AsyncSession) -> NoteSignature:
        await session.execute(LOCK, {"origin": f"gongjian/witnessed/{head.origin}"})
        last = await session.scalar(
            select(Witnessed)
            .where(Witnessed.origin == head.origin)
            .order_by(Witnessed.size.desc())
            .limit(1)
        )
        before = 0 if last is None else last.size
        if submission.old != before:
            raise refusal("anchor.old_size", size=before)
        grown = last is None or consistent(
            last.size, last.root, head.size, head.hash, submission.path
        )
        if not grown or (last is None and submission.path):
            raise refusal("anchor.two_histories", origin=head.origin, size=before)
        now = await session.scalar(select(func.clock_timestamp()))
        line = keys.cosigned(note_text, int((now or datetime.now(UTC)).timestamp()))
        if before < head.size:
            row = {"origin": head.origin, "size": head.size, "root": head.hash}
            note = submission.note.decode()
            await session.execute(insert(Witnessed).values(**row, note=note, cosigned_at=now))
        return line

    return line_of(await database.transaction(work))


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
