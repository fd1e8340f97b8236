"""The envelopes of bids: what opens them, what does not, and what they say from outside."""

import pytest
from pydantic import SecretStr

from models.values.refusal import Refused
from runtime.bidding.envelopes import BidContent, Envelopes
from service.bodies import SubmitBid
from service.residents.bids import hash_of

OLD, NEW = "8b" * 32, "9c" * 32
KEY = SecretStr("0f" * 32)
ENVELOPES = Envelopes(SecretStr(OLD))
OFFER = BidContent(
    bidder_id="firm:1", price_fen=777_123, bond_account="6222 0000", flags={"agent": "李"}
)


def shut(envelopes: Envelopes, name: str, envelope: bytes) -> str:
    with pytest.raises(Refused) as refused:
        envelopes.open(name, envelope)
    (problem,) = refused.value.problems
    assert problem.code == "bidding.envelope_shut"
    return str(problem.params["key"])


def test_what_was_handed_in_comes_out_again() -> None:
    assert ENVELOPES.open("t.1", ENVELOPES.seal("t.1", OFFER)) == OFFER


def test_no_envelope_opens_as_another_bid_with_another_key_or_with_a_changed_byte() -> None:
    envelope = ENVELOPES.seal("t.1", OFFER)
    shut(ENVELOPES, "t.2", envelope)
    assert shut(Envelopes(SecretStr(NEW)), "t.1", envelope) == envelope[:8].decode()
    for at in range(0, len(envelope), 97):
        changed = bytearray(envelope)
        changed[at] ^= 1
        shut(ENVELOPES, "t.1", bytes(changed))
    shut(ENVELOPES, "t.1", envelope[:-1])
    shut(ENVELOPES, "t.1", b"")


def test_after_a_rotation_the_old_ones_open_and_new_ones_need_the_new_key() -> None:
    rotated = Envelopes(SecretStr(f"{NEW},{OLD}"))
    assert rotated.open("t.1", ENVELOPES.seal("t.1", OFFER)) == OFFER
    shut(ENVELOPES, "t.1", rotated.seal("t.1", OFFER))


def test_an_envelope_says_nothing_by_its_length_and_never_the_same_twice() -> None:
    cheap = BidContent(bidder_id="b", price_fen=1)
    dear = OFFER.model_copy(update={"price_fen": 10**12})
    assert len(ENVELOPES.seal("t.1", cheap)) == len(ENVELOPES.seal("t.1", dear))
    assert ENVELOPES.seal("t.1", OFFER) != ENVELOPES.seal("t.1", OFFER)


def test_a_repeated_request_is_known_by_a_hash_that_nobody_without_the_key_can_try_out() -> None:
    body = SubmitBid(command_id="c", price_fen=777_123)
    other = SubmitBid(command_id="c", price_fen=777_124)
    assert hash_of(KEY, body) == hash_of(KEY, body)
    assert hash_of(KEY, body) != hash_of(KEY, other)
    assert hash_of(KEY, body) != hash_of(SecretStr(NEW), body)
