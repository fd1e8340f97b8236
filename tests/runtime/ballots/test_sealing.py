"""The envelope of a ballot: what opens it, what does not, and what its outside says."""

import json
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from models.values.voting import INVALID, Motion, MotionKind
from proof.ballots import commitment_of
from proof.signing import signed_by
from rules.ballots.ballot import padded_length, plain_ballot, words_of
from runtime.ballots.sealing import BallotOpener, BoxKeys, SealBroken, Sealer, Signer, public_half
from tests.support.slow import examples

KEYS = BoxKeys(SecretStr("b0" * 32))
BOX = "r1.1"
LENGTH = 64
YES = plain_ballot({"works": "yes"})
NO = plain_ballot({"works": "no"})


class Pair:
    """A box, one seal for it, and what opens it."""

    def __init__(self, box_id: str = BOX) -> None:
        self.key = KEYS.new(box_id)
        self.private = KEYS.unwrap(box_id, self.key.wrapped)
        self.seal = Sealer(self.key.public)
        self.opener = BallotOpener(self.private, self.seal.public)


PAIR = Pair()


@given(st.binary(max_size=LENGTH).filter(lambda said: not said.endswith(b" ")))
def test_what_was_sealed_comes_out_with_the_nonce_of_its_commitment(said: bytes) -> None:
    words = PAIR.seal.seal(said, LENGTH)
    nonce, choices = PAIR.opener.open(words.sealed, words.commitment)
    assert choices == said
    assert commitment_of(nonce, choices) == words.commitment


@pytest.mark.parametrize("bit", [0, 7])
def test_every_flipped_byte_of_the_envelope_breaks_the_seal(bit: int) -> None:
    words = PAIR.seal.seal(YES, LENGTH)
    for place in range(len(words.sealed)):
        changed = bytearray(words.sealed)
        changed[place] ^= 1 << bit
        with pytest.raises(SealBroken):
            PAIR.opener.open(bytes(changed), words.commitment)


def test_every_flipped_byte_of_the_commitment_breaks_the_seal() -> None:
    words = PAIR.seal.seal(YES, LENGTH)
    for place in range(len(words.commitment)):
        changed = bytearray(words.commitment)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            PAIR.opener.open(words.sealed, bytes(changed))


@given(st.binary(max_size=200))
def test_garbage_breaks_the_seal_and_nothing_else(garbage: bytes) -> None:
    words = PAIR.seal.seal(YES, LENGTH)
    for sealed in (garbage, words.sealed + garbage[:1] + b"x", words.sealed[: len(garbage)]):
        with pytest.raises(SealBroken):
            PAIR.opener.open(sealed[: len(words.sealed) - 1], words.commitment)


def test_an_envelope_in_another_row_does_not_open() -> None:
    one, other = PAIR.seal.seal(YES, LENGTH), PAIR.seal.seal(YES, LENGTH)
    with pytest.raises(SealBroken):
        PAIR.opener.open(one.sealed, other.commitment)


def test_neither_another_seal_nor_another_box_opens_it() -> None:
    words = PAIR.seal.seal(YES, LENGTH)
    other_box, other_seal = Pair("r2.1"), Sealer(PAIR.key.public)
    for opener in (
        BallotOpener(PAIR.private, other_seal.public),
        BallotOpener(other_box.private, PAIR.seal.public),
        other_box.opener,
    ):
        with pytest.raises(SealBroken):
            opener.open(words.sealed, words.commitment)


def test_the_public_halves_do_not_open_it() -> None:
    # All that a reader of the tables has; each taken for a private key opens nothing.
    words = PAIR.seal.seal(YES, LENGTH)
    for guess in (PAIR.key.public, PAIR.seal.public, PAIR.key.wrapped[12:44], bytes(31) + b"\1"):
        with pytest.raises(SealBroken):
            BallotOpener(guess, PAIR.seal.public).open(words.sealed, words.commitment)


