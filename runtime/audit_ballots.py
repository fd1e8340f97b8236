"""The audit of a ballot box: every leaf, every signed batch, and the signed head of the tree.

It finds a ballot that was changed, one that was taken away, one that was put in beside the door or
after the close, and a result that another key signed. It opens nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Ballot, BallotBatch, BallotBox, Event
from models.values.base import Value
from rules.ballots import ballot_id_of, batch_statement, leaf_of, receipt_data
from rules.chain import canonical_json
from rules.merkle import Tree, leaf_hash, root_of
from runtime.journal import utc_text
from runtime.sealing import signed_by

AT_ONCE = 2_000
Batch = tuple[str, int]
"""(intake, number)."""


class BadBallot(Value):
    """Something in a box that is not as it was recorded.

    `reason`: "leaf" (the ballot's content was changed), "late" (it came in after the close),
    "missing" (a signed batch has other ballots than were signed for; `ballot_id` names the batch),
    "batch" (a batch is gone, or its signature is another's), "head" (the signed result is over
    other ballots, another roll, or by another key than was announced).
    """

    box_id: str
    ballot_id: str
    reason: str


@dataclass
class BoxAudit:
    """What was found in one box."""

    ballots: int = 0
    unsigned: int = 0
    bad: list[BadBallot] = field(default_factory=list)


async def audit_box(session: AsyncSession, box: BallotBox, receipts_key: str | None) -> BoxAudit:
    """Check one box, row by row; what is kept meanwhile is 32 bytes of each signed ballot."""
    found = BoxAudit()
    tree = Tree()
    leaves: dict[Batch, list[tuple[str, bytes]]] = defaultdict(list)
    query = select(Ballot).where(Ballot.box_id == box.id).order_by(Ballot.seq)
    rows = await session.stream_scalars(query.execution_options(yield_per=AT_ONCE))
    async for ballot in rows:
        found.ballots += 1
        reason = _fault_of(ballot, box)
        if reason is not None:
            found.bad.append(BadBallot(box_id=box.id, ballot_id=ballot.id, reason=reason))
        tree.append(ballot.leaf)
        leaves[(ballot.intake, ballot.batch)].append((ballot.id, _receipt_leaf(ballot)))
        session.expunge(ballot)
    batches = select(BallotBatch).where(BallotBatch.box_id == box.id)
    signed = {(each.intake, each.number): each for each in await session.scalars(batches)}
    found.bad += _batch_faults(box.id, signed, leaves, receipts_key)
    if box.state == "closed":
        # In an open box a number may be on its way still.
        found.bad += await _gaps(session, box.id, signed)
    found.unsigned = sum(len(each) for batch, each in leaves.items() if batch not in signed)
    found.bad += await _head_faults(session, box, tree)
    return found


def _fault_of(ballot: Ballot, box: BallotBox) -> str | None:
    leaf = leaf_of(
        box_id=ballot.box_id,
        pseudonym=ballot.pseudonym,
        channel=ballot.channel,
        commitment=ballot.commitment,
        heads=ballot.heads,
        area_dm2=ballot.area_dm2,
        shares=ballot.shares,
    )
    if leaf != ballot.leaf or ballot.id != ballot_id_of(leaf):
        return "leaf"
    return "late" if ballot.recorded_at >= box.closes_at else None


def _receipt_leaf(ballot: Ballot) -> bytes:
    return leaf_hash(
        receipt_data(
            ballot_id=ballot.id,
            box_id=ballot.box_id,
            leaf=ballot.leaf,
            recorded_at=utc_text(ballot.recorded_at),
            unit_number=ballot.unit_number,
        )
    )


def _batch_faults(
    box_id: str,
    signed: Mapping[Batch, BallotBatch],
    leaves: Mapping[Batch, list[tuple[str, bytes]]],
    receipts_key: str | None,
) -> Iterator[BadBallot]:
    """Batches whose ballots are not those that were signed for."""
    for (intake, number), batch in signed.items():
        name = f"{intake}.{number}"
        statement = batch_statement(name, batch.root, box_id, batch.size)
        key = bytes.fromhex(receipts_key) if receipts_key is not None else None
        if key is not None and not signed_by(key, statement, batch.signature):
            yield BadBallot(box_id=box_id, ballot_id=name, reason="batch")
            continue
        there = sorted(leaves.get((intake, number), ()))
        if len(there) != batch.size or root_of(leaf for _, leaf in there) != batch.root:
            yield BadBallot(box_id=box_id, ballot_id=name, reason="missing")


async def _gaps(
    session: AsyncSession, box_id: str, signed: Mapping[Batch, BallotBatch]
) -> list[BadBallot]:
    """Numbers that an intake skipped, between its first and its last: a batch was taken away."""
    bad: list[BadBallot] = []
    for intake in sorted({intake for intake, _ in signed}):
        numbers = set(
            await session.scalars(select(BallotBatch.number).where(BallotBatch.intake == intake))
        )
        ours = [number for name, number in signed if name == intake]
        # One intake numbers the batches of all its boxes: the gap is named once, by its own box.
        bad += [
            BadBallot(box_id=box_id, ballot_id=f"{intake}.{number}", reason="batch")
            for number in range(1, max(ours))
            if number not in numbers
        ]
    return bad


async def _head_faults(session: AsyncSession, box: BallotBox, tree: Tree) -> list[BadBallot]:
    if box.tree_head is None:
        return []
    announced = await _details(session, box, "voting.box_announced")
    closed = await _details(session, box, "voting.box_closed")
    good = (
        head_holds(box.tree_head, str(announced.get("signed_by")))
        and box.tree_head.get("root") == tree.root().hex()
        and box.tree_head.get("tree_size") == tree.size
        and box.tree_head.get("roll_hash") == box.roll_hash == announced.get("roll_hash")
        and box.tree_head == closed.get("tree_head")
    )
    return [] if good else [BadBallot(box_id=box.id, ballot_id="", reason="head")]


def head_holds(head: Mapping[str, JsonValue], announced_key: str) -> bool:
    """Is the head signed by the key that was announced with the vote?"""
    fields = {
        name: value for name, value in head.items() if name not in ("public_key", "signature")
    }
    try:
        key, signature = bytes.fromhex(announced_key), bytes.fromhex(str(head.get("signature")))
    except ValueError:
        return False
    return head.get("public_key") == announced_key and signed_by(
        key, canonical_json(fields), signature
    )


async def _details(session: AsyncSession, box: BallotBox, kind: str) -> Mapping[str, JsonValue]:
    found = await session.scalar(
        select(Event.details).where(
            Event.renovation_id == box.renovation_id,
            Event.kind == kind,
            Event.details["box"].as_string() == box.id,
        )
    )
    return found or {}
