"""Long bodies on the service's own protocol: a photograph and a roll come through, a stranger keeps no place."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from runtime.database import Database
from runtime.settings import Settings
from service.edge.limits import limits_of
from service.edge.uploads import AT_A_TIME, OF_ONE_SENDER, longest_body
from service.identity.browser import COOKIE
from tests.service.conftest import KEY
from tests.support.edge.raw import Edge, Peer, listening
from tests.support.estate import make_renovation
from tests.support.fields.doors import doors
from tests.support.fields.walking import fields_of
from tests.support.people import bearer, sign_in, token_of
from tests.support.votes.tickets import unit_ticket

RID, TICKET, OFFICE = "ruploads", "ruploads.t", "uploads-office"
PICTURES = f"/v1/renovations/{RID}/tickets/{TICKET}/pictures?command_id=c"
PIECE = b"x" * 65_536
OF_A_TELEPHONE = 4_000_000


@pytest.fixture(scope="module")
async def edge(
    settings: Settings, http: httpx.AsyncClient, database: Database, sql: asyncpg.Connection
) -> AsyncIterator[Edge]:
    await make_renovation(database, rid=RID)
    await sign_in(sql, OFFICE)
    app = http._transport.app  # type: ignore[attr-defined]
    async with listening(app, limits_of(settings)) as found:
        yield found


def head(path: str, length: int, **fields: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


def of_unit(number: str = "1-101") -> dict[str, str]:
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), RID, number)}"}


async def told(edge: Edge, path: str, length: int, **fields: str) -> tuple[int, bytes]:
    """The status and the answer to a body of this length."""
    pieces = [PIECE] * (length // len(PIECE)) + [b"x" * (length % len(PIECE))]
    answer = await edge.ask(head(path, length, **fields), *pieces)
    return int(answer[9:12] or b"0"), answer


def test_every_file_that_a_field_takes_comes_through_its_door() -> None:
    """A body as long as its fields allow is read: a door that stops it earlier names no field."""
    limit, files = Settings.model_fields["max_body_bytes"].default, 0
    for door in doors():
        longest = longest_body(door.method, door.address(RID)) or limit
        for field in fields_of(door.body) if door.body else ():
            if field.kind == "base64":
                files += 1
                assert field.limits["most"] < longest, (door.path, field.name)
    assert files >= 3


async def test_a_photograph_of_a_telephone_is_read(edge: Edge) -> None:
    """Longer than any other body: the connection lets it through, and the route says that it is none."""
    status, answer = await told(edge, PICTURES, OF_A_TELEPHONE, **of_unit())
    assert (status, b'"picture.' in answer) == (422, True), answer[-400:]


async def test_of_what_is_longer_than_a_photograph_it_is_said(edge: Edge) -> None:
    """By the length that it names: the rest is not waited for."""
    answer = await edge.ask(head(PICTURES, 13_000_000, **of_unit()), PIECE)
    assert (answer[9:12], b"service.body_too_large" in answer) == (b"413", True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"Cookie": "a=b"},
        {"Cookie": f"{COOKIE}=s1.guessed"},
        {"Authorization": "Bearer v2.x.y"},
        {"Authorization": "Bearer s1.guessed"},
        {"Authorization": "Bearer c1.guessed"},
        {"Authorization": "x"},
    ],
)
async def test_no_place_is_kept_by_a_stranger_whatever_is_shown(
    edge: Edge, shown: dict[str, str]
) -> None:
    """Eight that send slowly are waited for, and meanwhile a home's photograph is read."""
    slow = [await waits(edge, PICTURES, **shown) for _ in range(2 * AT_A_TIME)]
    status, _ = await told(edge, PICTURES, 300_000, **of_unit())
    assert status == 422
    answers = await asyncio.gather(*(each.rest() for each in slow))
    assert {answer[9:12] for answer in answers} == {b"413"}
    for each in slow:
        each.close()


async def waits(edge: Edge, path: str, **fields: str) -> Peer:
    """Somebody who has said that much comes, and has sent a little of it."""
    seen = len(edge.seen)
    peer = await edge.open()
    await peer.send(head(path, OF_A_TELEPHONE, **fields) + b"x")
    async with asyncio.timeout(10):
        while len(edge.seen) == seen:
            await asyncio.sleep(0.01)
    return peer


@pytest.mark.slow
async def test_nobody_who_may_send_keeps_all_the_places(edge: Edge) -> None:
    slow = [await waits(edge, PICTURES, **of_unit("1-102")) for _ in range(OF_ONE_SENDER)]
    status, answer = await told(edge, PICTURES, 300_000, **of_unit("1-102"))
    assert (status, b"service.busy" in answer) == (503, True)
    assert b"retry-after" in answer
    status, _ = await told(edge, PICTURES, 300_000, **of_unit("1-201"))
    assert status == 422
    for each in slow:
        each.close()
    # Whoever hangs up gives the place back.
    async with asyncio.timeout(10):
        while (await told(edge, PICTURES, 300_000, **of_unit("1-102")))[0] == 503:
            await asyncio.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    "shown", [bearer(OFFICE), {"Cookie": f"{COOKIE}={token_of(OFFICE)}"}], ids=["header", "cookie"]
)
async def test_a_roll_is_read_from_whoever_is_signed_in(edge: Edge, shown: dict[str, str]) -> None:
    """The body is no JSON, and a browser's has no form token: either is said after all of it was read."""
    status, answer = await told(edge, "/v1/roll-imports", 1_500_000, **shown)
    assert status in {403, 422}, answer
    assert b"too_large" not in answer
    answer = await edge.ask(head("/v1/roll-imports", 2_500_000, **shown), PIECE)
    assert (answer[9:12], b"service.body_too_large" in answer) == (b"413", True)
