"""The audit of a ballot box: every leaf, every signed batch, the roll, and the signed head of the tree.

It finds a ballot that was changed, taken away, inserted past the intake or inserted after the close;
a roll that was changed; and a result that another key signed. Only ballots of closed boxes are opened,
with the key that the closing has published.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
from pydantic import JsonValue

from models.values.base import Value
from proof.ballots import Leaves, Times, ballot_id_of, batch_statement, receipt_data
from proof.canonical import canonical_json, utc_text
from proof.merkle import Tree, leaf_hash, root_of
from proof.signing import signed_by
from runtime.ballots.audit_boxes import (
    box_holds,
    event_details,
    off_the_roll,
    out_of_order,
    roll_holds,
    rulings_hold,
)
from runtime.ballots.sealing import BallotOpener, SealBroken
from runtime.ballots.times import leaf_times, sandbox_time
from runtime.rows import (
    AuditedBallot,
    AuditedBatch,
    AuditedBox,
    AuditedCase,
    AuditedClock,
    fetch,
    rows,
)

SEALS = "SELECT id, public_key FROM ballot_seal WHERE box_id = $1"
NUMBERS = "SELECT number FROM ballot_batch WHERE intake = $1"
SLACK = timedelta(minutes=1)
"""Tolerated between the reading of a ballot's tick and its recording, which follow each other at once."""
Batch = tuple[str, int]
"""(intake, number)."""


