"""Journeys by chance on the told clock: none hangs, and the record of each is clean."""

import pytest

from runtime.database import Database
from tests.support.wanderer import Begin, wander

QUICK, MANY = range(1), range(1, 100)


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
