"""The bodies of requests that write, and their answers: residents, contractors, payment services."""

import json
from typing import Annotated, Literal

from pydantic import Field

from formats.keys_once import KeyTwiceError, keys_once
from models.fields import (
    CommandId,
    Count,
    Day,
    Expected,
    Fen,
    Id,
    Label,
    Points,
    PositiveFen,
    ShortLine,
    Text,
    TicketKind,
    UnitNumber,
    Word,
    entries,
    whole,
)
from models.values.base import Growing, Value
from models.values.refusal import refusal

MOTIONS = 50
Said = Annotated[Word | tuple[Word, ...] | dict[Word, Points], Expected("choice")]
"""What a ballot says to one motion: yes, no or abstain; of several options the id of one, or abstain; of
a menu the ids of works (where works are ranked, the best first), or work id to points."""
Choices = Annotated[dict[Word, Said], *entries(MOTIONS, 1)]
"""Motion id to what the ballot says; a motion that is left out is not voted on."""


class CommandBody(Value):
    """The base of every body that writes; the same `command_id` always gets the same answer."""

    command_id: CommandId


class CastBallot(CommandBody):
    """One ballot of a unit; a later one with another command id replaces it until the close."""

    unit_number: UnitNumber
    choices: Choices
    box_id: Id | None = None
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

    publication_id: Id
    text: Text
    unit_number: UnitNumber | None = None


class ObjectToVote(CommandBody):
    """An owner's objection in the time after a vote, in which silence counts as yes or a veto is open."""

    unit_number: UnitNumber
    box_id: Id | None = None
    """The box of the vote, where several parts of the estate vote."""


class GiveOpinion(CommandBody):
    """What a unit thinks, where only the city's own system may take its ballot; it counts for nothing."""

    unit_number: UnitNumber
    choices: Choices
    box_id: Id | None = None


class ReceivedPayment(Growing, Value):
    """Money received for one unit, or from a `payer` of the money plan; never booked twice under a `reference`."""

    LATER = frozenset({"payer", "paid_on"})
    unit_number: UnitNumber | None = None
    amount_fen: PositiveFen
    reference: ShortLine = ""
    payer: ShortLine = ""
    """The account of whoever pays beside the households, as the ledger names it: `subsidy/city-2026`."""
    paid_on: Day | None = None
    """The day on which the bank had the money; without it that of the report. A late fee counts by it."""


class ReportPayments(CommandBody):
    """Payments that a bank reports, 1 to 1,000; all of them are booked or none."""

    payments: Annotated[tuple[ReceivedPayment, ...], *entries(1_000, 1)]
    source: Literal["owner", "relief", "subsidy", "fund"] = "owner"


MOST_STATEMENT = 1_800_000
"""Bytes of a statement in base64, 1.35 MB of it."""


class ImportStatement(CommandBody):
    """A bank statement as its file; with `dry_run` nothing is booked.

    `assign`: the units for which a sum is that names none, by its reference. A sum that is given back is
    left out.
    """

    name: Label
    """Its name tells the format: .csv, .xls, .xlsx, .ods, .xml (CAMT.053), .sta or .txt (MT940)."""
    content: Annotated[
        str,
        Field(max_length=MOST_STATEMENT),
        Expected("base64", least=0, most=MOST_STATEMENT),
    ]
    assign: Annotated[
        dict[Label, Annotated[tuple[UnitNumber, ...], *entries(100, 1)]], *entries(1_000)
    ] = Field(default_factory=dict)
    dry_run: bool = False


Flag = Annotated[bool | Count | ShortLine, Expected("flag")]
"""One thing that a bid says about itself."""


class SubmitBid(CommandBody):
    """A bid on the open tender."""

    price_fen: PositiveFen
    bond_fen: Fen = 0
    bond_account: ShortLine = ""
    """The account the bond came from; one account for two bidders shows collusion."""
    technical_milli: Points = 0
    flags: Annotated[dict[Word, Flag], *entries(50)] = Field(default_factory=dict)
    """What the committee looks at (author, agent, offers, signed, justification…); see `BidFlags`."""


class WithdrawBid(CommandBody):
    """Take the own bid back before the deadline."""


class OpenTicket(Growing, CommandBody):
    """A suggestion, a complaint, a defect.

    `about_unit` or `about_firm` is whom it complains about: of the complaint they read nothing (P-6).
    """

    LATER = frozenset({"about_unit", "about_firm"})

    unit_number: UnitNumber
    kind: TicketKind
    text: Text
    confidential: bool = False
    about_unit: UnitNumber | None = None
    about_firm: Id | None = None


class ConfirmAnswer(CommandBody):
    """The resident's word on the answer to a ticket."""

    satisfied: bool


class GiveConsent(CommandBody):
    """The owner of a unit lets a work of the scheme occupy part of it."""

    work_id: Id
    unit_number: UnitNumber


class WithdrawConsent(CommandBody):
    """The owner of a unit takes back what `GiveConsent` gave, until works there begin."""

    work_id: Id
    unit_number: UnitNumber


class AnswerSurvey(CommandBody):
    """A household's score of the finished works, from 1 (poor) to 5 (very good)."""

    unit_number: UnitNumber
    score: Annotated[int, *whole("number", 5, 1)]


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
