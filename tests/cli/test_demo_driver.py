import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import JsonValue

from cli.demo import client as client_of_demo
from cli.demo import driver as drivers
from cli.demo import journey
from cli.demo.client import Client, HttpAnswer, at_once
from cli.demo.driver import Charge, Driver, Owed
from cli.demo.journey import travel
from cli.demo.run import Silent
from cli.demo.stages.ballots import DemoBallot
from cli.demo.stages.voting import REACTIONS, send
from cli.demo.town import people
from cli.demo.town.estate import make_units
from models.values.refusal import Problem, Refused
from models.values.timetable import Timetable
from service.views import RenovationView

ZONE = ZoneInfo(Timetable().zone)
NINE = datetime(2025, 3, 3, 9, tzinfo=ZONE)
MIDNIGHT = datetime(2025, 3, 19, tzinfo=ZONE)


NOTHING_YET: dict[str, Any] = {
    "id": "r1",
    "estate_id": "r1.estate",
    "title": "An estate",
    "place_path": "d/s/c/g",
    "stage": "voting",
    "due_at": None,
    "rule_pack": "CN-2021",
    "case_now": NINE.isoformat(),
    "clock": "told",
    "sandbox": True,
    "events": 1,
    "workflow_id": "renovation/r1",
    "stage_workflow_id": "renovation/r1/voting",
    "opened_at": NINE.isoformat(),
    "closed_at": None,
    "box": None,
    "tender": None,
    "contract_value_fen": None,
    "publication": None,
    "works": [],
    "tickets": [],
    "open_tickets": 0,
}
"""A renovation of which nothing has happened, as the service shows it."""


class NoCharges:
    async def charges(self, renovation_id: str) -> tuple[Charge, ...]:
        return ()

    async def due(self, renovation_id: str, now: datetime) -> tuple[Charge, ...]:
        return ()

    async def owed(self, renovation_id: str) -> tuple[Owed, ...]:
        return ()


