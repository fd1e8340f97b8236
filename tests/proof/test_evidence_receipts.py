"""Receipts: codes that can be read aloud, and statements that nobody else can have made."""

from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from models.values.refusal import Refused
from proof.canonical import canonical_json
from proof.merkle import leaf_hash, root_and_paths
from proof.receipts import SignedReceipt, check_receipt, matches, read_code, short_code, stated

LEAVES = st.binary(min_size=32, max_size=32)


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


CAST_AT = "2026-02-27T01:00:00.000000+00:00"


def receipts(size: int, cast_at: str | None = CAST_AT) -> list[SignedReceipt]:
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    blank = [
        SignedReceipt(
            ballot_id=f"{number:032x}",
            box_id="box-1",
            unit_number=f"1-{number}",
            leaf_hash=leaf_hash(bytes([number])).hex(),
            cast_at=cast_at,
            recorded_at="2026-03-01T08:00:00.000001+00:00",
            batch={"id": "i-1", "index": number, "size": size, "path": ()},
            public_key=key.public_key().public_bytes_raw().hex(),
            signature="0" * 128,
        )
        for number in range(size)
    ]
    leaves = [leaf_hash(stated(receipt)) for receipt in blank]
    root, paths = root_and_paths(leaves)
    message: dict[str, JsonValue] = {
        "batch": "i-1",
        "batch_root": root.hex(),
        "box_id": "box-1",
        "size": size,
    }
    signature = key.sign(canonical_json(message)).hex()
    return [
        SignedReceipt.model_validate(
            receipt.model_dump()
            | {"signature": signature}
            | {"batch": receipt.batch.model_dump() | {"path": tuple(part.hex() for part in path)}}
        )
        for receipt, path in zip(blank, paths, strict=True)
    ]


def codes(refusal: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.code for problem in refusal.value.problems]


def test_a_code_is_the_first_sixty_bits_in_crockfords_alphabet() -> None:
    leaf = bytes.fromhex("00443214c74254b6") + bytes(24)
    assert short_code(leaf) == "0123-4567-89AB"
    assert short_code(bytes(32)) == "0000-0000-0000"
    assert short_code(b"\xff" * 32) == "ZZZZ-ZZZZ-ZZZZ"


@given(LEAVES)
def test_a_code_is_found_again_however_it_is_typed(leaf: bytes) -> None:
    code = short_code(leaf)
    typed = code.replace("-", " ").lower().replace("0", "o").replace("1", "l")
    assert read_code(typed) == code
    assert matches(typed, leaf)


@given(LEAVES, LEAVES)
def test_a_code_stands_for_its_leaf_only(leaf: bytes, other: bytes) -> None:
    assert matches(short_code(leaf), other) == (
        leaf[:7] == other[:7] and leaf[7] >> 4 == other[7] >> 4
    )


@pytest.mark.parametrize("text", ["", "0123-4567-89A", "0123-4567-89ABC", "0123-4567-89AU", "投票"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_code(text)
    assert codes(refusal) == ["receipt.code"]


@pytest.mark.parametrize("size", [1, 2, 3, 8, 13])
def test_every_receipt_of_a_batch_holds(size: int) -> None:
    for receipt in receipts(size):
        check_receipt(receipt, signed)
        check_receipt(receipt, signed, receipt.public_key.upper())


@pytest.mark.parametrize("size", [1, 5])
def test_receipts_of_format_1_hold_as_they_were_given_out(size: int) -> None:
    for receipt in receipts(size, None):
        check_receipt(receipt, signed)
        assert b"cast_at" not in stated(receipt)
        with pytest.raises(Refused):
            check_receipt(receipt.model_copy(update={"cast_at": CAST_AT}), signed)


CHANGES = {
    "ballot_id": "f" * 32,
    "box_id": "box-2",
    "unit_number": "9-9",
    "leaf_hash": "0" * 64,
    "cast_at": "2026-02-27T01:00:00.000001+00:00",
    "recorded_at": "2026-03-01T07:00:00.000001+00:00",
    "signature": "0" * 128,
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_receipt_with_a_changed_field_does_not_hold(field: str) -> None:
    changed = receipts(5)[2].model_copy(update={field: CHANGES[field]})
    with pytest.raises(Refused) as refusal:
        check_receipt(changed, signed)
    assert codes(refusal) == ["receipt.signature"]


@pytest.mark.parametrize("change", [{"index": 3}, {"size": 6}, {"id": "i-2"}])
def test_a_receipt_moved_within_its_batch_does_not_hold(change: dict[str, Any]) -> None:
    receipt = receipts(5)[2]
    moved = receipt.model_copy(update={"batch": receipt.batch.model_copy(update=change)})
    with pytest.raises(Refused) as refusal:
        check_receipt(moved, signed)
    assert codes(refusal) == ["receipt.signature"]


def test_a_path_of_another_length_is_refused() -> None:
    receipt = receipts(5)[2]
    short = receipt.batch.model_copy(update={"path": receipt.batch.path[1:]})
    with pytest.raises(Refused) as refusal:
        check_receipt(receipt.model_copy(update={"batch": short}), signed)
    assert codes(refusal) == ["receipt.path"]


def test_a_receipt_of_another_key_than_the_posted_one_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        check_receipt(receipts(1)[0], signed, "00" * 32)
    assert codes(refusal) == ["receipt.key"]
