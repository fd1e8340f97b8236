"""What a ballot is, as properties: nothing that it says shows in its length, its leaf, its state."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.voting import CHANNELS, INVALID, Channel, Motion, MotionKind, MotionOption
from proof.ballots import (
    NONCE_BYTES,
    Leaves,
    Times,
    ballot_id_of,
    batch_statement,
    commitment_of,
    pseudonym_of,
    receipt_data,
    roll_line,
)
from proof.canonical import canonical_json
from rules.ballots.ballot import (
    BLOCK,
    STAFFED,
    choice_problems,
    padded_length,
    plain_ballot,
    words_of,
)
from rules.ballots.states import AFTER_RULING, ROUTE_OF, BallotReference, RulingReference, states_of

# Names as an attacker would choose them: quotes, backslashes, line ends, Chinese, emoji, JSON.
names = st.one_of(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40
    ),
    st.sampled_from(
        [
            '"',
            '"' * 6,
            "\x01" * 6,
            "\\",
            '","yes":"',
            "\u2028",
            "屋顶",
            "🏠",
            "\x7f",
            "\n",
            "a" * 64,
        ]
    ),
)
hashes = st.binary(min_size=32, max_size=32)
amounts = st.integers(min_value=0, max_value=2**62)
TIMES = Times("2026-03-02T09:00:00.000000+00:00", "2026-04-02T09:00:00.123456+00:00")
pseudonyms = st.text("0123456789abcdef", min_size=32, max_size=32)


RulingKind = Literal["disputed", "accepted", "set_aside"]
KINDS: tuple[RulingKind, ...] = ("disputed", "accepted", "set_aside")


@st.composite
def motion_lists(draw: st.DrawFn) -> list[Motion]:
    ids = draw(st.lists(names, min_size=1, max_size=5, unique=True))
    return [
        Motion(
            id=name,
            title=name,
            kind=MotionKind.MAJOR,
            options=tuple(
                MotionOption(id=option, title=option)
                for option in draw(st.lists(names, max_size=4, unique=True))
            ),
        )
        for name in ids
    ]


@st.composite
def said_in_a_box(draw: st.DrawFn) -> tuple[list[Motion], dict[str, str]]:
    motions = draw(motion_lists())
    voted = draw(st.lists(st.sampled_from(motions), min_size=1, unique_by=lambda each: each.id))
    said = {each.id: draw(st.sampled_from([*words_of(each), INVALID])) for each in voted}
    return motions, said


@given(said_in_a_box())
def test_every_ballot_of_a_box_fits_into_its_length(
    given_box: tuple[list[Motion], dict[str, str]],
) -> None:
    motions, said = given_box
    assert len(plain_ballot(said)) <= padded_length(motions)


@given(motion_lists())
def test_the_length_of_a_box_is_whole_blocks_and_knows_no_ballot(motions: list[Motion]) -> None:
    length = padded_length(motions)
    assert length % BLOCK == 0
    assert length == padded_length(list(reversed(motions)))


@given(said_in_a_box())
def test_a_filled_ballot_gives_its_words_back(
    given_box: tuple[list[Motion], dict[str, str]],
) -> None:
    motions, said = given_box
    filled = plain_ballot(said).ljust(padded_length(motions))
    assert json.loads(filled.rstrip(b" ")) == said
    assert filled.rstrip(b" ") == plain_ballot(said) == canonical_json(said)


@given(said_in_a_box(), st.sampled_from(CHANNELS))
def test_a_ballot_of_known_words_has_no_problems_where_it_may_say_them(
    given_box: tuple[list[Motion], dict[str, str]], channel: Channel
) -> None:
    motions, said = given_box
    by_id = {motion.id: motion for motion in motions}
    wrong = choice_problems(by_id, said, channel)
    refused = {problem.where for problem in wrong}
    assert refused == {
        f"choices.{name}"
        for name, word in said.items()
        if word == INVALID and channel not in STAFFED and word not in words_of(by_id[name])
    }


@given(st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES), st.binary(max_size=200))
def test_the_commitment_is_the_hash_of_nonce_and_choices(nonce: bytes, choices: bytes) -> None:
    assert commitment_of(nonce, choices) == hashlib.sha256(nonce + choices).digest()


@given(
    st.lists(
        st.tuples(st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES), st.binary(max_size=64)),
        min_size=2,
        max_size=2,
        unique=True,
    )
)
def test_no_two_ballots_have_one_commitment(two: list[tuple[bytes, bytes]]) -> None:
    # The nonce has a fixed length, so that no byte of it can be passed off as one of the choices.
    assert commitment_of(*two[0]) != commitment_of(*two[1])


@given(
    names,
    pseudonyms,
    st.sampled_from(CHANNELS),
    hashes,
    st.integers(0, 1),
    amounts,
    st.one_of(st.none(), amounts),
)
def test_a_leaf_is_over_the_canonical_json_of_the_contract(
    box_id: str,
    pseudonym: str,
    channel: str,
    commitment: bytes,
    heads: int,
    area_dm2: int,
    shares: int | None,
) -> None:
    said = canonical_json(
        {
            "area_dm2": area_dm2,
            "box_id": box_id,
            "channel": channel,
            "commitment": commitment.hex(),
            "entry": pseudonym,
            "heads": heads,
            "shares": shares,
        }
    )
    content_hash = hashlib.sha256(b"\0" + said).digest()
    before, now = Leaves(box_id, 1), Leaves(box_id, 2)
    for leaves in (before, now):
        assert content_hash == leaves.content_hash(
            pseudonym=pseudonym,
            channel=channel,
            commitment=commitment,
            heads=heads,
            area_dm2=area_dm2,
            shares=shares,
        )
    for times in (TIMES, replace(TIMES, cast_at="2026-03-02T09:00:00.000001+00:00"), TIMES):
        data = canonical_json({"ballot": content_hash.hex(), **asdict(times)})
        assert before.leaf(content_hash, times) == content_hash
        assert now.leaf(content_hash, times) == hashlib.sha256(b"\0" + data).digest()
    assert ballot_id_of(content_hash) == content_hash.hex()[:32]


@given(names, names, hashes, st.sampled_from([None, "2026-03-02T09:00:00.000000+00:00"]))
def test_receipt_data_is_the_canonical_json_of_the_receipt(
    box_id: str, unit_number: str, leaf: bytes, cast_at: str | None
) -> None:
    data = receipt_data(
        ballot_id=ballot_id_of(leaf),
        box_id=box_id,
        leaf=leaf,
        cast_at=cast_at,
        recorded_at="2026-03-02T09:00:00.000000+00:00",
        unit_number=unit_number,
    )
    assert data == canonical_json(
        {
            **({} if cast_at is None else {"cast_at": cast_at}),
            "ballot_id": leaf.hex()[:32],
            "box_id": box_id,
            "leaf_hash": leaf.hex(),
            "recorded_at": "2026-03-02T09:00:00.000000+00:00",
            "unit_number": unit_number,
        }
    )


@given(names, hashes, names, st.integers(0, 2**31))
def test_a_batch_is_signed_with_its_box_its_name_and_its_size(
    batch: str, root: bytes, box_id: str, size: int
) -> None:
    assert json.loads(batch_statement(batch, root, box_id, size)) == {
        "batch": batch,
        "batch_root": root.hex(),
        "box_id": box_id,
        "size": size,
    }


@given(
    pseudonyms,
    amounts,
    st.one_of(st.none(), amounts),
    st.booleans(),
    st.one_of(st.none(), st.just("arrears")),
)
def test_a_roll_line_is_one_line_of_canonical_json(
    pseudonym: str, area: int, shares: int | None, developer: bool, reason: str | None
) -> None:
    line = roll_line(
        pseudonym=pseudonym,
        heads=1,
        area_dm2=area,
        shares=shares,
        developer=developer,
        excluded_reason=reason,
    )
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line) == {
        "area_dm2": area,
        "developer": developer,
        "entry": pseudonym,
        "excluded_reason": reason,
        "heads": 1,
        "shares": shares,
    }


@given(st.binary(min_size=32, max_size=32), names)
def test_a_pseudonym_is_half_an_hmac_under_the_salt_of_the_box(salt: bytes, entry: str) -> None:
    whole = hmac.new(salt, entry.encode(), hashlib.sha256).hexdigest()
    assert pseudonym_of(salt, entry) == whole[:32]


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=2, unique=True), names)
def test_an_entry_has_another_pseudonym_in_every_box(salts: list[bytes], entry: str) -> None:
    assert pseudonym_of(salts[0], entry) != pseudonym_of(salts[1], entry)


# What becomes of the ballots of one entry.

channel_lists = st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=8)


def casts(channels: Sequence[Channel]) -> list[BallotReference]:
    """Ballots b1, b2… in this order."""
    return [
        BallotReference(seq, f"b{seq}", channel) for seq, channel in enumerate(channels, start=1)
    ]


@st.composite
def entries(draw: st.DrawFn) -> tuple[list[BallotReference], list[RulingReference]]:
    ballots = casts(draw(channel_lists))
    rulings = []
    for _ in range(draw(st.integers(0, 3))):
        up_to = draw(st.integers(1, len(ballots)))
        kind: RulingKind = draw(st.sampled_from(KINDS))
        named = f"b{draw(st.integers(1, up_to))}" if kind == "accepted" else None
        rulings.append(RulingReference(kind, named, up_to))
    return ballots, rulings


@given(entries())
def test_one_ballot_of_an_entry_is_counted_at_most_and_every_one_has_a_state(
    entry: tuple[list[BallotReference], list[RulingReference]],
) -> None:
    ballots, rulings = entry
    states = states_of(ballots, rulings)
    assert set(states) == {ballot.ballot_id for ballot in ballots}
    assert list(states.values()).count("counted") <= 1
    # Where two contradict each other, none is counted.
    assert not {"counted", "contested"} <= set(states.values())


@given(channel_lists)
def test_without_a_ruling_the_last_ballot_of_the_only_route_counts(
    channels: list[Channel],
) -> None:
    states = states_of(casts(channels), ())
    own = {ROUTE_OF[channel] for channel in channels} - {"proxy"}
    ways = own or {"proxy"}
    standing = {
        next(f"b{seq}" for seq in range(len(channels), 0, -1) if ROUTE_OF[channels[seq - 1]] == way)
        for way in ways
    }
    word = "counted" if len(ways) == 1 else "contested"
    assert {name for name, state in states.items() if state == word} == standing
    assert {state for name, state in states.items() if name not in standing} <= {"superseded"}


@given(channel_lists, st.sampled_from(["web", "portal", "paper", "door", "onsite", "official"]))
def test_an_own_ballot_takes_the_mandate_back_whenever_the_agent_votes(
    channels: list[Channel], own: Channel
) -> None:
    agents: list[Channel] = ["proxy"] * 3
    for ballots in (casts([own, *agents]), casts([*agents, own])):
        states = states_of(ballots, ())
        assert {b.channel for b in ballots if states[b.ballot_id] == "counted"} == {own}
    mixed = casts(channels)
    if any(channel != "proxy" for channel in channels):
        states = states_of(mixed, ())
        assert all(states[b.ballot_id] == "superseded" for b in mixed if b.channel == "proxy")


@given(entries(), st.sampled_from(["disputed", "set_aside"]))
def test_the_last_ruling_holds_and_the_earlier_ones_do_not(
    entry: tuple[list[BallotReference], list[RulingReference]], kind: str
) -> None:
    ballots, rulings = entry
    last = RulingReference(kind, None, len(ballots))  # type: ignore[arg-type]
    assert states_of(ballots, [*rulings, last]) == dict.fromkeys(
        (ballot.ballot_id for ballot in ballots), AFTER_RULING[kind]
    )


@given(channel_lists, st.data())
def test_an_accepted_ballot_counts_whatever_the_routes_say(
    channels: list[Channel], data: st.DataObject
) -> None:
    ballots = casts(channels)
    chosen = data.draw(st.sampled_from(ballots))
    states = states_of(ballots, [RulingReference("accepted", chosen.ballot_id, len(ballots))])
    assert states == {
        ballot.ballot_id: "counted" if ballot == chosen else "superseded" for ballot in ballots
    }


@pytest.mark.parametrize(
    ("before", "ruling", "later", "expected"),
    [
        # After a ruling a ballot of the same route replaces the accepted one…
        (["web", "paper"], "accepted b1", ["web"], "superseded superseded counted"),
        (["web", "paper"], "accepted b2", ["door"], "superseded superseded counted"),
        # …one of another route contests it, and an agent's changes nothing.
        (["web", "paper"], "accepted b1", ["paper"], "contested superseded contested"),
        (["web", "paper"], "accepted b1", ["proxy"], "counted superseded superseded"),
        # What was set aside stays so; the voter may vote again.
        (["web", "paper"], "set_aside", ["web"], "set_aside set_aside counted"),
        # While somebody looks into it nothing counts, later ballots neither.
        (["web"], "disputed", ["web"], "contested contested"),
        (["web", "paper"], "disputed", [], "contested contested"),
    ],
)
def test_a_ballot_after_a_ruling(
    before: list[Channel], ruling: str, later: list[Channel], expected: str
) -> None:
    kind, _, named = ruling.partition(" ")
    given_ruling = RulingReference(kind, named or None, len(before))  # type: ignore[arg-type]
    states = states_of(casts([*before, *later]), [given_ruling])
    assert [states[name] for name in sorted(states)] == expected.split()


def test_the_routes_are_those_of_the_rule_book() -> None:
    ways: dict[str, set[str]] = {}
    for channel, way in ROUTE_OF.items():
        ways.setdefault(way, set()).add(channel)
    assert ways == {
        "electronic": {"web", "portal"},
        "written": {"paper", "door"},
        "onsite": {"onsite"},
        "proxy": {"proxy"},
        "official": {"official"},
    }
    assert set(ROUTE_OF) == set(CHANNELS)
