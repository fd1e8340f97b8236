"""Journeys by chance on the told clock: none hangs, and the record of each is clean."""

from collections.abc import Awaitable, Callable

import pytest

from runtime.database import Database
from runtime.record.audit import audit
from tests.support.estate import scheme_content
from tests.support.journey import JourneyDriver
from tests.support.wanderer import Wanderer

Begin = Callable[..., Awaitable[JourneyDriver]]
QUICK, MANY = range(10), range(10, 100)


def scheme_of(seed: int) -> object:
    """Every third case has a gap that somebody has to close."""
    content = scheme_content()
    if seed % 3:
        return content
    cost = sum(item.cost_fen for item in content.items)
    return content.model_copy(update={"funding": (), "owners_limit_fen": cost - 500})


async def wander(journey: Begin, database: Database, seed: int) -> None:
    j = await journey(content=scheme_of(seed))
    wanderer = Wanderer(j, seed)
    state = await wanderer.go()
    told = "\n".join([f"seed {seed} ended as {state}", *wanderer.log])
    assert state in ("completed", "shelved", "cancelled"), told
    assert (await j.handle.result()).state == state, told
    left = await j.db.fetch("SELECT workflow_id, what FROM case_wait WHERE renovation_id=$1", j.rid)
    assert not left, f"{left}\n{told}"
    report = await audit(database, j.rid)
    assert report.ok, f"{report}\n{told}"


@pytest.mark.parametrize("seed", QUICK)
async def test_a_journey_by_chance_comes_to_an_end(
    journey: Begin, database: Database, seed: int
) -> None:
    await wander(journey, database, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
async def test_many_journeys_by_chance_come_to_an_end(
    journey: Begin, database: Database, seed: int
) -> None:
    await wander(journey, database, seed)