class BadBallot(Value):
    """Something in a box that is not as it was recorded.

    `reason`: "leaf" (the ballot's content or its times were changed), "early" or "late" (it was cast
    before the opening, or after the close), "missing" (a signed batch has other ballots than were signed for; `ballot_id` names the batch),
    "batch" (a batch is gone, or its signature is another's), "seal" (in a closed box: it does not
    open to what was committed to), "roll" (its entry, unit or weights are not those of the roll; with
    an empty `ballot_id` the roll itself is not the one that was announced), "order" (it stands after
    a later one of its entry), "twice" (it does not fit the box's rule about changing a ballot),
    "ruling" (one was written, changed or taken away beside the events), "box" (the box's times, keys, motions or result are not those of its events), "head" (the signed
    result is over other ballots, another roll, or by another key than was announced).
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


async def audit_box(
    connection: asyncpg.Connection, box: AuditedBox, receipts_keys: Sequence[str] | None
) -> BoxAudit:
    """Check one box, row by row; in memory stay the id and the receipt leaf of each ballot.

    `receipts_keys` are the public keys (hex) that may have signed a batch; None: none is checked.
    """
    found = BoxAudit()
    tree = Tree()
    check = await _load_check(connection, box)
    leaves: dict[Batch, list[tuple[str, bytes]]] = defaultdict(list)
    openers = await _openers(connection, box)
    async for ballot in rows(connection, AuditedBallot, "WHERE box_id = $1 ORDER BY seq", box.id):
        found.ballots += 1
        times = leaf_times(ballot.cast_at, ballot.recorded_at)
        reason = check.fault(ballot, times) or _seal_fault(ballot, openers)
        if reason is not None:
            found.bad.append(BadBallot(box_id=box.id, ballot_id=ballot.id, reason=reason))
        tree.append(ballot.leaf)
        leaves[(ballot.intake, ballot.batch)].append((ballot.id, _receipt_leaf(ballot, box, times)))
    batches = await fetch(connection, AuditedBatch, "WHERE box_id = $1", box.id)
    signed = {(each.intake, each.number): each for each in batches}
    found.bad += _batch_faults(box.id, signed, leaves, receipts_keys)
    found.bad += await _gaps(connection, box.id, signed)
    unsigned = {batch: each for batch, each in leaves.items() if batch not in signed}
    found.unsigned = sum(len(each) for each in unsigned.values())
    found.bad += _unexplained(box.id, signed, unsigned)
    found.bad += await _faults_around(connection, box, {each.ballot_id for each in found.bad})
    found.bad += await _head_faults(connection, box, tree)
    return found


@dataclass(frozen=True)
class _Check:
    """What every ballot of a box is compared with."""

    box: AuditedBox
    leaves: Leaves
    clock: Mapping[str, JsonValue] | None = None
    """`Renovation.clock`, for a box of format 1: its leaves do not cover when a ballot was cast."""
    on_the_wall: bool = False
    """The case runs on the wall clock, so `recorded_at` has to lie before the close as well."""

    def fault(self, ballot: AuditedBallot, times: Times) -> str | None:
        """What is wrong with the row of one ballot, as `BadBallot.reason`; None: nothing."""
        content_hash = self.leaves.content_hash(
            pseudonym=ballot.pseudonym,
            channel=ballot.channel,
            commitment=ballot.commitment,
            heads=ballot.heads,
            area_dm2=ballot.area_dm2,
            shares=ballot.shares,
        )
        leaf = self.leaves.leaf(content_hash, times)
        if leaf != ballot.leaf or ballot.id != ballot_id_of(leaf):
            return "leaf"
        if self.clock is not None and ballot.cast_at != sandbox_time(
            self.clock, ballot.recorded_at
        ):
            return "leaf"
        if bool(ballot.only_one) == self.box.change_allowed:
            return "twice"
        if ballot.cast_at < self.box.opens_at:
            return "early"
        late = self.on_the_wall and ballot.recorded_at >= self.box.closes_at + SLACK
        return "late" if late or ballot.cast_at >= self.box.closes_at else None


async def _load_check(connection: asyncpg.Connection, box: AuditedBox) -> _Check:
    leaves = Leaves(box.id, box.format)
    if box.format > 1:
        told = await fetch(connection, AuditedClock, "WHERE renovation_id = $1", box.renovation_id)
        return _Check(box, leaves, on_the_wall=not told)
    (renovation,) = await fetch(connection, AuditedCase, "WHERE id = $1", box.renovation_id)
    return _Check(box, leaves, clock=renovation.clock)


async def _openers(
    connection: asyncpg.Connection, box: AuditedBox
) -> dict[str, BallotOpener] | None:
    """The openers of a closed box by the id of their seal; None while the box is open.

    Empty when the box's key is not a key: then no ballot opens.
    """
    if box.opened_key is None:
        return None
    seals = await connection.fetch(SEALS, box.id)
    try:
        return {name: BallotOpener(box.opened_key, public_key) for name, public_key in seals}
    except ValueError:
        return {}


def _seal_fault(ballot: AuditedBallot, openers: Mapping[str, BallotOpener] | None) -> str | None:
    if openers is None:
        return None
    opener = openers.get(ballot.seal_id)
    if opener is None:
        return "seal"
    try:
        opener.open(ballot.sealed, ballot.commitment)
    except SealBroken:
        return "seal"
    return None


async def _faults_around(
    connection: asyncpg.Connection, box: AuditedBox, named: Collection[str]
) -> list[BadBallot]:
    """What is wrong with the roll, the order of the ballots, the rulings and the box itself.

    Ballots in `named` have a finding already and get no second one.
    """
    bad = [
        BadBallot(box_id=box.id, ballot_id=ballot_id, reason=reason)
        for reason, ballots in (
            ("roll", await off_the_roll(connection, box.id)),
            ("order", await out_of_order(connection, box.id)),
        )
        for ballot_id in ballots
        if ballot_id not in named
    ]
    if not await roll_holds(connection, box):
        bad.append(BadBallot(box_id=box.id, ballot_id="", reason="roll"))
    if not await rulings_hold(connection, box):
        bad.append(BadBallot(box_id=box.id, ballot_id="", reason="ruling"))
    if not await box_holds(connection, box):
        bad.append(BadBallot(box_id=box.id, ballot_id="", reason="box"))
    return bad


def _receipt_leaf(ballot: AuditedBallot, box: AuditedBox, times: Times) -> bytes:
    return leaf_hash(
        receipt_data(
            ballot_id=ballot.id,
            box_id=ballot.box_id,
            leaf=ballot.leaf,
            cast_at=times.cast_at if box.format > 1 else None,
            recorded_at=times.recorded_at,
            unit_number=ballot.unit_number,
        )
    )


def _batch_faults(
    box_id: str,
    signed: Mapping[Batch, AuditedBatch],
    leaves: Mapping[Batch, list[tuple[str, bytes]]],
    receipts_keys: Sequence[str] | None,
) -> Iterator[BadBallot]:
    """Batches whose ballots are not those that were signed for."""
    for (intake, number), batch in signed.items():
        name = f"{intake}.{number}"
        statement = batch_statement(name, batch.root, box_id, batch.size)
        keys = None if receipts_keys is None else map(bytes.fromhex, receipts_keys)
        if keys is not None and not any(signed_by(k, statement, batch.signature) for k in keys):
            yield BadBallot(box_id=box_id, ballot_id=name, reason="batch")
            continue
        there = sorted(leaves.get((intake, number), ()))
        if len(there) != batch.size or root_of(leaf for _, leaf in there) != batch.root:
            yield BadBallot(box_id=box_id, ballot_id=name, reason="missing")


def _unexplained(
    box_id: str, signed: Collection[Batch], unsigned: Mapping[Batch, list[tuple[str, bytes]]]
) -> Iterator[BadBallot]:
    """Unsigned ballots that no crash explains.

    An intake that crashes leaves its last batches unsigned. Here the same intake has signed a batch
    with a higher number, so these were inserted by somebody else.
    """
    newest: dict[str, int] = defaultdict(int)
    for intake, number in signed:
        newest[intake] = max(newest[intake], number)
    for (intake, number), ballots in unsigned.items():
        if number <= newest[intake]:
            for ballot_id, _ in ballots:
                yield BadBallot(box_id=box_id, ballot_id=ballot_id, reason="batch")


async def _gaps(
    connection: asyncpg.Connection, box_id: str, signed: Mapping[Batch, AuditedBatch]
) -> list[BadBallot]:
    """Numbers that are missing among the batches of an intake.

    Batches are recorded in the order of their numbers, so a gap always means that a batch was
    deleted, never that an intake crashed.
    """
    bad: list[BadBallot] = []
    for intake in sorted({intake for intake, _ in signed}):
        numbers = {number for (number,) in await connection.fetch(NUMBERS, intake)}
        ours = [number for name, number in signed if name == intake]
        # An intake numbers the batches of all its boxes together; `numbers` holds all of them.
        bad += [
            BadBallot(box_id=box_id, ballot_id=f"{intake}.{number}", reason="batch")
            for number in range(1, max(ours))
            if number not in numbers
        ]
    return bad


async def _head_faults(
    connection: asyncpg.Connection, box: AuditedBox, tree: Tree
) -> list[BadBallot]:
    if box.tree_head is None:
        return []
    announced = await event_details(connection, box, "voting.box_announced")
    closed = await event_details(connection, box, "voting.box_closed")
    good = (
        bool(announced and closed)
        and head_holds(box.tree_head, str(announced[0].get("signed_by")))
        and box.tree_head.get("root") == tree.root().hex()
        and box.tree_head.get("tree_size") == tree.size
        and box.tree_head.get("roll_hash") == box.roll_hash == announced[0].get("roll_hash")
        and box.tree_head == closed[0].get("tree_head")
        and period_holds(box)
    )
    return [] if good else [BadBallot(box_id=box.id, ballot_id="", reason="head")]


def period_holds(box: AuditedBox) -> bool:
    """Does the signed head state the period of the box? That of format 1 states none."""
    head = box.tree_head or {}
    stated = (head.get("opens_at"), head.get("closes_at"))
    period = (utc_text(box.opens_at), utc_text(box.closes_at)) if box.format > 1 else (None, None)
    return stated == period


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
