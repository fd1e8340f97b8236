"""The list over HTTP: filters, pages, and what is refused."""

from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import CaseTrouble
from models.values.waits import Wait
from rules.disclosure.events import REDACTED
from runtime.database import Database
from runtime.record.agenda import add_waits
from tests.support.estate import PLACE_PATH, make_renovation

LIST = "/v1/renovations"
SINCE = datetime(2026, 3, 2, 1, tzinfo=UTC)
CASES = ("r1", "r2", "r3")


@pytest.fixture(scope="module", autouse=True)
async def cases(database: Database) -> None:
    """Three cases; the second is late with a street office and stuck."""
    for rid in CASES:
        await make_renovation(database, rid=rid, units=1)

    async def work(session: AsyncSession) -> None:
        late = Wait(what="open_vote", who="street_office", due_at=SINCE, since=SINCE)
        await add_waits(session, "r2", "renovation/r2", [late], SINCE)
        session.add(
            CaseTrouble(
                workflow_id="renovation/r2/voting/1",
                step="voting.box_closed",
                renovation_id="r2",
                by_act=False,
                error="KeyError",
                reference="abc",
                since=SINCE,
            )
        )

    await database.transaction(work)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["r3", "r2", "r1"]),
        ({"place": PLACE_PATH}, ["r3", "r2", "r1"]),
        ({"place": "d/other"}, []),
        ({"stage": "voting"}, ["r3", "r2", "r1"]),
        ({"stage": "feedback"}, []),
        ({"waiting": "street_office"}, ["r2"]),
        ({"waiting": "open_vote", "overdue": "true"}, ["r2"]),
        ({"stuck": "true"}, ["r2"]),
        ({"outcome": "running"}, ["r3", "r2", "r1"]),
        ({"outcome": "shelved"}, []),
        ({"rule_pack": "CN-2021", "stuck": "true"}, ["r2"]),
        ({"contractor": "nobody"}, []),
        ({"words": "no such house"}, []),
    ],
)
async def test_a_filter_is_asked_for_by_its_name(
    http: httpx.AsyncClient, asked: dict[str, str], found: list[str]
) -> None:
    answer = await http.get(LIST, params=asked)
    assert [line["id"] for line in answer.json()] == found


async def test_pages_follow_each_other_by_the_cursor(http: httpx.AsyncClient) -> None:
    (first,) = (await http.get(LIST, params={"limit": 1})).json()
    rest = (await http.get(LIST, params={"after": first["cursor"]})).json()
    assert [line["id"] for line in (first, *rest)] == ["r3", "r2", "r1"]


async def test_a_case_says_what_of_it_needs_attention_and_everybody_no_more_than_that(
    http: httpx.AsyncClient,
) -> None:
    trouble = {
        "workflow_id": "renovation/r2/voting/1",
        "step": "voting.box_closed",
        "by_act": False,
        "error": REDACTED,
        "reference": REDACTED,
        "since": "2026-03-02T01:00:00Z",
    }
    (line,) = (await http.get(LIST, params={"stuck": "true"})).json()
    assert line["needs_attention"] == [trouble]
    view = (await http.get(f"{LIST}/r2")).json()
    assert view["needs_attention"] == [trouble]
    assert (await http.get(f"{LIST}/r1")).json()["needs_attention"] == []


@pytest.mark.parametrize(
    "asked",
    [
        {"place": "d\0"},
        {"waiting": "\0"},
        {"waiting": "x" * 65},
        {"stage": "nowhere"},
        {"limit": "0"},
        {"limit": str(2**63)},
        {"after": "\0"},
        {"after": "r1"},
        {"overdue": "perhaps"},
    ],
)
async def test_what_is_no_filter_is_refused(http: httpx.AsyncClient, asked: dict[str, str]) -> None:
    answer = await http.get(LIST, params=asked)
    assert answer.status_code == 422
    assert answer.json()["problems"]


async def test_a_page_is_a_file_with_a_way_to_the_next(http: httpx.AsyncClient) -> None:
    answer = await http.get(LIST, params={"form": "csv", "limit": 2})
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["id", "r3", "r2"]
    assert "form=csv" in answer.headers["link"]
    book = await http.get(LIST, params={"form": "xlsx"})
    assert book.content.startswith(b"PK")


async def test_the_counts_of_a_district_are_those_of_its_street_offices(
    http: httpx.AsyncClient,
) -> None:
    counts = (await http.get("/v1/counts", params={"place": "d"})).json()
    (street,) = counts["places"]
    assert (street["path"], street["running"], street["late"], street["stuck"]) == ("d/s", 3, 1, 1)
    assert counts["waiting"] == [{"who": "street_office", "awaited": 1, "late": 1}]
