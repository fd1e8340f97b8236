import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import JsonValue, SecretStr

from cli.demo import hand as hands
from cli.demo.doors import Doors, at_once
from cli.demo.estate import units_of
from cli.demo.hand import Charge, Hand
from cli.demo.run import Silent
from models.values.refusal import Problem, Refused

NOW = datetime(2025, 3, 3, tzinfo=UTC)


class NoCharges:
    async def charges(self, renovation_id: str) -> tuple[Charge, ...]:
        return ()


@asynccontextmanager
async def looking_at(**fields: JsonValue) -> AsyncIterator[Hand]:
    """A hand before a service that always gives the same answer."""
    body = {"stage": "voting", "state": "running", "waiting_for": "engine", "events": 3}
    answer = {**body, "case_now": NOW.isoformat(), **fields}
    service = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    async with httpx.AsyncClient(transport=service, base_url="http://demo") as http:
        doors = Doors(http, "r1", SecretStr("ab" * 32))
        yield Hand(doors, units_of(60, 1), NoCharges(), 1, Silent(), lambda: None)


async def test_a_renovation_that_does_not_move_is_said_to_stand_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hands, "STILL_S", 0.0)
    async with looking_at() as hand:
        await hand.look()
        with pytest.raises(Refused) as refused:
            await hand.look()
    problem = refused.value.problems[0]
    assert problem.code == "demo.stands_still"
    assert (problem.params["stage"], problem.params["waiting_for"]) == ("voting", "engine")


async def test_a_legal_period_that_runs_is_no_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "STILL_S", 0.0)
    async with looking_at(due_at=(NOW + timedelta(days=1)).isoformat()) as hand:
        await hand.look()
        assert (await hand.look()).waiting_for == "engine"


async def test_what_one_of_many_clients_is_refused_comes_out_as_that_refusal() -> None:
    async def work(job: int) -> None:
        await asyncio.sleep(0)
        if job == 5:
            raise Refused(Problem(code="demo.act_refused"))

    with pytest.raises(Refused) as refused:
        await at_once(range(10), work, clients=4)
    assert refused.value.problems[0].code == "demo.act_refused"


async def test_every_job_is_done_once_however_many_clients_there_are() -> None:
    done: list[int] = []

    async def work(job: int) -> None:
        await asyncio.sleep(0)
        done.append(job)

    await at_once(range(200), work)
    assert sorted(done) == list(range(200))
