"""Every door, every field, every value its kind forbids: refused with the field's name, and nothing happened."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from temporalio.service import RPCError

from models.messages.act_bodies import BODIES
from models.messages.acts import ACTS, OpenVote
from models.messages.ids import renovation_workflow_id
from models.values.actor import Role
from models.values.refusal import Refused
from runtime.database import Database
from service.gateway import build_act
from tests.support.estate import make_renovation
from tests.support.fields.doors import Door, doors
from tests.support.fields.forbidden import LONE_SURROGATE, NUL, forbidden
from tests.support.fields.walking import FoundField, fields_of
from tests.support.journey import COMMITTEE, JourneyDriver, actor
from tests.support.people import token_of
from tests.support.processes.servers import dev_server
from tests.support.processes.serving import serving
from tests.support.slow import some
from tests.support.votes.portal import ACTOR, assertion
from tests.support.votes.tickets import agent_ticket, unit_ticket

OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)
RID, UNIT, ANYBODY = "rforbidden", "1-101", "anybody"
DOORS = {f"{each.method} {each.path}": each for each in doors()}
WITH_BODY = [name for name, door in DOORS.items() if door.body is not None]
WITHOUT_COMMAND = {"POST /v1/passkeys", "POST /v1/engine/codec/decode"}
"""These write nothing into a case; a challenge is good once by itself, as links and codes are."""
WITH_PARAMETERS = [name for name, door in DOORS.items() if door.parameters]
LOOKS, LOOK_S = 3, 0.1
LONGEST_S = 10
"""For one request on a machine that does other things; the middle one must take less than a second."""


@dataclass
class RunningCase:
    """The whole product around one case that is under way."""

    case: JourneyDriver
    took: list[float] = field(default_factory=list)
    at_first: tuple[int, int] = (0, 0)
    """The history before the first request."""

    async def ask(self, door: Door, address: str, content: str | bytes = "") -> httpx.Response:
        """One request, with the credential that the door wants."""
        key = self.case.key()
        credential = {
            "voter": unit_ticket(key, RID, UNIT),
            "official": token_of(ANYBODY),
            "agent": agent_ticket(key, RID, "m1"),
            "portal": assertion(RID, UNIT),
            "": "",
        }[door.who]
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        if content:
            headers["Content-Type"] = "application/json"
        began = time.perf_counter()
        async with asyncio.timeout(LONGEST_S):
            answer = await self.case.http.request(
                door.method, address, content=content, headers=headers
            )
        self.took.append(time.perf_counter() - began)
        return answer

    async def until_its_stage_is_there(self) -> None:
        """The row names the workflow of the stage before it is started."""
        row = await self.case.row()
        handle = self.case.client.get_workflow_handle(row["stage_workflow_id"])
        async with asyncio.timeout(60):
            while True:
                with suppress(RPCError):
                    await handle.query("progress_now")
                    return
                await asyncio.sleep(LOOK_S)

    async def settled(self) -> tuple[int, int]:
        """The history when nothing is on its way any more: three looks that see the same."""
        seen: list[tuple[int, int]] = []
        while len(seen) < LOOKS or len(set(seen[-LOOKS:])) > 1:
            seen.append(await self.history())
            await asyncio.sleep(LOOK_S)
        return seen[-1]

    async def history(self) -> tuple[int, int]:
        """How many events the case has, and how many the histories of its workflows together.

        One look; what a door let through and is still on its way is seen at the next door, and
        after the last one.
        """
        length = 0
        row = await self.case.row()
        for workflow_id in (renovation_workflow_id(RID), row["stage_workflow_id"]):
            handle = self.case.client.get_workflow_handle(workflow_id)
            # Answered when every task before it is done.
            await handle.query("progress_now")
            length += (await handle.describe()).history_length
        return await self.case.seq(), length


@pytest.fixture(scope="module")
async def running(database: Database, owner: str) -> AsyncIterator[RunningCase]:
    await make_renovation(database, rid=RID, told_at=OPENED_AT)
    sql = await asyncpg.connect(owner)
    async with dev_server() as env, serving(env, database) as (parts, http):
        case = JourneyDriver(parts, http, sql, RID)
        for role in Role:
            await case.official(actor(role, ANYBODY))
        await case.official(actor(Role.CITY_PORTAL, ACTOR))
        await case.start()
        await case.until("open_vote")
        found = RunningCase(case)
        await found.until_its_stage_is_there()
        found.at_first = await found.settled()
        yield found
    await sql.close()


def said(answer: httpx.Response) -> dict[str, str]:
    """Field to code of a refusal."""
    return {each["where"]: each["code"] for each in answer.json()["problems"]}


@pytest.mark.parametrize("name", WITH_BODY)
async def test_a_forbidden_value_is_refused_with_the_name_of_its_field(
    running: RunningCase, name: str
) -> None:
    door = DOORS[name]
    fields = fields_of(door.body)
    # Entering and leaving are no commands: sent twice, they happen twice.
    entering = door.path.startswith(("/v1/letter", "/v1/sign-in", "/v1/invitations"))
    without = entering or name in WITHOUT_COMMAND
    assert without or "command_id" in {each.name for each in fields}
    for each in fields:
        for value in some(forbidden(each), f"{name} {each.path}"):
            answer = await running.ask(door, door.address(RID), json.dumps(each.body(value)))
            assert answer.status_code == 422, (each.path, value, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            wrong = [at for at, code in said(answer).items() if code == "service.field_wrong"]
            assert any(at.startswith(each.name) for at in wrong), (each.path, value, answer.text)
    assert await running.history() == running.at_first
    assert median(running.took) < 1


@pytest.mark.parametrize("name", ACTS)
def test_the_gateway_takes_no_forbidden_value_from_a_command_either(name: str) -> None:
    for each in fields_of(BODIES[name]):
        for value in forbidden(each):
            with pytest.raises(Refused) as refused:
                build_act(name, each.body(value), COMMITTEE, "c1")
            wrong = [
                one.where for one in refused.value.problems if one.code.endswith("field_wrong")
            ]
            assert any(where.startswith(each.name) for where in wrong), (each.path, value)


@pytest.mark.parametrize("name", WITH_BODY)
async def test_a_body_of_two_megabytes_is_not_read(running: RunningCase, name: str) -> None:
    door = DOORS[name]
    body = json.dumps({"command_id": "c1", "padding": "x" * 2_000_000})
    answer = await running.ask(door, door.address(RID), body)
    assert (answer.status_code, answer.json()["code"]) == (413, "service.body_too_large")


def in_an_address(value: object) -> str:
    """A value as a path or a query may hold it; half a surrogate pair as its three bytes."""
    return quote(str(value).encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize("name", WITH_PARAMETERS)
async def test_a_forbidden_parameter_is_refused_by_its_name(
    running: RunningCase, name: str
) -> None:
    door = DOORS[name]
    for given in door.parameters:
        (found,) = fields_of(given.kind)
        for value in some(_written(found), f"{name} {given.name}"):
            if given.in_path:
                address = door.address(RID, **{given.name: in_an_address(value)})
            else:
                address = f"{door.address(RID)}?{given.name}={in_an_address(value)}"
            answer = await running.ask(door, address)
            assert 400 <= answer.status_code < 500, (address, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            # A credential is of one case: with another name in the path it is wrong first.
            if answer.status_code != 401 and "/" not in str(value):
                assert said(answer).get(given.name) == "service.field_wrong", (address, answer.text)
    assert median(running.took) < 1


def _written(found: FoundField) -> list[object]:
    """What is forbidden as text: of numbers only what no number in range is written like."""
    texts = [each for each in forbidden(found) if isinstance(each, str | int | float)]
    readable = {"True", "5", "1", "0"}
    return [
        each
        for each in texts
        if str(each) not in readable and each != LONE_SURROGATE and each not in {"", ".", ".."}
    ]


@pytest.mark.parametrize(
    "value",
    [
        "\x00",
        "%00",
        "99999999999999999999",
        "-1",
        "\ufffd",
        "%ED%A0%80",
        "x" * 5_000,
        "..%2F..%2Fetc",
    ],
)
async def test_no_address_makes_the_service_fail(running: RunningCase, value: str) -> None:
    for door in DOORS.values():
        for given in some(door.parameters or (), f"{door.path} {value}", 1):
            there = quote(value, safe="%")
            if given.in_path:
                address = door.address(RID, **{given.name: there})
            else:
                address = f"{door.address(RID)}?{given.name}={there}"
            answer = await running.ask(door, address, b"{}" if door.body else b"")
            assert answer.status_code < 500, (address, answer.text)
    ballots = await running.ask(
        DOORS[BALLOTS], f"/v1/renovations/{quote(value, safe='%')}/ballots", "{}"
    )
    assert 400 <= ballots.status_code < 500


BALLOTS = "POST /v1/renovations/{renovation_id}/ballots"
HEADERS: list[tuple[str, bytes]] = [
    ("Authorization", b"Bearer \xff\xfe\x80"),
    ("Authorization", b"Bearer v1.AAAA.AAAA"),
    ("Authorization", b"Bearer v1." + b"A" * 60_000 + b".AAAA"),
    ("Authorization", b"Bearer v1.=.="),
    ("Authorization", b"\xc2\xa0"),
    ("Accept-Language", b"zh;q=1e999, en;q=nan, \xff"),
    ("Accept-Language", b"zh," * 20_000),
    ("If-None-Match", b"\xff" * 1_000),
    ("Content-Type", b"application/json; charset=\xff"),
    ("Content-Length", b"9" * 5_000),
]


@pytest.mark.parametrize(("header", "value"), HEADERS, ids=range(len(HEADERS)))
async def test_no_header_makes_the_service_fail(
    running: RunningCase, header: str, value: bytes
) -> None:
    for door in DOORS.values():
        given = [(header.encode(), value)]
        if header not in {"Content-Type", "Content-Length"}:
            given.append((b"Content-Type", b"application/json"))
        answer = await running.case.http.request(
            door.method, door.address(RID), content=b"{}" if door.body else b"", headers=given
        )
        assert answer.status_code < 500, (door.path, answer.text)


async def test_a_body_that_is_no_object_is_refused(running: RunningCase) -> None:
    for name in WITH_BODY:
        for content in (
            "[]",
            "5",
            '"a"',
            "null",
            "{",
            "",
            "\ufeff{}",
            '{"command_id": NaN}',
            "[" * 5_000,
        ):
            answer = await running.ask(DOORS[name], DOORS[name].address(RID), content.encode())
            assert 400 <= answer.status_code < 500, (name, content, answer.text)


async def test_after_all_that_the_next_act_is_fine(running: RunningCase) -> None:
    assert await running.settled() == running.at_first
    wrong = await running.ask(
        DOORS["POST /v1/renovations/{renovation_id}/acts/cancel_renovation"],
        f"/v1/renovations/{RID}/acts/cancel_renovation",
        json.dumps({"command_id": "nul", "reason": NUL}),
    )
    assert said(wrong) == {"reason": "service.field_wrong"}
    done = await running.case.act(OpenVote, COMMITTEE)
    assert done.kind == "voting.box_announced"
    assert (await running.history())[0] > running.at_first[0]
