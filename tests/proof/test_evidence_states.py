"""Which ballot of an entry counts: `verify.py` finds what the rule finds, whatever was cast and ruled."""

from typing import Any, Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.voting import Channel
from proof.verifier.counting import ROUTES, STATES, Box, Roll, Ruling
from proof.verifier.reading import Fault, Fields
from rules.ballots.states import ROUTE_OF, BallotReference, RulingReference, states_of

CHANNELS: tuple[Channel, ...] = get_args(Channel)
ENTRIES = 3


def leaf(number: int) -> bytes:
    return number.to_bytes(32, "big")


def opened(casts: list[tuple[int, Channel]]) -> Box:
    """A box in which entry 0 may not vote."""
    roll = Roll()
    for number in range(ENTRIES):
        roll.number[bytes([number]) * 16] = number
        for column in (roll.heads, roll.area, roll.shares):
            column.append(1)
        roll.excluded.append(number == 0)
        roll.developer.append(0)
    box = Box("b", None, roll, {})
    for number, (entry, channel) in enumerate(casts, start=1):
        box.entry.append(entry)
        box.route.append(ROUTES[channel])
        box.leaves.add(leaf(number))
    return box


Kind = Literal["disputed", "accepted", "set_aside"]


def ruling(kind: Kind, accepted: int, up_to: int) -> Ruling:
    fields: dict[str, Any] = {
        "at": "",
        "entry": "0" * 32,
        "kind": kind,
        "leaf": leaf(accepted).hex() if kind == "accepted" else None,
        "number": 1,
        "reason": "",
        "role": None,
        "up_to": up_to,
    }
    return Ruling(Fields(fields, "rulings.jsonl", 1))


@given(data=st.data())
def test_both_find_the_same_states(data: st.DataObject) -> None:
    one = st.tuples(st.integers(0, ENTRIES - 1), st.sampled_from(CHANNELS))
    casts = data.draw(st.lists(one, max_size=14))
    rulings: dict[int, Ruling] = {}
    known: dict[int, list[RulingReference]] = {}
    for entry in data.draw(st.sets(st.integers(0, ENTRIES - 1))):
        own = [number for number, (of, _) in enumerate(casts, start=1) if of == entry]
        kind: Kind = data.draw(
            st.sampled_from(("disputed", "accepted", "set_aside") if own else ("disputed",))
        )
        up_to = data.draw(st.integers(own[0] if own else 0, len(casts)))
        accepted = data.draw(st.sampled_from([n for n in own if n <= up_to] or [0]))
        rulings[entry] = ruling(kind, accepted, up_to)
        name = f"{accepted}" if kind == "accepted" else None
        known[entry] = [RulingReference(kind, name, up_to)]
    box = opened(casts)
    found = [STATES[state] for state in box._states_due(rulings)]
    due: dict[str, str] = {}
    for entry in range(ENTRIES):
        own_casts = [
            BallotReference(number, f"{number}", channel)
            for number, (of, channel) in enumerate(casts, start=1)
            if of == entry
        ]
        states = states_of(own_casts, known.get(entry, ()))
        due |= dict.fromkeys(states, "excluded") if entry == 0 else states
    assert found == [due[f"{number}"] for number in range(1, len(casts) + 1)]


def test_a_channel_is_in_the_same_route_for_both() -> None:
    by_route: dict[int, set[str]] = {}
    for channel in CHANNELS:
        by_route.setdefault(ROUTES[channel], set()).add(ROUTE_OF[channel])
    assert ROUTES.keys() == set(CHANNELS)
    assert sorted(len(routes) for routes in by_route.values()) == [1] * len(set(ROUTE_OF.values()))


def test_a_ruling_for_a_ballot_that_the_entry_never_cast_is_a_fault() -> None:
    box = opened([(1, "web"), (2, "web")])
    with pytest.raises(Fault, match="is no ballot of this entry"):
        box.check_states({1: ruling("accepted", 2, 2)})
