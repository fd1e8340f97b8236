"""The report of readings: counted by reader, role and door, of a time; for auditors, as a page and over HTTP."""

from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from runtime.database import Database
from tests.support.browser.desk import Desk
from tests.support.channels import grant_roles
from tests.support.estate import make_renovation
from tests.support.people import bearer, sign_in

RID = "rreadings"
PATH = f"/v1/renovations/{RID}/access/report"
NOW = datetime.now(UTC)
DOOR = "GET /v1/renovations/{renovation_id}/sensitive"


@pytest.fixture(scope="module")
async def read(database: Database, sql: asyncpg.Connection) -> str:
    """A case in which a street office has read three times about two homes, long ago and now."""
    rid = await make_renovation(database, rid=RID)
    await grant_roles(sql)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('aud', 'aud', 'auditor', 'd') ON CONFLICT DO NOTHING"
    )
    await sign_in(sql, "aud", "street")
    for days, subject in ((40, "1-101"), (1, "1-101"), (1, "1-102")):
        await sql.execute(
            "INSERT INTO private.access (at, reader_id, reader_role, door, renovation_id, subject)"
            " VALUES ($1, 'street', 'street_office', $2, $3, $4)",
            *(NOW - timedelta(days=days), DOOR, rid, subject),
        )
    return rid


async def test_readings_are_counted_by_reader_role_and_door(
    http: httpx.AsyncClient, read: str
) -> None:
    told = (await http.get(PATH, headers=bearer("aud"))).json()
    (theirs,) = (each for each in told["counts"] if each["reader"] == "street")
    assert (theirs["readings"], theirs["subjects"], theirs["door"]) == (3, 2, DOOR)
    # Whoever looks at the report is in it.
    assert told["readers"] == 2
    assert told["readings"] == sum(each["readings"] for each in told["counts"])


async def test_a_report_is_of_a_time(http: httpx.AsyncClient, read: str) -> None:
    asked = {"later_than": (NOW - timedelta(days=10)).isoformat(), "until": NOW.isoformat()}
    told = (await http.get(PATH, headers=bearer("aud"), params=asked)).json()
    assert [(each["reader"], each["readings"]) for each in told["counts"]] == [("street", 2)]
    wrong = await http.get(PATH, headers=bearer("aud"), params={"until": "soon"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "history.moment_invalid")


async def test_the_page_is_the_auditors(http: httpx.AsyncClient, read: str) -> None:
    page = await Desk(http, "aud").get(f"/office/cases/{read}/readings")
    assert page.status == 200
    assert "street" in page.text
    assert DOOR in page.text
    assert (await Desk(http, "street").get(f"/office/cases/{read}/readings")).status == 403
    assert "soon" in (await Desk(http, "aud").get(f"{page.url}?until=soon")).html
