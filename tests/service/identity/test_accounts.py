"""An account is closed by its person or by whoever stands above: sessions and invitations end with it."""

from collections.abc import Awaitable, Callable

import asyncpg
import httpx
import pytest

from runtime.database import Database
from runtime.record.audit import audit
from tests.service.identity.test_grants import role
from tests.support.channels import code
from tests.support.people import bearer

Make = Callable[..., Awaitable[str]]


@pytest.fixture(autouse=True)
async def people(renovation: Make, sql: asyncpg.Connection) -> None:
    await renovation()
    await role(sql, "admin", "administrator", None)
    await role(sql, "office", "street_office", "s")
    await role(sql, "committee-9", "owners_committee", "s")
    await role(sql, "bureau", "district_bureau", "d")


async def close(http: httpx.AsyncClient, who: str, whose: str, command_id: str) -> httpx.Response:
    return await http.post(
        f"/v1/accounts/{whose}/closing",
        json={"command_id": command_id, "reason": "the telephone was stolen"},
        headers=bearer(who),
    )


async def test_an_account_is_closed_once_and_its_sessions_end(
    http: httpx.AsyncClient, sql: asyncpg.Connection, database: Database
) -> None:
    assert (await http.get("/v1/session", headers=bearer("committee-9"))).status_code == 200
    for who, whose, refused in (
        ("committee-9", "office", (404, "account.unknown")),
        ("office", "bureau", (404, "account.unknown")),
        ("admin", "nobody-9", (404, "account.unknown")),
        ("admin", "admin", (409, "granting.last_administrator")),
    ):
        assert code(await close(http, who, whose, f"no-{who}-{whose}")) == refused
    done = await close(http, "office", "committee-9", "c1")
    assert done.status_code == 200, done.text
    assert done.json()["sessions_ended"] == 1
    assert len(done.json()["grants"]) == 1, "roles are ended by themselves"
    assert (await close(http, "office", "committee-9", "c1")).json() == done.json()
    assert code(await close(http, "office", "committee-9", "c2")) == (409, "account.closed")
    gone = await http.get("/v1/session", headers=bearer("committee-9"))
    assert code(gone) == (401, "credential.ended")
    kinds = await sql.fetch(
        "SELECT kind, actor_id, details FROM place_event WHERE kind LIKE 'account.%'"
    )
    assert [(row["kind"], row["actor_id"]) for row in kinds] == [("account.closed", "office")]
    assert (await audit(database)).bad == ()


async def test_one_may_leave_by_oneself_and_an_invitation_of_before_opens_nothing(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    before = await sql.fetchval(
        "INSERT INTO private.invitation (id, actor_id, name, invited_by, created_at, expires_at)"
        " VALUES (repeat('a', 64), 'bureau', 'b', 'admin', now(), now() + interval '1 day') RETURNING expires_at"
    )
    done = await close(http, "bureau", "bureau", "leaves")
    assert done.status_code == 200, done.text
    after = await sql.fetchval("SELECT expires_at FROM private.invitation WHERE actor_id='bureau'")
    assert after < before
