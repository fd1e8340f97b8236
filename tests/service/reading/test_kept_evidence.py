"""What everybody reads of the evidence is made once for all who ask, and again when something has happened."""

import asyncio
from typing import Any

import pytest

from service.history.kept import EvidenceState, KeptEvidence

STATE = EvidenceState("r1", "a" * 64, 3, 0)


class Maker:
    """Makes a zip of so many bytes, and counts how often, and how often at the same time."""

    def __init__(self, size: int = 10) -> None:
        self.size, self.made, self.now, self.most = size, 0, 0, 0

    async def make(self) -> bytes:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.made, self.now = self.made + 1, self.now - 1
        return bytes(self.size)


async def test_all_who_ask_at_once_get_one_that_is_made_once() -> None:
    kept, maker = KeptEvidence(), Maker()
    found = await asyncio.gather(*(kept.of(STATE, maker.make) for _ in range(20)))
    assert (len(set(found)), maker.made) == (1, 1)


@pytest.mark.parametrize(
    "later",
    [
        {"head_hash": "b" * 64},
        {"anchored": 4},
        {"votes": 1},
        {"renovation_id": "r2"},
        {"nameless": frozenset({"li"})},
    ],
)
async def test_it_is_made_again_when_something_has_happened(later: dict[str, Any]) -> None:
    kept, maker = KeptEvidence(), Maker()
    await kept.of(STATE, maker.make)
    await kept.of(STATE._replace(**later), maker.make)
    await kept.of(STATE._replace(**later), maker.make)
    assert maker.made == 2


async def test_what_is_for_one_reader_is_never_kept_and_made_one_at_a_time() -> None:
    kept, maker = KeptEvidence(), Maker()
    await asyncio.gather(*(kept.of(None, maker.make) for _ in range(5)))
    assert (maker.made, maker.most) == (5, 1)


async def test_the_oldest_make_room_and_a_large_one_is_not_kept() -> None:
    kept, maker = KeptEvidence(most_bytes=40), Maker()
    states = [STATE._replace(renovation_id=f"r{number}") for number in range(5)]
    for state in states:
        await kept.of(state, maker.make)
    await kept.of(states[-1], maker.make)
    assert maker.made == 5
    await kept.of(states[0], maker.make)
    large = Maker(11)
    for _ in range(2):
        await kept.of(STATE, large.make)
    assert (maker.made, large.made) == (6, 2)
