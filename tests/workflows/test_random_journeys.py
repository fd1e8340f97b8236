"""Journeys by chance on the told clock: none hangs, the record of each is clean, and its tables are what it tells.

`GONGJIAN_SEEDS=41-99` tries those of a hundred alone: a run that was stopped goes on where it was.
"""

import os

import pytest

from runtime.database import Database
from tests.support.wanderer import Begin, wander

FIRST, _, LAST = os.environ.get("GONGJIAN_SEEDS", "1-99").partition("-")
QUICK, MANY = range(1), range(int(FIRST), int(LAST or FIRST) + 1)


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
