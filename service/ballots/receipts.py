"""Receipts: one Ed25519 signature over a small Merkle tree of everything committed at once.

Each receipt carries its path to the signed root, so that signing costs a fraction of a signature per
ballot. The signed roots are recorded as well: a ballot that goes missing later is missed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from proof.ballots import batch_statement, receipt_data
from proof.merkle import leaf_hash, root_and_paths
from proof.receipts import short_code
from runtime.ballots.sealing import Signer
from service.bodies import BallotReceipt

AGAIN = "again"
"""The batch id of a receipt that is made again: it is signed alone and its batch is not recorded."""


@dataclass(slots=True)
class StoredBallot:
    """A committed ballot."""

    ballot_id: str
    box_id: str
    unit_number: str
    command_id: str
    request_hash: bytes | None
    """None when another process wrote it, whose key is not known here."""
    leaf: bytes
    cast_at: str | None
    """As `utc_text` writes it; None in a box of format 1, whose receipts do not state it."""
    recorded_at: str
    """As `utc_text` writes it."""


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """The ballots of one box that were committed at once, and the signature over their tree."""

    id: str
    box_id: str
    size: int
    root: bytes
    signature: bytes


@dataclass(slots=True)
class IssuedReceipt:
    """One receipt before it is written; `service.bodies.BallotReceipt` is its published form."""

    stored: StoredBallot
    batch: SignedBatch
    index: int
    path: tuple[bytes, ...]
    public_key: str

    def json(self) -> bytes:
        """The receipt as `BallotReceipt` has it, written out because it is made often."""
        stored, batch = self.stored, self.batch
        path = ",".join(f'"{sister.hex()}"' for sister in self.path)
        cast = "" if stored.cast_at is None else f'"cast_at":"{stored.cast_at}",'
        return (
            f'{{"ballot_id":"{stored.ballot_id}","box_id":{_quoted(stored.box_id)},'
            f'"unit_number":{_quoted(stored.unit_number)},"leaf_hash":"{stored.leaf.hex()}",'
            f'{cast}"recorded_at":"{stored.recorded_at}","code":"{short_code(stored.leaf)}",'
            f'"batch":{{"id":"{batch.id}","index":{self.index},"size":{batch.size},'
            f'"path":[{path}]}},'
            f'"public_key":"{self.public_key}","signature":"{batch.signature.hex()}"}}'
        ).encode()

    def published(self) -> BallotReceipt:
        """The receipt as the OpenAPI document describes it."""
        return BallotReceipt.model_validate_json(self.json())


def signed_batch(
    batch_id: str, box_id: str, stored: Sequence[StoredBallot], signer: Signer
) -> tuple[SignedBatch, list[IssuedReceipt]]:
    """Sign a batch of one box; the receipts are in the order of their ballots' ids."""
    ordered = sorted(stored, key=lambda each: each.ballot_id)
    leaves = [_leaf(each) for each in ordered]
    root, paths = root_and_paths(leaves)
    signature = signer.sign(batch_statement(batch_id, root, box_id, len(leaves)))
    batch = SignedBatch(batch_id, box_id, len(leaves), root, signature)
    return batch, [
        IssuedReceipt(each, batch, index, path, signer.public_key)
        for index, (each, path) in enumerate(zip(ordered, paths, strict=True))
    ]


def receipt_again(stored: StoredBallot, signer: Signer) -> IssuedReceipt:
    """The receipt of a ballot that was committed earlier: the same statement, signed alone."""
    return signed_batch(AGAIN, stored.box_id, [stored], signer)[1][0]


def _leaf(stored: StoredBallot) -> bytes:
    return leaf_hash(
        receipt_data(
            ballot_id=stored.ballot_id,
            box_id=stored.box_id,
            leaf=stored.leaf,
            cast_at=stored.cast_at,
            recorded_at=stored.recorded_at,
            unit_number=stored.unit_number,
        )
    )


_quoted = json.encoder.encode_basestring
