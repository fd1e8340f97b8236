"""Ed25519 in plain Python against RFC 8032 and `cryptography`, and against second spellings."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from proof.verifier.signing import signed

L = 2**252 + 27742317777372353535851937790883648493
P = 2**255 - 19
# RFC 8032 section 7.1: (public key, message, signature)
VECTORS = (
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
            "f9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
            "f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
            "4dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
)
FAST = settings(deadline=None, max_examples=25)


def pair(seed: bytes, message: bytes) -> tuple[bytes, bytes]:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.public_key().public_bytes_raw(), key.sign(message)


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_hold(key: str, message: str, signature: str) -> None:
    assert signed(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))


@FAST
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_what_cryptography_signs_holds(seed: bytes, message: bytes) -> None:
    public, signature = pair(seed, message)
    assert signed(public, message, signature)


@FAST
@given(st.binary(max_size=40), st.integers(0, 511), st.integers(0, 255))
def test_one_turned_bit_anywhere_and_nothing_holds(message: bytes, bit: int, of_key: int) -> None:
    public, signature = pair(b"k" * 32, message)
    turned = bytearray(signature)
    turned[bit // 8] ^= 1 << bit % 8
    other = bytearray(public)
    other[of_key // 8] ^= 1 << of_key % 8
    assert not signed(public, message, bytes(turned))
    assert not signed(bytes(other), message, signature)
    assert not signed(public, message + b"\0", signature)


def test_a_scalar_that_is_not_reduced_is_a_second_spelling() -> None:
    public, signature = pair(b"k" * 32, b"m")
    scalar = int.from_bytes(signature[32:], "little") + L
    assert not signed(public, b"m", signature[:32] + scalar.to_bytes(32, "little"))


SMALL_ORDER = (
    (1).to_bytes(32, "little"),
    (P - 1).to_bytes(32, "little"),
    bytes(32),
    bytes(31) + b"\x80",
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
)


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_a_key_of_small_order_signs_nothing(key: bytes) -> None:
    neutral = (1).to_bytes(32, "little")
    assert not signed(key, b"anything", neutral + bytes(32))
    assert not signed(key, b"anything", key + bytes(32))


@pytest.mark.parametrize("number", [P, P + 1, 2**255 - 1, P + (1 << 255)])
def test_a_point_that_is_not_reduced_is_none(number: int) -> None:
    public, signature = pair(b"k" * 32, b"m")
    code = number.to_bytes(32, "little")
    assert not signed(code, b"m", signature)
    assert not signed(public, b"m", code + signature[32:])


@pytest.mark.parametrize("size", [0, 31, 33])
def test_other_lengths_hold_nothing(size: int) -> None:
    public, signature = pair(b"k" * 32, b"m")
    assert not signed((public + b"\0")[:size], b"m", signature)
    assert not signed(public, b"m", (signature + b"\0")[: size * 2 or 1])
