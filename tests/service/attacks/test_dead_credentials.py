"""Whatever once let somebody in and does not any more: tried at every door that takes its kind.

Keys of programs are tried by tests/service/programs/test_clients.py, tickets of units by
tests/service/access/test_tickets.py; both as here, at every door that the service has.
"""

import json
import time
from collections.abc import AsyncIterator, Mapping

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from models.values.actor import Role
from runtime.database import Database
from runtime.settings import Settings
from service.access.letters import token_hash
from service.access.tickets import TicketKeys, make_ticket
from service.app import create_app
from service.identity.browser import COOKIE, FORM_HEADER, form_token
from service.identity.invitations import Invited, invite
from service.routes.dependencies import AGENT, OFFICIAL, PORTAL
from tests.service.access.test_letters import (
    SECOND,
    UNIT,
    agents_mandate,
    code_of,
    entered,
    letter_of,
    link_of,
)
from tests.service.test_matrix import CLOSED, NOBODY, OF_ROLES, RID, ask
from tests.support.box import open_box
from tests.support.channels import KEY, Channels, code, confirmed, grant_roles, owner_of
from tests.support.estate import make_renovation
from tests.support.fields.doors import Door, doors
from tests.support.fields.samples import good_body
from tests.support.people import bearer, sign_in, token_of
from tests.support.votes.portal import ACTOR, claims_for, signed
from tests.support.votes.tickets import agent_ticket

DOORS = tuple(doors())
HELD = "holds-every-role"
UNKNOWN_LINK = "A" * 24


@pytest.fixture(scope="module")
async def case(database: Database, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    await make_renovation(database, rid=RID)
    await make_renovation(database, rid="rother")
    await grant_roles(sql)
    for role in set(Role) - NOBODY - {Role.ADMINISTRATOR}:
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, $2, 'd')",
            *(HELD, role.value),
        )
    return Channels(http, sql, RID, await open_box(sql, RID))


async def knock(case: Channels, door: Door, headers: Mapping[str, str]) -> tuple[int, str]:
    """A request without a good body: who sends it is looked at first."""
    body = {"command_id": "c", "publication_id": "p", "text": "no"}
    answer = await case.http.request(
        door.method,
        door.address(RID),
        json=body if door.path.endswith("/objections") else {},
        headers=dict(headers),
    )
    return code(answer)


# Sessions


DEAD = {
    "ended": ("UPDATE private.session SET ended_at = now()", (401, "credential.ended")),
    "over": ("UPDATE private.session SET expires_at = now()", (401, "credential.expired")),
    "of a closed account": (
        "UPDATE private.account SET closed_at = now()",
        (401, "credential.ended"),
    ),
    "of a player in another case": (
        "UPDATE private.account SET only_case = 'rother', person_id = NULL",
        (403, "credential.other_case"),
    ),
    "idle": (
        "UPDATE private.session SET seen_at = now() - idle_minutes * interval '1 minute'",
        (401, "credential.idle"),
    ),
    "of nobody": ("DELETE FROM private.session", (401, "credential.wrong")),
}
OF_A_PLAYER_TOO = ("/v1/session", "/v1/sign-out", "/v1/passkey")
"""A player may see and end the own session, and keep the own passkeys: they are of no case."""
OF_THE_ENGINE = "/v1/engine/"
"""For administrators alone, whom they tell from everybody else in one sentence."""


@pytest.mark.parametrize("dead", DEAD)
async def test_a_dead_session_opens_no_door(case: Channels, dead: str) -> None:
    """By the header, and by a browser's cookie with the form token of that session."""
    change, wanted = DEAD[dead]
    await sign_in(case.sql, "gone-by")
    where = "id" if "account" in change else "account_id"
    await case.sql.execute(f"{change} WHERE {where} = 'gone-by'")
    token = token_of("gone-by")
    cookie = {"Cookie": f"{COOKIE}={token}", FORM_HEADER: form_token(token)}
    taken = [each for each in DOORS if OFFICIAL.scheme_name in each.takes]
    assert len(taken) > 40
    for door in taken:
        expected = wanted
        if dead == "of a player in another case":
            if door.path.startswith(OF_A_PLAYER_TOO):
                continue
            if door.path.startswith(OF_THE_ENGINE):
                expected = (403, "engine.administrators")
        for headers in (bearer("gone-by"), cookie):
            assert await knock(case, door, headers) == expected, door.path
    await case.sql.execute("DELETE FROM private.session WHERE account_id = 'gone-by'")
    await case.sql.execute("DELETE FROM private.account WHERE id = 'gone-by'")


