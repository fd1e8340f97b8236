from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.database import Database
from service.parts import Parts
from tests.support.breaks.breaking import STEPS, BreakingDriver
from tests.support.breaks.faults import Faults, Moment
from tests.support.processes.serving import serving

Breaking = Callable[..., Callable[..., BreakingDriver]]


@pytest.fixture(scope="module")
def faults(database: Database) -> Faults:
    return Faults(database)


@pytest.fixture(scope="module")
async def served(
    env: WorkflowEnvironment, database: Database, faults: Faults
) -> AsyncIterator[tuple[Parts, httpx.AsyncClient]]:
    async with serving(env, database, [faults]) as opened:
        yield opened


@pytest.fixture
def breaking(faults: Faults, owner: str) -> Breaking:
    """Makes a kind of driver in whose cases these activities break at this moment."""

    def kind(at: Moment = Moment.INSIDE, *names: str) -> Callable[..., BreakingDriver]:
        def made(*given: Any) -> BreakingDriver:
            driver = BreakingDriver(*given)
            driver.faults, driver.owner, driver.at = faults, owner, at
            driver.to_break = names or tuple(STEPS)
            return driver

        return made

    return kind