class FakeService:
    """A service before which the demo acts: one wait after the other, and a clock that is told."""

    def __init__(self, *waiting_for: str, now: datetime = NINE) -> None:
        self.ahead = list(waiting_for)
        self.now = now
        self.waits: list[dict[str, Any]] = []
        self.moves: list[dict[str, Any]] = []
        self.credentials: set[str] = set()
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.answer: Callable[[str, dict[str, Any]], httpx.Response] = lambda path, body: (
            httpx.Response(201, json={"id": "x"})
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1/renovations/r1")
        if request.method == "GET":
            return httpx.Response(200, json=self.clock() if path == "/clock" else self.view())
        body = json.loads(request.content)
        if path == "/clock":
            self.credentials.add(request.headers["authorization"].removeprefix("Bearer "))
            return self.move(body)
        self.posted.append((path, body))
        return self.answer(path, body)

    def view(self) -> dict[str, Any]:
        running = bool(self.ahead)
        return {
            **NOTHING_YET,
            "state": "running" if running else "completed",
            "waiting_for": self.ahead[0] if running else "nothing",
        }

    def clock(self) -> dict[str, Any]:
        return {
            "renovation_id": "r1",
            "clock": "told",
            "now": self.now.astimezone(UTC).isoformat(),
            "settled": True,
            "holds": [],
            "waits": self.waits,
        }

    def move(self, body: dict[str, Any]) -> httpx.Response:
        self.moves.append(body)
        if body["move"] == "to":
            self.now = datetime.fromisoformat(body["to"]).replace(hour=9, tzinfo=ZONE)
        elif body["move"] == "days":
            self.now += timedelta(days=body["days"])
        else:
            self.now = self.now.replace(hour=0) + timedelta(days=1)
            self.ahead = self.ahead[1:]
        return httpx.Response(200, json={**self.clock(), "from": "…", "to": "…", "moves": []})


class Inside:
    """Households that have entered already."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def vote(self, sender: str, body: Mapping[str, JsonValue]) -> HttpAnswer:
        return await self.client.post("/ballots", f"v2.{sender}", body)

    async def give_mandates(
        self, units: Sequence[str], motions: Sequence[str], now: datetime
    ) -> None:
        assert len(units) == 1
        assert motions

    async def print_letters(self) -> int:
        return 60

    def has_entered(self, unit_number: str) -> bool:
        return True

    async def ticket(self, unit_number: str) -> str:
        return f"v2.{unit_number}"


@asynccontextmanager
async def before(service: Callable[[httpx.Request], httpx.Response]) -> AsyncIterator[Driver]:
    transport = httpx.MockTransport(service)
    async with httpx.AsyncClient(transport=transport, base_url="http://demo") as http:
        sessions = {people.COMMITTEE.id: "s1.committee", people.GRID_WORKER.id: "s1.grid"}
        client = Client([http], "r1", sessions)
        yield Driver(
            client, Inside(client), make_units(60, 1), NoCharges(), 1, Silent(), lambda: None
        )


def refused_for(error: pytest.ExceptionInfo[Refused]) -> Problem:
    (problem,) = error.value.problems
    return problem


async def test_where_nobody_is_asked_the_clock_goes_on_until_the_case_is_over() -> None:
    service = FakeService("engine", "objections.candidates", "tickets")
    async with before(service) as driver:
        last = await travel(driver)
    assert last.state == "completed"
    assert [body["move"] for body in service.moves] == ["next"] * 3
    assert service.posted == []


async def test_every_move_is_the_committees_and_has_an_id_of_its_own() -> None:
    service = FakeService("engine", "tickets")
    async with before(service) as driver:
        await travel(driver)
        await driver.days(4)
    ids = [body["command_id"] for body in service.moves]
    assert len(set(ids)) == len(ids) == 3
    assert all(name.startswith("r1-") for name in ids)
    assert service.credentials == {"s1.committee"}


async def test_a_person_acts_once_for_what_is_waited_for_and_in_the_morning() -> None:
    service = FakeService("open_vote", now=MIDNIGHT)
    async with before(service) as driver:
        await travel(driver)
    # What residents suggest is answered before the vote.
    assert [path for path, _ in service.posted] == [
        "/suggestions/written-down",
        "/suggestions/x/review",
        "/suggestions/replies",
        "/acts/open_vote",
    ]
    assert [body["move"] for body in service.moves] == ["to", "next"]
    assert service.moves[0]["to"] == "2025-03-19"


async def test_nobody_votes_before_the_box_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    voted_at: list[datetime] = []

    async def vote(driver: Driver, _view: RenovationView) -> None:
        voted_at.append(driver.clock.now)

    monkeypatch.setitem(journey.REACTIONS, "ballots", vote)
    opens_at = NINE + timedelta(days=2, hours=-9)
    service = FakeService("ballots", "ballots", "ballots", "ballots")
    since = opens_at.isoformat()
    service.waits = [{"what": "ballots", "since": since, "workflow_id": "renovation/r1/voting"}]
    async with before(service) as driver:
        await travel(driver)
    assert voted_at == [NINE + timedelta(days=2)]


async def test_it_waits_for_a_monday_and_on_a_monday_for_nothing() -> None:
    service = FakeService("works", now=NINE)
    async with before(service) as driver:
        await driver.look()
        await driver.monday()
        assert service.moves == []
        await driver.days(2)
        await driver.monday()
        assert driver.clock.now == NINE + timedelta(days=7)
    assert [body["days"] for body in service.moves] == [2, 5]


async def test_a_case_in_which_nothing_lies_ahead_is_said_to_stand_still() -> None:
    service = FakeService("engine")
    code = {"type": "about:blank", "code": "clock.nothing_due"}
    service.move = lambda body: httpx.Response(409, json=code)  # type: ignore[method-assign]
    async with before(service) as driver:
        with pytest.raises(Refused) as error:
            await travel(driver)
    problem = refused_for(error)
    assert problem.code == "demo.stands_still"
    assert problem.params == {"date": "2025-03-03", "stage": "voting", "waiting_for": "engine"}


async def test_moves_that_lead_nowhere_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "MOST_MOVES", 5)
    service = FakeService(*["engine"] * 50)
    async with before(service) as driver:
        with pytest.raises(Refused) as error:
            await travel(driver)
    assert refused_for(error).code == "demo.stands_still"
    assert len(service.moves) <= 6


async def test_a_refused_act_is_not_asked_for_again() -> None:
    service = FakeService("open_vote")
    no = {"code": "authority.wrong_role", "detail": "not yours"}
    service.answer = lambda path, body: httpx.Response(403, json=no)
    async with before(service) as driver:
        with pytest.raises(Refused) as error:
            await travel(driver)
    assert refused_for(error).code == "demo.act_refused"
    assert refused_for(error).params["reason"] == "not yours"
    assert len(service.posted) == 1


async def test_a_busy_service_is_asked_again_with_the_same_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_of_demo, "PAUSE_S", 0.0)
    service = FakeService("open_vote")
    statuses = iter([503, 429, 201])
    service.answer = lambda path, body: httpx.Response(next(statuses), json={"id": "x"})
    async with before(service) as driver:
        await driver.act("open_vote", people.COMMITTEE, "open-vote")
    assert len({body["command_id"] for _, body in service.posted}) == 1
    assert len(service.posted) == 3


async def test_ballots_are_counted_by_their_receipts_and_refusals_by_their_codes() -> None:
    service = FakeService("ballots")
    statuses = {"a": 201, "b": 200, "c": 409}
    service.answer = lambda path, body: httpx.Response(
        statuses[body["command_id"]], json={"code": "voting.box_closed"}
    )
    casts = [
        DemoBallot(command_id=name, unit_number="1-1-101", choices={}, credential_of="1-1-101")
        for name in "abc"
    ]
    async with before(service) as driver:
        # The answer to b was lost on the way, so that it comes as a repetition; it counts once.
        await send(driver, casts)
        await send(driver, casts[:1])
    assert driver.acknowledged == {"a", "b"}
    assert driver.repeated == 1
    assert driver.refused == {"voting.box_closed": 1}


async def test_a_vote_that_is_not_extended_is_said_to_be_so() -> None:
    service = FakeService("ballots", "ballots", "engine")
    box = {
        "id": "b1",
        "attempt": 1,
        "state": "open",
        "opens_at": NINE.isoformat(),
        "closes_at": (NINE + timedelta(days=9)).isoformat(),
        "motions": [],
        "roll_hash": "00",
    }
    view = service.view
    service.view = lambda: {**view(), "box": box}  # type: ignore[method-assign]
    async with before(service) as driver:
        with pytest.raises(Refused) as error:
            await REACTIONS["ballots"](driver, await driver.look())
    assert refused_for(error).code == "demo.not_extended"


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
