"""Receipts: one Ed25519 signature over a small Merkle tree of everything committed at once.

Each receipt carries its path to the signed root, so that signing costs a fraction of a signature per
ballot. The signed roots are recorded as well: a ballot that goes missing later is missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rules.ballots import batch_statement, receipt_data
from rules.evidence.receipts import short_code
from rules.merkle import all_paths, leaf_hash, root_of
from runtime.sealing import Signer
from service.commands import BallotReceipt, ReceiptBatch

AGAIN = "again"
"""The batch of a receipt that was asked for again: of its own, and not recorded."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A committed ballot."""

    ballot_id: str
    box_id: str
    unit_number: str
    request_hash: str
    leaf: bytes
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """The ballots of one box that were committed at once, and the signature over their tree."""

    id: str
    box_id: str
    size: int
    root: bytes
    signature: bytes


def signed_batch(
    batch_id: str, box_id: str, stored: Sequence[Stored], signer: Signer
) -> tuple[SignedBatch, list[BallotReceipt]]:
    """Sign a batch of one box; the receipts are in the order of `stored`."""
    order = sorted(range(len(stored)), key=lambda at: stored[at].ballot_id)
    leaves = [_leaf(stored[at]) for at in order]
    batch = _signed(batch_id, box_id, leaves, signer)
    receipts: list[BallotReceipt | None] = [None] * len(stored)
    signature = batch.signature.hex()
    for index, (at, path) in enumerate(zip(order, all_paths(leaves), strict=True)):
        each = stored[at]
        receipts[at] = BallotReceipt.model_construct(
            ballot_id=each.ballot_id,
            box_id=each.box_id,
            unit_number=each.unit_number,
            leaf_hash=each.leaf.hex(),
            recorded_at=written(each.recorded_at),
            code=short_code(each.leaf),
            batch=ReceiptBatch.model_construct(
                id=batch_id,
                index=index,
                size=len(leaves),
                path=tuple(sister.hex() for sister in path),
            ),
            public_key=signer.public_key,
            signature=signature,
        )
    return batch, [receipt for receipt in receipts if receipt is not None]


def receipt_again(stored: Stored, signer: Signer) -> BallotReceipt:
    """The receipt of a ballot that was committed earlier: the same statement, signed alone."""
    return signed_batch(AGAIN, stored.box_id, [stored], signer)[1][0]


def written(moment: datetime) -> str:
    """A moment as the doors write it: UTC, microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _leaf(stored: Stored) -> bytes:
    return leaf_hash(
        receipt_data(
            ballot_id=stored.ballot_id,
            box_id=stored.box_id,
            leaf=stored.leaf,
            recorded_at=written(stored.recorded_at),
            unit_number=stored.unit_number,
        )
    )


def _signed(batch_id: str, box_id: str, leaves: Sequence[bytes], signer: Signer) -> SignedBatch:
    root = root_of(leaves)
    signature = signer.sign(batch_statement(batch_id, root, box_id, len(leaves)))
    return SignedBatch(batch_id, box_id, len(leaves), root, signature)
