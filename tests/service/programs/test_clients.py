"""Programs come in by their key: with the roles of their actor, by the doors of their scopes, for a time."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from runtime.database import Database
from service.app import ROUTERS
from service.identity.sessions import end_sessions_of
from service.programs.doors import scopes_of
from service.routes.dependencies import OFFICIAL
from tests.support.channels import Channels, code, grant_roles
from tests.support.fields.doors import Door, doors
from tests.support.people import bearer, sign_in

Make = Callable[..., Awaitable[str]]
ADMIN, BANK, WORKER = "admin", "bank-prog", "grid-prog"
VISITS: dict[str, Any] = {
    "visits": [{"unit_number": "1-101", "outcome": "not_at_home", "envelope": ""}]
}


class Programs:
    """The administrator's commands, sent as the administrator or as somebody else."""

    def __init__(self, http: httpx.AsyncClient, sql: asyncpg.Connection) -> None:
        self.http, self.sql = http, sql

    async def post(self, path: str, who: dict[str, str], **body: Any) -> httpx.Response:
        command = body.pop("command_id", uuid.uuid4().hex)
        return await self.http.post(
            f"/v1/clients{path}", json={"command_id": command, **body}, headers=who
        )

    async def add(self, client: str, *scopes: str, actor: str = WORKER, **more: Any) -> str:
        answer = await self.post(
            "", bearer(ADMIN), client=client, actor=actor, scopes=list(scopes), **more
        )
        assert answer.is_success, answer.text
        return str(answer.json()["key"])


@pytest.fixture
async def programs(http: httpx.AsyncClient, sql: asyncpg.Connection) -> Programs:
    await sign_in(sql, ADMIN)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role) VALUES ($1::text, $1::text, 'administrator')"
        " ON CONFLICT DO NOTHING",
        ADMIN,
    )
    await sql.execute("DELETE FROM private.api_key")
    await sql.execute("DELETE FROM private.api_client")
    return Programs(http, sql)


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ($1::text, $1::text, 'grid_worker', 'd') ON CONFLICT DO NOTHING",
        WORKER,
    )
    return Channels(http, sql, rid, "")


