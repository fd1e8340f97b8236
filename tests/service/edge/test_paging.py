"""Lists come in pages: nothing twice, nothing left out, whatever comes in or goes meanwhile."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import httpx
import pytest

from models.tables import Notice
from models.values.refusal import Refused
from runtime.database import Database
from service.http.keysets import behind
from service.http.paging import Slice, _read, _written
from tests.service.ballots.test_voting import ballot, cast
from tests.support.box import open_box
from tests.support.channels import code
from tests.support.notices.outbox import add_notice
from tests.support.people import bearer, sign_in

Make = Callable[..., Awaitable[str]]
WHO = "lists-reader"


@pytest.fixture
async def rid(renovation: Make, sql: asyncpg.Connection) -> str:
    name = await renovation()
    await sign_in(sql, WHO)
    await sql.execute("DELETE FROM role_grant WHERE actor_id = $1", WHO)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ($1::text, $1::text, 'street_office', 's')",
        WHO,
    )
    return name


async def pages(
    http: httpx.AsyncClient, path: str, headers: Mapping[str, str], limit: int = 5
) -> list[list[Any]]:
    found, address = list[list[Any]](), httpx.URL(f"http://test{path}?limit={limit}")
    while True:
        answer = await http.get(address, headers=headers)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        if "next" not in answer.links:
            return found
        address = answer.url.join(answer.links["next"]["url"])


async def test_the_pages_of_a_list_are_the_list(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await open_box(sql, rid)
    path = f"/v1/renovations/{rid}/non-voters"
    whole = (await http.get(path, headers=bearer(WHO))).json()
    found = await pages(http, path, bearer(WHO))
    assert [len(each) for each in found] == [5, 5, 2]
    assert [unit for page in found for unit in page] == whole == sorted(whole)
    twelve = await pages(http, path, bearer(WHO), limit=12)
    assert len(twelve) == 1


async def test_what_goes_between_two_pages_moves_nothing(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await open_box(sql, rid)
    path = f"/v1/renovations/{rid}/non-voters"
    first = await http.get(f"{path}?limit=5", headers=bearer(WHO))
    *_, last = first.json()
    await cast(http, rid, ballot(f"{rid}-1", last))
    second = await http.get(first.url.join(first.links["next"]["url"]), headers=bearer(WHO))
    before = (await http.get(path, headers=bearer(WHO))).json()
    assert last not in before
    assert first.json()[:-1] + second.json() == before[:9]


async def test_lists_that_grow_are_read_by_their_key_the_newest_first(
    http: httpx.AsyncClient, database: Database, rid: str
) -> None:
    for number in range(7):
        await add_notice(database, rid, name=str(number))
    path = f"/v1/renovations/{rid}/notices"
    whole = [each["notice"] for each in (await http.get(path, headers=bearer(WHO))).json()]
    first = await http.get(f"{path}?limit=3", headers=bearer(WHO))
    await add_notice(database, rid, name="meanwhile")
    rest = await http.get(
        first.url.join(first.links["next"]["url"]).copy_merge_params({"limit": 100}),
        headers=bearer(WHO),
    )
    assert [each["notice"] for each in first.json() + rest.json()] == whole


async def test_a_list_of_cases_and_of_events_leads_on_too(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection, rid: str
) -> None:
    mine = {rid, *[await renovation() for _ in range(3)]}
    found = await pages(http, "/v1/renovations", {}, limit=2)
    ids = [each["id"] for page in found for each in page]
    assert len(ids) == len(set(ids))
    assert mine <= set(ids)
    await open_box(sql, rid)
    events = await pages(http, f"/v1/renovations/{rid}/events", {}, limit=1)
    assert [each[0]["seq"] for each in events if each] == list(range(1, 1 + sum(map(len, events))))


@pytest.mark.parametrize("length", range(1, 9))
def test_a_cursor_of_any_length_is_read_as_it_was_written(length: int) -> None:
    key = ("号" * length, length)
    assert _read(_written(key)) == key


GARBAGE = ("x", "W1siYSJdXQ", "eyJhIjoxfQ", "💥")


@pytest.mark.parametrize(
    ("path", "after"),
    [
        *[(path, each) for path in ("non-voters", "notices", "proposals") for each in GARBAGE],
        # The cursors of other lists.
        ("non-voters", "WzFd"),
        ("notices", "WzFd"),
        ("notices", "WyJhIiwiYiJd"),
    ],
)
async def test_what_is_no_cursor_of_the_list_is_refused(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str, after: str, path: str
) -> None:
    if path == "non-voters":
        await open_box(sql, rid)
    address = f"/v1/renovations/{rid}/{path}"
    answer = await http.get(address, params={"after": after}, headers=bearer(WHO))
    assert code(answer) == (422, "service.cursor_invalid")
    assert answer.json()["problems"][0]["where"] == "after"


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-01-01T00:00:00", "x", 7],
)
def test_a_cursor_of_a_moment_that_no_clock_shows_is_refused(moment: str | int) -> None:
    with pytest.raises(Refused, match=r"service\.cursor_invalid"):
        behind((Notice.created_at,), Slice(after=(moment,)))


async def test_more_than_the_most_is_no_page(http: httpx.AsyncClient, rid: str) -> None:
    for limit in (0, 501):
        answer = await http.get(
            f"/v1/renovations/{rid}/proposals?limit={limit}", headers=bearer(WHO)
        )
        assert code(answer) == (422, "service.field_wrong")