async def test_whoever_comes_back_in_time_stays_signed_in(case: Channels) -> None:
    """And that is written down a few times in that time, not with every request."""
    await sign_in(case.sql, "comes-back")
    seen = "SELECT seen_at FROM private.session WHERE account_id = 'comes-back'"

    async def after(minutes: int) -> bool:
        """So long after the last request that was noted; whether the next one is noted."""
        await case.sql.execute(
            "UPDATE private.session SET seen_at = now() - $1 * interval '1 minute'"
            " WHERE account_id = 'comes-back'",
            minutes,
        )
        before = await case.sql.fetchval(seen)
        assert (await case.http.get("/v1/session", headers=bearer("comes-back"))).is_success
        return bool(await case.sql.fetchval(seen) != before)

    assert [await after(minutes) for minutes in (1, 7, 59, 5)] == [False, True, True, False]


async def test_with_the_role_every_door_of_officials_closes_though_the_session_goes_on(
    case: Channels,
) -> None:
    """The end of a grant needs no end of a session: roles are asked for with each request."""
    await sign_in(case.sql, HELD)
    await case.sql.execute("UPDATE renovation SET state = 'completed' WHERE id = $1", RID)
    for end in ("valid_until = now()", "valid_until = NULL, valid_from = now() + interval '1 day'"):
        await case.sql.execute(f"UPDATE role_grant SET {end} WHERE actor_id = $1", HELD)
        for name in OF_ROLES:
            assert await ask(case.http, name, bearer(HELD)) & CLOSED, name
    await case.sql.execute("UPDATE role_grant SET valid_from = now() WHERE actor_id = $1", HELD)
    for name in OF_ROLES:
        assert not await ask(case.http, name, bearer(HELD)) & CLOSED, name
    assert (await case.http.get("/v1/session", headers=bearer(HELD))).is_success
    await case.sql.execute("UPDATE renovation SET state = 'running' WHERE id = $1", RID)


# Agents' links and tickets, letters and their sessions


async def test_a_dead_ticket_of_an_agent_opens_no_door_of_agents(case: Channels) -> None:
    made = await confirmed(case, await agents_mandate(case, UNIT, 7))
    mandate = str(made.json()["id"])
    key = SecretStr(KEY)

    def ticket(rid: str, version: int, seconds: int) -> dict[str, str]:
        until = int(time.time()) + seconds
        made = make_ticket(
            TicketKeys(key), rid, mandate, version=version, route="proxy", expires_at=until
        )
        return {"Authorization": f"Bearer {made}"}

    dead: list[tuple[dict[str, str], tuple[int, str]]] = [
        (ticket(RID, 1, -1), (401, "credential.expired")),
        (ticket("rother", 1, 60), (401, "credential.wrong")),
        (ticket(RID, 0, 60), (403, "credential.replaced")),
        (ticket(RID, 2, 60), (403, "credential.replaced")),
        (owner_of(RID, UNIT), (401, "credential.wrong")),
        (bearer("committee"), (401, "credential.wrong")),
        ({}, (401, "credential.missing")),
        ({"Authorization": f"Bearer {agent_ticket(key, RID, 'm-none')}"}, (404, "mandate.unknown")),
    ]
    agents = [each for each in DOORS if each.who == AGENT.scheme_name]
    assert agents
    for door in agents:
        path = door.path.partition("{renovation_id}")[2]
        for who, wanted in dead:
            assert code(await case.post(path, who, choices={"works": "yes"})) == wanted, path
        await case.post(f"/mandates/{mandate}/revocation", SECOND, reason="no more")
        answer = await case.post(path, ticket(RID, 1, 60), choices={"works": "yes"})
        assert code(answer)[1] == "mandate.revoked"
    assert await case.ballots() == []


VOID = {
    "void": "UPDATE letter SET ended_at = now() WHERE id = $1",
    "too old": "UPDATE letter SET ended_at = NULL, expires_at = now() WHERE id = $1",
}


