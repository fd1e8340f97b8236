"""Entering with a portal's assertion: a session and tickets that do what a letter's do, and nothing else gets in."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest

from tests.service.programs.test_assertions import FORGED, WRONG, After
from tests.support.box import open_box
from tests.support.channels import Channels, code, grant_roles, official
from tests.support.votes.portal import ACTOR, claims_for, signed

Make = Callable[..., Awaitable[str]]
UNIT, NEIGHBOUR = "1-101", "1-102"
COMMITTEE = official("committee")


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    box = await open_box(sql, rid, opens_in=timedelta(days=-2), closes_in=timedelta(days=2))
    return Channels(http, sql, rid, box)


async def shown(vote: Channels, token: str) -> httpx.Response:
    return await vote.http.post(
        f"/v1/renovations/{vote.rid}/portal-entries", headers={"Authorization": f"Bearer {token}"}
    )


async def entered(vote: Channels, unit: str = UNIT) -> dict[str, str]:
    answer = await shown(vote, signed(claims_for(vote.rid, unit)))
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


def bearer(entry: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {entry['ticket']}"}


async def cast(vote: Channels, who: dict[str, str], choice: str = "yes") -> httpx.Response:
    return await vote.post("/ballots", who, unit_number=UNIT, choices={"works": choice})


async def renewed(vote: Channels, entry: dict[str, str]) -> httpx.Response:
    session = {"session": entry["session"]}
    return await vote.http.post("/v1/letter-sessions/tickets", json=session)


async def test_whoever_a_portal_vouches_for_does_what_a_letters_ticket_does(vote: Channels) -> None:
    entry = await entered(vote)
    assert (entry["kind"], entry["unit_number"], entry["renovation_id"]) == ("unit", UNIT, vote.rid)
    who = bearer(entry)
    assert (await vote.get("/ballot-papers", who)).status_code == 200
    assert (await cast(vote, who)).status_code == 201
    # A change of mind, by a ticket of the same session.
    assert (await cast(vote, bearer((await renewed(vote, entry)).json()), "no")).status_code == 201
    opinion = await vote.post("/opinions", who, unit_number=UNIT, motion="works", text="更亮的灯")
    assert code(opinion)[0] != 403, opinion.text
    assert [row["channel"] for row in await vote.ballots()] == ["portal", "portal"]
    # It is of one unit.
    other = await vote.post("/ballots", who, unit_number=NEIGHBOUR, choices={"works": "yes"})
    assert code(other) == (403, "credential.other_unit")


async def test_nothing_else_opens_the_door(vote: Channels) -> None:
    now = int(time.time())
    tries = {
        name: (forge(claims_for(vote.rid, UNIT)), said) for name, (forge, said) in FORGED.items()
    }
    for name, (wrong, said) in WRONG.items():
        other = {
            key: now + each if isinstance(each, After) else each for key, each in wrong.items()
        }
        tries[name] = (signed(claims_for(vote.rid, UNIT, **other)), said)
    found = {name: code(await shown(vote, token)) for name, (token, _) in tries.items()}
    assert found == {name: (401, said) for name, (_, said) in tries.items()}
    elsewhere = await shown(vote, signed(claims_for("another-case", UNIT)))
    assert code(elsewhere) == (403, "assertion.other_case")
    nowhere = await shown(vote, signed(claims_for(vote.rid, "9-999")))
    assert code(nowhere) == (404, "feedback.unit_unknown")
    for mine in (COMMITTEE, official(ACTOR), bearer(await entered(vote))):
        answer = await vote.http.post(f"/v1/renovations/{vote.rid}/portal-entries", headers=mine)
        assert code(answer) == (401, "credential.wrong")
    assert (
        await vote.sql.fetchval(
            "SELECT count(*) FROM portal_session WHERE renovation_id = $1", vote.rid
        )
        == 1
    )


async def test_of_one_assertion_shown_by_many_at_once_one_enters_and_it_casts_nothing_more(
    vote: Channels,
) -> None:
    token = signed(claims_for(vote.rid, UNIT))
    answers = await asyncio.gather(*(shown(vote, token) for _ in range(16)))
    assert sorted(code(each)[0] for each in answers) == [201, *[401] * 15]
    again = {"Authorization": f"Bearer {token}"}
    by_hand = await vote.post("/portal-ballots", again, unit_number=UNIT, choices={"works": "yes"})
    assert code(by_hand) == (401, "assertion.used")


@pytest.mark.parametrize("how", ["left", "withdrawn", "without its role"])
async def test_a_session_ends_when_it_is_left_or_the_unit_or_the_portal_loses_its_access(
    vote: Channels, how: str
) -> None:
    entry, said = await entered(vote), (403, "access.session_over")
    who = bearer(entry)
    assert (await renewed(vote, entry)).status_code == 201
    if how == "left":
        session = {"session": entry["session"]}
        assert (await vote.http.post("/v1/letter-sessions/end", json=session)).status_code == 204
    elif how == "withdrawn":
        await vote.post("/withdrawals", COMMITTEE, unit_number=UNIT, reason="sold")
        assert code(await cast(vote, who)) == (403, "credential.replaced")
        assert code(await vote.get("/ballot-papers", who)) == (403, "credential.replaced")
        # The portal vouches anew: the ticket is of the version of now.
        assert (await cast(vote, bearer(await entered(vote)))).status_code == 201
    else:
        said = (403, "credential.no_role")
        end = "UPDATE role_grant SET valid_until = {} WHERE actor_id = $1"
        await vote.sql.execute(end.format("now()"), ACTOR)
        assert code(await shown(vote, signed(claims_for(vote.rid, UNIT)))) == said
    assert code(await renewed(vote, entry)) == said
    if how == "without its role":
        await vote.sql.execute(end.format("NULL"), ACTOR)


async def test_nothing_of_the_citizen_and_no_secret_is_kept(vote: Channels) -> None:
    claims = claims_for(vote.rid, UNIT, sub="citizen-zhang", jti="jti-of-zhang")
    entry = (await shown(vote, signed(claims))).json()
    everything = await vote.everything()
    for secret in ("zhang", entry["session"], entry["ticket"]):
        assert secret not in everything
