"""The audit of anchors: the tree over its leaves, the leaves over the events, and who has signed its heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from models.values.base import Value
from proof.merkle import Tree, leaf_hash
from proof.notes import NoteMalformed, NoteSignature, checkpoints_in, read_checkpoint, read_note
from proof.witness import KnownKey, cosigned_at, leaf_of, signed_by_log
from runtime.anchors.keys import AnchorKeys, read_witnesses
from runtime.record.heads import KeptHeads, head_of

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import WorkerSettings

_LEAVES = """
SELECT l.renovation_id, l.seq, l.hash, e.hash AS now FROM anchor_leaf l
LEFT JOIN event e ON e.renovation_id = l.renovation_id AND e.seq = l.seq ORDER BY l.number
"""
_CONTRADICTIONS = "SELECT origin, size, shown_at FROM contradiction ORDER BY origin, size"


class BadAnchor(Value):
    """A head of the tree that does not hold, after `size` leaves.

    `reason`: "leaf" (the event of a case at `renovation_id` is another one than was anchored), "root" (the
    leaves make another tree), "signature" (its note is not ours, or of another head), "cosignature"
    (another instance has cosigned another head), "other_head" (the head that is kept outside of the
    database is another one), or "rolled_back" (a larger tree is kept outside).
    """

    size: int
    reason: str
    renovation_id: str = ""


class TwoHistories(Value):
    """The log of another instance has signed two trees of one size: one that was cosigned here, and another."""

    origin: str
    size: int
    shown_at: datetime


class AnchorsAudit(Value):
    """What was looked at, and what is wrong; `others` is what this instance has found of those it watches."""

    anchors: int
    leaves: int
    cosigned: int
    """Heads with a cosignature by a key that is known."""
    unknown: int
    """Cosignatures by keys that are not known here: they prove nothing."""
    last: datetime | None
    """When the last head was signed."""
    bad: tuple[BadAnchor, ...] = ()
    others: tuple[TwoHistories, ...] = ()


class KnownAnchors(NamedTuple):
    """The keys of anchors, and the heads outside of the database."""

    keys: AnchorKeys
    witnesses: Mapping[str, KnownKey]
    kept: Mapping[int, bytes]
    """By their sizes the first heads that are kept."""


def known_anchors(settings: WorkerSettings) -> KnownAnchors | None:
    """What the settings know; None without a key."""
    if settings.heads_key is None:
        return None
    keys = AnchorKeys.of(settings.heads_key)
    witnesses = {each.key.name: each.key for each in read_witnesses(settings.witnesses)}
    return KnownAnchors(keys, witnesses, kept_in(keys, KeptHeads(settings.anchors_file)))


def kept_in(keys: AnchorKeys, file: KeptHeads) -> dict[int, bytes]:
    """The heads in a file outside of the database that one of the keys has signed, the first of a size."""
    kept: dict[int, bytes] = {}
    if file.path.exists():
        text = file.path.read_text(encoding="utf-8", errors="replace")
        for head, signatures in checkpoints_in(text):
            if signed_by_log(head.text, signatures, keys.of_log(head.origin)):
                kept.setdefault(head.size, head.hash)
    return kept


async def audit_anchors(connection: asyncpg.Connection, known: KnownAnchors) -> AnchorsAudit:
    """Build the tree anew and hold every head of it against what it was signed, cosigned and kept as."""
    rows = await connection.fetch("SELECT size, root, note, made_at FROM anchor ORDER BY size")
    lines = await connection.fetch("SELECT size, name, line FROM anchor_cosignature ORDER BY size")
    others = await connection.fetch(_CONTRADICTIONS)
    tree, roots, bad = Tree(), dict[int, bytes](), list[BadAnchor]()
    sizes = {row["size"] for row in rows} | known.kept.keys()
    async for leaf in connection.cursor(_LEAVES, prefetch=1_000):
        head = head_of(leaf["renovation_id"], leaf["seq"], leaf["hash"])
        tree.append(leaf_hash(leaf_of(head)))
        if leaf["now"] != leaf["hash"]:
            bad.append(
                BadAnchor(size=tree.size, reason="leaf", renovation_id=leaf["renovation_id"])
            )
        if tree.size in sizes:
            roots[tree.size] = tree.root()
    bad += [each for row in rows if (each := _fault(row, roots, known)) is not None]
    bad += _outside(roots, known)
    notes = {row["size"]: row["note"].encode() for row in rows}
    cosigned, unknown = set[int](), 0
    for line in lines:
        key = known.witnesses.get(line["name"])
        if key is None:
            unknown += 1
        elif _cosigned(key, notes[line["size"]], line["line"]):
            cosigned.add(line["size"])
        else:
            bad.append(BadAnchor(size=line["size"], reason="cosignature"))
    return AnchorsAudit(
        anchors=len(rows),
        leaves=tree.size,
        cosigned=len(cosigned),
        unknown=unknown,
        last=rows[-1]["made_at"] if rows else None,
        bad=tuple(bad),
        others=tuple(TwoHistories(**row) for row in others),
    )


def _fault(
    row: asyncpg.Record, roots: Mapping[int, bytes], known: KnownAnchors
) -> BadAnchor | None:
    """What is wrong with one signed head."""
    size = row["size"]
    if roots.get(size) != row["root"]:
        return BadAnchor(size=size, reason="root")
    try:
        text, signatures = read_note(row["note"].encode())
        head = read_checkpoint(text)
    except NoteMalformed:
        return BadAnchor(size=size, reason="signature")
    ours = signed_by_log(text, signatures, known.keys.of_log(head.origin))
    same = (head.size, head.hash) == (size, row["root"])
    return None if ours and same else BadAnchor(size=size, reason="signature")


def _outside(roots: Mapping[int, bytes], known: KnownAnchors) -> Sequence[BadAnchor]:
    """Heads outside of the database that the tree does not reach, or that it tells otherwise."""
    return [
        BadAnchor(size=size, reason="other_head" if size in roots else "rolled_back")
        for size, root in known.kept.items()
        if roots.get(size) != root
    ]


def _cosigned(key: KnownKey, note: bytes, line: str) -> bool:
    try:
        text, _ = read_note(note)
        signatures: Sequence[NoteSignature] = read_note(text + b"\n" + line.encode())[1]
    except NoteMalformed:
        return False
    return any(cosigned_at(key, text, each) is not None for each in signatures)