async def test_a_dead_link_opens_no_door_of_links(case: Channels) -> None:
    letter = await letter_of(case)
    link, told = await link_of(case, letter), await code_of(case, letter)
    began = (await entered(case, link, told)).json()["session"]
    of_links = [each for each in DOORS if "{link}" in each.path]
    of_sessions = [each for each in DOORS if "/letter-sessions/" in each.path]
    assert (len(of_links), len(of_sessions)) == (2, 2)

    async def tell(name: str, session: str) -> list[tuple[int, str]]:
        said = []
        for door in of_links:
            address = door.address(RID, link=name)
            body = {"fact": told} if door.method == "POST" else None
            answer = await case.http.request(door.method, address, json=body)
            said.append((answer.status_code, answer.text.replace(name, "")))
        for door in of_sessions:
            answer = await case.http.post(door.path, json={"session": session})
            said.append((answer.status_code, answer.text))
        return said

    never = await tell(UNKNOWN_LINK, UNKNOWN_LINK)
    assert [status for status, _ in never] == [404, 403, 403, 204]
    name = link.rpartition("/")[2]
    for change in VOID.values():
        await case.sql.execute(change, letter)
        # Whoever had the link is told that it is over and what to do; it opens nothing, as none does.
        dead = await tell(name, began)
        assert [status for status, _ in dead] == [404, 404, 403, 204]
        assert "ticket" not in json.loads(dead[1][1])
        await case.sql.execute("UPDATE letter_session SET ended_at = NULL")
    await case.sql.execute("UPDATE letter SET expires_at = now() + interval '1 day'")
    await case.sql.execute("UPDATE letter_session SET expires_at = now()")
    over = await case.http.post("/v1/letter-sessions/tickets", json={"session": began})
    assert (over.status_code, over.text) == never[2]


async def test_a_first_link_of_an_agent_is_dead_once_it_was_entered_with(case: Channels) -> None:
    made = await confirmed(case, await agents_mandate(case, "1-102", 8))
    letter = await case.sql.fetchval(
        "SELECT id FROM letter WHERE mandate_id = $1", made.json()["id"]
    )
    link = await link_of(case, letter)
    assert (await entered(case, link, "370701198001010008")).status_code == 201
    assert code(await case.http.get(link)) == (404, "access.letter_unknown")
    assert code(await entered(case, link, "370701198001010008")) == (403, "access.not_accepted")
    stored = await case.sql.fetchval(
        "SELECT count(*) FROM letter WHERE token_hash = $1", token_hash(link.rpartition("/")[2])
    )
    assert stored == 0


# Invitations and assertions


@pytest.fixture
async def named(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The service under a name, as passkeys need one."""
    app = create_app(settings.model_copy(update={"public_url": "https://vote.example.org"}))
    api = app.api
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://test") as client,
    ):
        yield client


async def test_a_dead_invitation_opens_no_door_of_invitations(
    case: Channels, named: httpx.AsyncClient, database: Database
) -> None:
    begun: dict[str, str] = {}

    async def made() -> str:
        """An invitation for which a browser is making a passkey already."""
        who = Invited(actor_id="late", name="late")
        token = await database.transaction(lambda session: invite(session, who, "operator", 7))
        asked = await named.post(f"/v1/invitations/{token}/passkey-challenges")
        begun[token] = asked.json()["attempt"]
        return token

    replaced, used, unknown = await made(), await made(), f"i1.{'A' * 43}"
    alive = "used_at IS NULL AND expires_at > now()"
    await case.sql.execute(f"UPDATE private.invitation SET used_at = now() WHERE {alive}")
    dead = {
        replaced: (409, "invitation.expired"),
        used: (409, "invitation.used"),
        unknown: (404, "invitation.unknown"),
    }
    taken = [each for each in DOORS if "{token}" in each.path]
    assert len(taken) >= 4
    for token, wanted in dead.items():
        for door in taken:
            body = None if door.body is None else good_body(door.body)
            expected = wanted
            if body is not None and "attempt" in body:
                body["attempt"] = begun.get(token, body["attempt"])
                expected = wanted if token in begun else (403, "sign_in.attempt_unknown")
            answer = await named.request(door.method, door.address(RID, token=token), json=body)
            assert code(answer) == expected, door.path
    count = "SELECT count(*) FROM private.account WHERE actor_id = 'late'"
    assert await case.sql.fetchval(count) == 0


async def test_a_dead_assertion_opens_no_door_of_portals(case: Channels) -> None:
    now = int(time.time())
    of_portals = [each for each in DOORS if each.who == PORTAL.scheme_name]
    assert of_portals
    over = signed(claims_for(RID, UNIT, iat=now - 600, exp=now - 400))
    elsewhere = signed(claims_for(RID, UNIT, aud="https://other.example"))
    dead = {
        over: (401, "assertion.expired"),
        elsewhere: (401, "assertion.audience"),
        token_of("committee"): (401, "credential.wrong"),
        "": (401, "credential.missing"),
    }
    for door in of_portals:
        for token, wanted in dead.items():
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            assert await knock(case, door, headers) == wanted, token
        good = {"Authorization": f"Bearer {signed(claims_for(RID, UNIT))}"}
        end = "UPDATE role_grant SET valid_until = {} WHERE actor_id = $1"
        await case.sql.execute(end.format("now()"), ACTOR)
        assert await knock(case, door, good) == (403, "credential.no_role")
        await case.sql.execute(end.format("NULL"), ACTOR)
