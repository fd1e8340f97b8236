import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proof.canonical import canonical_json, digest
from proof.chain import GENESIS, Link, event_hash, verify
from tests.support.slow import examples

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(TEXT.filter(lambda name: name != "prev_hash"), JSON, max_size=4)


def chain_of(*contents: dict[str, Any]) -> list[Link]:
    links: list[Link] = []
    for seq, fields in enumerate(contents, start=1):
        before = links[-1].hash if links else GENESIS
        links.append(Link(seq, before, event_hash(before, fields), fields))
    return links


def test_the_hash_is_the_one_anybody_computes_with_the_standard_library() -> None:
    fields: dict[str, Any] = {
        "seq": 1,
        "kind": "voting.box_closed",
        "details": {"费用": [1, None, True]},
    }
    text = (
        '{"details":{"费用":[1,null,true]},"kind":"voting.box_closed",'
        f'"prev_hash":"{GENESIS}","seq":1}}'
    )
    assert event_hash(GENESIS, fields) == hashlib.sha256(text.encode()).hexdigest()


@given(JSON)
@settings(max_examples=examples(100))
def test_canonical_json_does_not_depend_on_the_order_and_survives_a_round_trip(value) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value
    assert canonical_json(json.loads(written)) == written


@pytest.mark.parametrize("value", [1.5, {"a": [1.0]}, "a\0b", {"a\0": 1}, "\ud800"])
def test_what_a_database_would_not_give_back_unchanged_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical_json(value)


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {2, 3}}, b"x"])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


@given(st.lists(FIELDS, max_size=5))
@settings(max_examples=examples(50))
def test_a_chain_as_it_was_written_is_whole(contents) -> None:
    assert verify(chain_of(*contents)) is None


@given(st.lists(FIELDS, min_size=1, max_size=5), st.data())
@settings(max_examples=examples(100))
def test_any_changed_event_is_the_first_bad_one(contents, data) -> None:
    links = chain_of(*contents)
    at = data.draw(st.integers(0, len(links) - 1))
    other = data.draw(FIELDS.filter(lambda fields: digest(fields) != digest(links[at].fields)))
    links[at] = links[at]._replace(fields=other)
    assert verify(links) == at + 1


@given(st.lists(FIELDS, min_size=2, max_size=5), st.data())
@settings(max_examples=examples(50))
def test_a_removed_event_is_found_at_its_successor(contents, data) -> None:
    links = chain_of(*contents)
    at = data.draw(st.integers(0, len(links) - 2))
    del links[at]
    assert verify(links) == at + 2


def test_a_rewritten_event_with_a_fitting_hash_breaks_the_next_one() -> None:
    links = chain_of({"a": 1}, {"a": 2}, {"a": 3})
    forged = {"a": 9}
    links[1] = Link(2, links[1].prev_hash, event_hash(links[1].prev_hash, forged), forged)
    assert verify(links) == 3
