"""A voter's receipt: what it states, the short code that is printed on it, and whether it holds.

A receipt is signed together with all that were committed at the same moment: the signature is over
the root of a small Merkle tree, the receipt carries its path to it. Signatures are checked by the
caller (`signed`), since this room holds no keys.
"""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from models.values.base import Carried
from models.values.refusal import Problem, Refused, refusal
from proof.ballots import batch_statement
from proof.canonical import canonical_json
from proof.merkle import leaf_hash, root_from_path

CODE_BITS = 60
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, which are read as 1, 1, 0 and V or not at all."""
_DIGITS = CODE_BITS // 5
_GROUP = 4
_PAIRS = [one + other for one in ALPHABET for other in ALPHABET]
"""Ten bits to two digits: every ballot gets a code."""
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})

Signed = Callable[[bytes, bytes, bytes], bool]
"""(public key, message, signature): did the owner of the key sign the message."""
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ReceiptPlace(Carried):
    """Where the receipt stands in the tree of its batch, and its way to the root."""

    id: str
    index: int = Field(ge=0)
    size: int = Field(gt=0)
    path: tuple[Hash, ...] = Field(max_length=64)


class SignedReceipt(Carried):
    """What the voter keeps. It shows that a ballot was taken, never what it says."""

    ballot_id: str
    box_id: str
    unit_number: str
    leaf_hash: Hash
    cast_at: str | None = None
    """None in a box of format 1, whose receipts do not state it."""
    recorded_at: str
    batch: ReceiptPlace
    public_key: Hash
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


def short_code(leaf: bytes) -> str:
    """The first 60 bits of a leaf hash as XXXX-XXXX-XXXX, to be read aloud and typed."""
    number = int.from_bytes(leaf[:8], "big") >> 64 - CODE_BITS
    pairs = _PAIRS
    return (
        f"{pairs[number >> 50]}{pairs[number >> 40 & 1023]}-"
        f"{pairs[number >> 30 & 1023]}{pairs[number >> 20 & 1023]}-"
        f"{pairs[number >> 10 & 1023]}{pairs[number & 1023]}"
    )


def read_code(text: str) -> str:
    """The code that somebody typed, as it is printed: small letters, o for 0, i and l for 1 are read.

    Raises:
        Refused: `receipt.code`.
    """
    digits = text.strip().upper().translate(_MISREAD)
    if len(digits) != _DIGITS or any(digit not in ALPHABET for digit in digits):
        raise Refused(Problem(code="receipt.code", params={"code": text[:40]}))
    return "-".join(digits[start : start + _GROUP] for start in range(0, _DIGITS, _GROUP))


def matches(code: str, leaf: bytes) -> bool:
    """Whether a code, however it was typed, stands for this leaf.

    Raises:
        Refused: `receipt.code`.
    """
    return read_code(code) == short_code(leaf)


def stated(receipt: SignedReceipt) -> bytes:
    """What the receipt itself says, as the leaf of its batch has it."""
    content: dict[str, JsonValue] = {
        "ballot_id": receipt.ballot_id,
        "box_id": receipt.box_id,
        "leaf_hash": receipt.leaf_hash,
        "recorded_at": receipt.recorded_at,
        "unit_number": receipt.unit_number,
    }
    if receipt.cast_at is not None:
        content["cast_at"] = receipt.cast_at
    return canonical_json(content)


def statement(receipt: SignedReceipt) -> bytes:
    """What was signed: the root of the batch that the receipt's path leads to.

    Raises:
        Refused: `receipt.path`: the path does not fit its place.
    """
    place = receipt.batch
    path = [bytes.fromhex(part) for part in place.path]
    try:
        root = root_from_path(leaf_hash(stated(receipt)), place.index, place.size, path)
    except ValueError:
        raise refusal("receipt.path", where=receipt.ballot_id[:64]) from None
    return batch_statement(place.id, root, receipt.box_id, place.size)


def check_receipt(receipt: SignedReceipt, signed: Signed, public_key: str | None = None) -> None:
    """Refuse a receipt that its key, or the key on the posted notice, did not sign.

    Raises:
        Refused: `receipt.path`, `receipt.key` (another key than `public_key`), `receipt.signature`.
    """
    where = receipt.ballot_id[:64]
    if public_key is not None and receipt.public_key != public_key.strip().lower():
        raise refusal("receipt.key", where=where)
    signature, key = bytes.fromhex(receipt.signature), bytes.fromhex(receipt.public_key)
    if not signed(key, statement(receipt), signature):
        raise refusal("receipt.signature", where=where)
