"""The bodies of requests that write, and their answers: residents, contractors, payment services."""

import json
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from formats.keys_once import KeyTwiceError, keys_once
from models.values.base import Value
from models.values.refusal import refusal

CommandId = Annotated[
    str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\s#\x00-\x1f\x7f]+$")
]
"""Made by the page or the calling system; 1 to 120 characters.

No "#": keys with it are the engine's own ("<workflow id>#<step>"), and nobody outside may take one.
"""
UnitNumber = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Line = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$"),
]
Fen = Annotated[int, Field(strict=True, ge=0, le=10**15)]
"""Money in 0.01 yuan; at most ten million million yuan, far below what a column holds."""
MOTIONS = 50
Word = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Points = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class CommandBody(Value):
    """The base of every body that writes; the same `command_id` always gets the same answer."""

    command_id: CommandId


class CastBallot(CommandBody):
    """One ballot of a unit; a later one with another command id replaces it until the close."""

    unit_number: UnitNumber
    choices: dict[Word, Word | tuple[Word, ...] | dict[Word, Points]] = Field(
        min_length=1, max_length=MOTIONS
    )
    """Motion id to what the ballot says; a motion that is left out is not voted on.

    yes, no or abstain; of several options the id of one, or abstain; of a menu the ids of works
    (where works are ranked, the best first), or work id to points.
    """
    box_id: str | None = Field(default=None, max_length=64)
    """The ballot box the page showed; if given, another vote does not take this ballot."""

    @classmethod
    def from_json(cls, body: bytes) -> "CastBallot":
        """The ballot in a body, every key of which stands once: one answer must not hide another.

        Raises:
            ValidationError: it is no ballot.
            Refused: `service.key_twice`.
        """
        ballot = cls.model_validate_json(body)
        # A colon for each key that was read: no key stood twice, and it need not be looked for.
        if body.count(b":") != len(ballot.model_fields_set) + len(ballot.choices):
            refuse_repeated_keys(body)
        return ballot


class FileObjection(CommandBody):
    """An objection against an open publication."""

    publication_id: str = Field(min_length=1, max_length=64)
    text: Text
    unit_number: UnitNumber | None = None


class ReceivedPayment(Value):
    """Money received for one unit; with a `reference` the same money is never booked twice."""

    unit_number: UnitNumber
    amount_fen: Annotated[int, Field(strict=True, gt=0, le=10**15)]
    reference: Line = ""


class ReportPayments(CommandBody):
    """Payments that a bank reports, 1 to 1,000; all of them are booked or none."""

    payments: tuple[ReceivedPayment, ...] = Field(min_length=1, max_length=1000)
    source: Literal["owner", "relief", "subsidy", "fund"] = "owner"


class SubmitBid(CommandBody):
    """A bid on the open tender."""

    price_fen: Annotated[int, Field(strict=True, gt=0, le=10**15)]
    bond_fen: Fen = 0
    bond_account: Line = ""
    """The account the bond came from; one account for two bidders shows collusion."""
    technical_milli: int = Field(default=0, strict=True, ge=0, le=1_000_000)
    flags: dict[Annotated[str, StringConstraints(max_length=64)], bool | int | Line] = Field(
        default_factory=dict, max_length=50
    )
    """What the committee looks at (author, agent, offers, signed, justification…); see `BidFlags`."""


class WithdrawBid(CommandBody):
    """Take the own bid back before the deadline."""


class OpenTicket(CommandBody):
    """A suggestion, a complaint, a defect."""

    unit_number: UnitNumber
    kind: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9_.]*$")]
    text: Text
    confidential: bool = False


class ConfirmAnswer(CommandBody):
    """The resident's word on the answer to a ticket."""

    satisfied: bool


class AnswerSurvey(CommandBody):
    """A household's score of the finished works, from 1 (poor) to 5 (very good)."""

    unit_number: UnitNumber
    score: int = Field(strict=True, ge=1, le=5)


class ReceiptBatch(Value):
    """Where a receipt stands in the tree of what was committed with it.

    `path` holds the sisters from the leaf up to the root (RFC 6962), each a SHA-256 in hex.
    """

    id: str
    index: int
    size: int
    path: tuple[str, ...]


class BallotReceipt(Value):
    """Proof that a ballot is in the box; it does not say how anybody voted.

    `leaf_hash` is the ballot's leaf in the box's Merkle tree, `code` its short form on paper.
    `signature` is Ed25519 over the canonical JSON of {batch, batch_root, box_id, size}; the leaf of
    the batch's tree is the canonical JSON of this receipt's fields before `code`. `cast_at` is the
    moment by the clock of the case, which decides; receipts of a box of format 1 do not state it.
    """

    ballot_id: str
    box_id: str
    unit_number: str
    leaf_hash: str
    cast_at: str | None = None
    recorded_at: str
    code: str
    batch: ReceiptBatch
    public_key: str
    signature: str


class Accepted(Value):
    """The answer to a write: the id of what was written, and when (case time)."""

    command_id: str
    id: str
    kind: str
    happened_at: str


def refuse_repeated_keys(text: bytes | str) -> None:
    """Refuse JSON with a key twice in one object; what is no JSON is left to who reads it.

    Raises:
        Refused: `service.key_twice`.
    """
    try:
        json.loads(text, object_pairs_hook=keys_once)
    except KeyTwiceError as twice:
        key = twice.key[:80]
        raise refusal("service.key_twice", where=key, key=key) from None
    except (ValueError, RecursionError):
        return