def with_key(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_a_program_enters_as_its_actor_with_the_roles_that_were_given(
    programs: Programs, vote: Channels
) -> None:
    key = await programs.add("rounds", "channels")
    assert key.startswith("c1.")
    # There is no box: past key, scope and role.
    answer = await vote.post("/door-visits", with_key(key), **VISITS)
    assert code(answer) == (404, "voting.no_box")
    # A door of its scope, which no role of its actor opens.
    assert code(await vote.post("/reminders", with_key(key))) == (403, "credential.no_role")
    stored = await vote.sql.fetch("SELECT id, client_id FROM private.api_key")
    assert [row["client_id"] for row in stored] == ["rounds"]
    assert key not in await vote.everything()


async def test_a_door_outside_the_scopes_is_shut(programs: Programs, vote: Channels) -> None:
    key = await programs.add("visits", "record_door_visits", "cost_sharing")
    assert code(await vote.post("/door-visits", with_key(key), **VISITS))[1] == "voting.no_box"
    refused = await vote.get("/door-visits", with_key(key))
    assert code(refused) == (403, "credential.key_scope")
    assert refused.json()["problems"][0]["params"] == {
        "client": "visits",
        "door": "channels, list_door_visits",
    }
    for path in ("/v1/grants", "/v1/clients", "/v1/session"):
        answer = await vote.http.get(path, headers=with_key(key))
        assert code(answer) == (403, "credential.key_scope"), path


async def test_a_rotated_key_is_good_for_the_overlap_and_no_longer(
    programs: Programs, vote: Channels
) -> None:
    first = await programs.add("rounds", "channels")
    body = {"command_id": uuid.uuid4().hex, "overlap_hours": 24}
    turned = await programs.post("/rounds/rotation", bearer(ADMIN), **body)
    again = await programs.post("/rounds/rotation", bearer(ADMIN), **body)
    second = turned.json()["key"]
    assert second.startswith("c1.")
    # Told once: the same command again has no key, and makes none.
    assert again.json() == {**turned.json(), "key": ""}
    assert len(turned.json()["client"]["keys_until"]) == 2
    for key in (first, second):
        assert code(await vote.get("/door-visits", with_key(key)))[1] == "voting.no_box"
    third = await programs.post("/rounds/rotation", bearer(ADMIN), overlap_hours=0)
    for key in (first, second):
        assert (
            code(await vote.get("/door-visits", with_key(key)))
            == ((401, "credential.key_replaced") if key == second else (404, "voting.no_box"))
            or key == first
        )
    assert code(await vote.get("/door-visits", with_key(first)))[1] == "credential.key_replaced"
    assert code(await vote.get("/door-visits", with_key(third.json()["key"])))[0] == 404


async def test_rotating_lengthens_no_key(programs: Programs) -> None:
    await programs.add("rounds", "channels", days=1)
    await programs.sql.execute("UPDATE private.api_key SET expires_at = now() + interval '1 hour'")
    await programs.post("/rounds/rotation", bearer(ADMIN), overlap_hours=168)
    ends = await programs.sql.fetchval(
        "SELECT expires_at < now() + interval '2 hours' FROM private.api_key"
        " WHERE replaced_at IS NOT NULL"
    )
    assert ends is True


async def test_a_revoked_program_does_not_come_back(programs: Programs, vote: Channels) -> None:
    key = await programs.add("rounds", "channels")
    gone = await programs.post("/rounds/revocation", bearer(ADMIN), reason="its machine was stolen")
    assert (gone.json()["revoked"], gone.json()["keys_until"]) == (True, [])
    assert code(await vote.get("/door-visits", with_key(key))) == (401, "credential.key_revoked")
    assert code(await programs.post("/rounds/rotation", bearer(ADMIN))) == (409, "client.over")
    body = {"client": "rounds", "actor": WORKER, "scopes": ["channels"]}
    assert code(await programs.post("", bearer(ADMIN), **body)) == (409, "client.there")
    kinds = await programs.sql.fetch(
        "SELECT kind, details->>'client' AS client FROM place_event WHERE log_id='*'"
        " AND details->>'client'='rounds' ORDER BY seq DESC LIMIT 2"
    )
    assert [row["kind"] for row in kinds] == ["client.revoked", "client.added"]


@pytest.mark.parametrize(
    ("who", "actor", "refused"),
    [
        ("committee", WORKER, (403, "client.not_yours")),
        ("nobody", "nobody", (403, "client.no_role")),
        (ADMIN, "committee", (403, "client.of_a_person")),
        (ADMIN, "operator", (422, "granting.reserved")),
    ],
)
async def test_only_an_administrator_or_the_actor_itself_adds_programs(
    programs: Programs, vote: Channels, who: str, actor: str, refused: tuple[int, str]
) -> None:
    await sign_in(programs.sql, who)
    body = {"client": "x", "actor": actor, "scopes": ["channels"]}
    assert code(await programs.post("", bearer(who), **body)) == refused
    assert await programs.sql.fetchval("SELECT count(*) FROM private.api_client") == 0


async def test_a_person_adds_a_program_for_the_own_work_and_no_other_sees_it(
    programs: Programs, vote: Channels
) -> None:
    body = {"client": "mine", "actor": "committee", "scopes": ["list_mandates"]}
    made = await programs.post("", bearer("committee"), **body)
    key = with_key(made.json()["key"])
    assert code(await vote.get("/mandates", key)) == (404, "voting.no_box")
    seen = {
        who: [
            row["client"]
            for row in (await vote.http.get("/v1/clients", headers=bearer(who))).json()
        ]
        for who in ("committee", "street", ADMIN)
    }
    assert seen == {"committee": ["mine"], "street": [], ADMIN: ["mine"]}
    for path, more in (("/mine/rotation", {}), ("/mine/revocation", {"reason": "no"})):
        answer = await programs.post(path, bearer("street"), **more)
        assert code(answer) == (404, "client.unknown")


async def test_a_program_of_somebody_else_ends_when_its_actor_becomes_a_person(
    programs: Programs, vote: Channels
) -> None:
    key = await programs.add("early", "channels", actor="new-clerk")
    await vote.sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('new-clerk', 'x', 'grid_worker', 'd')"
    )
    assert code(await vote.get("/door-visits", with_key(key)))[1] == "voting.no_box"
    await sign_in(vote.sql, "new-clerk")
    assert code(await vote.get("/door-visits", with_key(key))) == (401, "credential.key_revoked")


async def test_scopes_are_those_of_the_document(programs: Programs) -> None:
    body = {"client": "x", "actor": WORKER, "scopes": ["channels", "give_role", "everything"]}
    answer = await programs.post("", bearer(ADMIN), **body)
    assert code(answer) == (422, "client.scope_unknown")
    assert answer.json()["problems"][0]["params"] == {"scopes": "everything, give_role"}


