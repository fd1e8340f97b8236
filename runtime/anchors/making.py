"""The tree of heads grows by the cases that were written to since, and its head is signed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Anchor, AnchorCosignature, AnchorLeaf
from models.values.base import Value
from models.values.refusal import refusal
from proof.merkle import Tree, consistency_path, inclusion_path, leaf_hash
from proof.notes import Checkpoint, read_checkpoint, read_note, written_note
from proof.witness import encoded, leaf_of
from runtime.anchors.keys import AnchorKeys
from runtime.database import Database
from runtime.record.heads import KeptHeads, head_of

LOCK = text("SELECT pg_advisory_xact_lock(hashtext('gongjian/anchors'))")
CHANGED = text("""
SELECT r.id, r.head_seq AS seq, r.head_hash AS hash FROM renovation r
WHERE r.head_seq > coalesce((
  SELECT l.seq FROM anchor_leaf l WHERE l.renovation_id = r.id ORDER BY l.number DESC LIMIT 1), 0)
ORDER BY r.id
""")
PIECE = 1_000


class AnchorView(Value):
    """A signed head of the tree of all cases' heads (C2SP tlog-checkpoint).

    `note` is the whole signed note, with the cosignatures of `cosigned_by`; `root` is base64.
    """

    origin: str
    size: int
    root: str
    made_at: datetime
    note: str
    cosigned_by: tuple[str, ...]


class AnchoredCase(Value):
    """That the head of a case stands in the tree: RFC 6962 section 2.1.1, hashes in base64.

    The leaf is SHA-256(0x00 || `leaf`); `seq` and `hash` are those of the event that made the head.
    """

    renovation_id: str
    seq: int
    hash: str
    leaf: str
    index: int
    path: tuple[str, ...]
    anchor: AnchorView


async def make_anchor(
    database: Database, keys: AnchorKeys, kept: KeptHeads | None = None
) -> tuple[AnchorView, int]:
    """Add the heads that have moved, and sign the tree; the head and how many were added.

    Without any the last head stands. `kept` is the file outside of the database.

    Raises:
        Refused: `anchor.nothing` before there is any case.
    """

    async def work(session: AsyncSession) -> tuple[Anchor, int]:
        await session.execute(LOCK)
        last = await session.scalar(select(Anchor).order_by(Anchor.size.desc()).limit(1))
        rows = (await session.execute(CHANGED)).all()
        if not rows and last is None:
            raise refusal("anchor.nothing")
        if not rows and last is not None:
            return last, 0
        tree = Tree(last.size, last.peaks) if last is not None else Tree()
        first = tree.size
        heads = [head_of(row.id, row.seq, row.hash) for row in rows]
        tree.extend(leaf_hash(leaf_of(head)) for head in heads)
        new = [
            {"number": first + place, "renovation_id": row.id, "seq": row.seq, "hash": row.hash}
            for place, row in enumerate(rows)
        ]
        for start in range(0, len(new), PIECE):
            await session.execute(insert(AnchorLeaf), new[start : start + PIECE])
        origin = keys.name if last is None else _origin(last)
        checkpoint = Checkpoint(origin, tree.size, tree.root())
        note = written_note(checkpoint.text, keys.signed(origin, checkpoint.text)).decode()
        row = Anchor(
            size=tree.size,
            root=checkpoint.hash,
            peaks=tree.peaks,
            note=note,
            made_at=await session.scalar(select(func.clock_timestamp())),
        )
        session.add(row)
        return row, len(new)

    row, added = await database.transaction(work)
    if added and kept is not None:
        kept.append(row.note.encode())
    async with database.session() as session:
        return await _view(session, row), added


async def load_anchor(session: AsyncSession, size: int | None = None) -> AnchorView:
    """The last head, or the one of a size.

    Raises:
        Refused: `anchor.unknown`.
    """
    query = select(Anchor).order_by(Anchor.size.desc()).limit(1)
    row = await session.scalar(query if size is None else query.where(Anchor.size == size))
    if row is None:
        raise refusal("anchor.unknown")
    return await _view(session, row)


async def load_anchored(
    session: AsyncSession, renovation_id: str, until: int | None = None
) -> AnchoredCase:
    """The last head of a case that stands in the tree, with its path to the last signed head.

    `until` is the number of the last event that the reader may know of, None where that is any.

    Raises:
        Refused: `anchor.unknown`, also of a case that no anchor has yet.
    """
    anchor = await load_anchor(session)
    leaf = await session.scalar(
        select(AnchorLeaf)
        .where(
            AnchorLeaf.renovation_id == renovation_id,
            AnchorLeaf.number < anchor.size,
            true() if until is None else AnchorLeaf.seq <= until,
        )
        .order_by(AnchorLeaf.number.desc())
        .limit(1)
    )
    if leaf is None:
        raise refusal("anchor.unknown")
    path = inclusion_path(await load_leaves(session, anchor.size), leaf.number)
    return AnchoredCase(
        renovation_id=renovation_id,
        seq=leaf.seq,
        hash=leaf.hash,
        leaf=leaf_of(head_of(renovation_id, leaf.seq, leaf.hash)).decode(),
        index=leaf.number,
        path=encoded(path),
        anchor=anchor,
    )


async def load_leaves(session: AsyncSession, size: int) -> Sequence[bytes]:
    """The hashes of the leaves of a tree of this size."""
    rows = await session.execute(
        select(AnchorLeaf.renovation_id, AnchorLeaf.seq, AnchorLeaf.hash)
        .where(AnchorLeaf.number < size)
        .order_by(AnchorLeaf.number)
    )
    return [leaf_hash(leaf_of(head_of(*row))) for row in rows]


async def load_growth(session: AsyncSession, old: int, size: int) -> tuple[bytes, ...]:
    """What proves that the tree of `size` leaves is that of `old` ones, grown; none is needed from 0 on."""
    return consistency_path(await load_leaves(session, size), old) if old else ()


async def _view(session: AsyncSession, row: Anchor) -> AnchorView:
    lines = (
        await session.scalars(
            select(AnchorCosignature)
            .where(AnchorCosignature.size == row.size)
            .order_by(AnchorCosignature.name)
        )
    ).all()
    text_of, _ = read_note(row.note.encode())
    return AnchorView(
        origin=read_checkpoint(text_of).origin,
        size=row.size,
        root=encoded((row.root,))[0],
        made_at=row.made_at,
        note=row.note + "".join(line.line for line in lines),
        cosigned_by=tuple(line.name for line in lines),
    )


def _origin(row: Anchor) -> str:
    return read_checkpoint(read_note(row.note.encode())[0]).origin