@given(st.text(max_size=64), st.text(max_size=64))
def test_a_wrapped_key_is_bound_to_its_box(box_id: str, other: str) -> None:
    key = KEYS.new(box_id)
    assert public_half(KEYS.unwrap(box_id, key.wrapped)) == key.public
    if other != box_id:
        with pytest.raises(SealBroken):
            KEYS.unwrap(other, key.wrapped)


def test_a_changed_wrapped_key_or_another_workers_key_does_not_unwrap() -> None:
    key = KEYS.new(BOX)
    for place in range(len(key.wrapped)):
        changed = bytearray(key.wrapped)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            KEYS.unwrap(BOX, bytes(changed))
    with pytest.raises(SealBroken):
        BoxKeys(SecretStr("b1" * 32)).unwrap(BOX, key.wrapped)
    with pytest.raises(SealBroken):
        KEYS.unwrap(BOX, b"")


MOTIONS = [
    Motion(id="works", title="Works", kind=MotionKind.MAJOR),
    Motion(id="屋顶", title="Roof", kind=MotionKind.ORDINARY, depends_on="works"),
    Motion.model_validate(
        {
            "id": "colour",
            "title": "Colour",
            "kind": "ordinary",
            "options": [
                {"id": name, "title": name} for name in ("red", "a very pale yellow", "绿")
            ],
        }
    ),
]


@given(st.data())
@settings(max_examples=examples(50))
def test_all_sealed_ballots_of_a_box_are_equally_long_whatever_they_say(
    data: st.DataObject,
) -> None:
    voted = data.draw(st.lists(st.sampled_from(MOTIONS), unique_by=lambda each: each.id))
    said = {m.id: data.draw(st.sampled_from([*words_of(m), INVALID])) for m in voted}
    length = padded_length(MOTIONS)
    words = PAIR.seal.seal(plain_ballot(said), length)
    assert (len(words.sealed), len(words.commitment)) == (12 + 16 + length + 16, 32)


def test_the_same_words_look_different_every_time() -> None:
    outsides = [PAIR.seal.seal(YES, LENGTH) for _ in range(500)]
    assert len({words.sealed[:12] for words in outsides}) == 500
    assert len({words.sealed for words in outsides}) == 500
    assert len({words.commitment for words in outsides}) == 500


def test_a_ballot_longer_than_its_box_is_not_sealed() -> None:
    with pytest.raises(ValueError):
        PAIR.seal.seal(b"x" * (LENGTH + 1), LENGTH)


def test_two_boxes_and_two_seals_share_no_key() -> None:
    keys = [KEYS.new(BOX) for _ in range(20)]
    seals = [Sealer(keys[0].public) for _ in range(20)]
    assert len({key.public for key in keys}) == len({seal.public for seal in seals}) == 20
    assert len({key.wrapped for key in keys}) == len({seal.id for seal in seals}) == 20


@given(st.binary(max_size=300))
def test_a_signature_is_deterministic_and_fits_one_message_and_one_key(message: bytes) -> None:
    signer, other = Signer(b"\1" * 32), Signer(b"\2" * 32)
    signature = signer.sign(message)
    public = bytes.fromhex(signer.public_key)
    assert signer.sign(message) == signature
    assert signed_by(public, message, signature)
    assert not signed_by(public, message + b"!", signature)
    assert not signed_by(bytes.fromhex(other.public_key), message, signature)


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_garbage_is_nobodys_signature(key: bytes, signature: bytes) -> None:
    signer = Signer(b"\1" * 32)
    public = bytes.fromhex(signer.public_key)
    assert not signed_by(key, b"message", signer.sign(b"message"))
    assert not signed_by(public, b"message", signature)


def test_the_secrets_of_the_worker_and_of_the_service_make_keys_of_their_own() -> None:
    # One secret for two purposes would let one key stand for the other.
    secret = SecretStr(secrets.token_hex(32))
    receipts, keys = Signer.of_receipts(secret), BoxKeys(secret)
    assert receipts.public_key != keys.signer.public_key
    assert keys.signer.public_key == BoxKeys(secret).signer.public_key
    assert secret.get_secret_value() not in json.dumps(
        [receipts.public_key, keys.signer.public_key]
    )