async def test_of_the_same_command_at_once_one_key_is_made(programs: Programs) -> None:
    await programs.add("rounds", "channels")
    once = uuid.uuid4().hex
    answers = await asyncio.gather(
        *(programs.post("/rounds/rotation", bearer(ADMIN), command_id=once) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len([answer for answer in answers if answer.json()["key"]]) == 1
    assert await programs.sql.fetchval("SELECT count(*) FROM private.api_key") == 2


# Every door that takes an official's token


SCOPES = scopes_of((each for router in ROUTERS for each in router.routes), OFFICIAL)
ROOMS = (
    *("access", "bidding", "channels", "clock", "cost_sharing", "feed", "notices"),
    "official_acts",
    "proposals",
    *("publications", "renovations", "inspection", "feedback", "voting", "estates"),
    "opening",
    *("privacy", "evidence", "suggestions", "pictures"),
)
OFFICIAL_DOORS = [each for each in doors() if OFFICIAL.scheme_name in each.takes]
DEAD = {
    "expired": (
        "UPDATE private.api_key SET expires_at = now() - interval '1 second'",
        "credential.key_expired",
    ),
    "rotated away": (
        "UPDATE private.api_key SET replaced_at = now(), expires_at = now()",
        "credential.key_replaced",
    ),
    "revoked": ("UPDATE private.api_client SET revoked_at = now()", "credential.key_revoked"),
    "of nobody": ("DELETE FROM private.api_key", "credential.wrong"),
}


IN_BODY = {"/objections": {"command_id": "c", "publication_id": "p", "text": "no"}}
"""What a door reads before it looks who sends it: there a unit's ticket will do as well."""


async def knock(door: Door, case: Channels, key: str) -> tuple[int, str]:
    """A request without a good body: who sends it is looked at first."""
    body = IN_BODY.get(f"/{door.path.rpartition('/')[2]}", {})
    answer = await case.http.request(
        door.method,
        door.address(case.rid),
        headers={**with_key(key), "Content-Type": "application/json"},
        content=json.dumps(body),
    )
    told = answer.json() if "json" in answer.headers.get("Content-Type", "") else None
    return answer.status_code, str(told.get("code")) if isinstance(told, dict) else ""


@pytest.mark.parametrize("dead", DEAD)
async def test_a_dead_key_opens_no_door(programs: Programs, vote: Channels, dead: str) -> None:
    key = await programs.add("all", *ROOMS)
    sql, wanted = DEAD[dead]
    await programs.sql.execute(sql)
    assert len(OFFICIAL_DOORS) > 40
    for door in OFFICIAL_DOORS:
        assert await knock(door, vote, key) == (401, wanted), door


@pytest.mark.parametrize("room", ROOMS)
async def test_a_key_opens_the_doors_of_its_room_and_no_others(
    programs: Programs, vote: Channels, room: str
) -> None:
    key = await programs.add("own", room)
    opened = set()
    for door in OFFICIAL_DOORS:
        status, said = await knock(door, vote, key)
        if said == "credential.key_scope":
            assert status == 403
        else:
            opened.add(door.room)
    assert opened == {room}


def test_every_door_of_officials_but_those_for_people_has_a_scope() -> None:
    assert {door.room for door in OFFICIAL_DOORS} == {*ROOMS, "identity", "engine"}
    assert set(ROOMS) <= SCOPES
    assert not {"give_role", "add_client", "sign_out", "show_session", "identity"} & SCOPES


async def test_an_actor_that_a_program_plays_is_invited_by_no_link(
    programs: Programs, vote: Channels
) -> None:
    await programs.add("visits", "channels", actor="grid-of-program")
    given = await vote.http.post(
        "/v1/grants",
        json={
            "command_id": uuid.uuid4().hex,
            "person": "grid-of-program",
            "name": "Grid",
            "role": "grid_worker",
            "place": "d",
            "reason": "the grid's own program",
        },
        headers=bearer("street"),
    )
    assert given.is_success, given.text
    assert given.json()["invitation"] == ""


async def test_who_is_let_in_anew_has_no_programs_of_before(
    programs: Programs, vote: Channels, database: Database
) -> None:
    body = {"client": "left-behind", "actor": "committee", "scopes": ["channels"]}
    key = with_key((await programs.post("", bearer("committee"), **body)).json()["key"])
    assert code(await vote.get("/mandates", key)) == (404, "voting.no_box")

    async def out(session: AsyncSession) -> None:
        await end_sessions_of(session, "committee")

    await database.transaction(out)
    assert code(await vote.get("/mandates", key)) == (401, "credential.key_revoked")
    await vote.sql.execute(
        "UPDATE private.session SET ended_at = NULL WHERE account_id = 'committee'"
    )
