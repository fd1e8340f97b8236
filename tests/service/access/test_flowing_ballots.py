"""Whatever voids a ticket while ballots flow: after its commit none of the old ones goes in.

Sixteen clients of one ticket vote again and again until they are refused. In the middle of it an
official voids the ticket; the ballots that stand when the answer is there are all that ever stand.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from formats.roll import owner_key, stored_owner_key
from service.estates.units import owner_secret
from tests.support.box import open_box
from tests.support.channels import (
    KEY,
    Channels,
    agent_of,
    code,
    confirmed,
    grant_roles,
    official,
    owner_of,
)

Make = Callable[..., Awaitable[str]]
Cast = Callable[[], Awaitable[httpx.Response]]
COMMITTEE, STREET = official("committee"), official("street")
UNIT, SELLER = "1-101", "Wang Xiuying"
CLIENTS, FIRST, LIMIT = 16, 40, 2_000
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    await sql.execute("UPDATE renovation SET rule_pack='CN-3707-2022' WHERE id=$1", rid)
    await sql.execute(
        "UPDATE unit SET owner_key=$2 WHERE estate_id=$1 AND number=$3",
        f"{rid}.estate",
        stored_owner_key(owner_key((SELLER,)), owner_secret(SecretStr(KEY))),
        UNIT,
    )
    box = await open_box(sql, rid, opens_in=-2 * DAY, closes_in=2 * DAY)
    return Channels(http, sql, rid, box)


async def withdrawn(vote: Channels, _mandate: str) -> httpx.Response:
    return await vote.post("/withdrawals", COMMITTEE, unit_number=UNIT, reason="stolen")


async def reissued(vote: Channels, _mandate: str) -> httpx.Response:
    made = await vote.post("/letters", COMMITTEE, unit_number=UNIT, reason="lost")
    return await confirmed(vote, made)


async def sold(vote: Channels, _mandate: str) -> httpx.Response:
    made = await vote.post(
        "/replacements",
        COMMITTEE,
        unit_number=UNIT,
        seller_names=[SELLER],
        buyer_names=["Zhao Lei"],
        registered_on=NOW.date().isoformat(),
        evidence="extract 17",
    )
    return await confirmed(vote, made)


async def revoked(vote: Channels, mandate: str) -> httpx.Response:
    return await vote.post(f"/mandates/{mandate}/revocation", COMMITTEE, reason="no more")


async def revoked_by_the_owner(vote: Channels, _mandate: str) -> httpx.Response:
    who = owner_of(vote.rid, UNIT)
    return await vote.post("/mandates/revocation", who, reason="no more")


async def agents_letter(vote: Channels, mandate: str) -> httpx.Response:
    made = await vote.post(f"/mandates/{mandate}/letters", COMMITTEE)
    return await confirmed(vote, made)


async def mandate_of(vote: Channels) -> httpx.Response:
    made = await vote.post(
        "/mandates",
        COMMITTEE,
        unit_number=UNIT,
        agent_name="Li Jianguo",
        agent_identity="370701198001010017",
        motions=["works"],
        document="folder 3, sheet 7",
        valid_from=(NOW - DAY).isoformat(),
        valid_until=(NOW + DAY).isoformat(),
    )
    registered = await confirmed(vote, made)
    assert registered.status_code == 201, registered.text
    return registered


def owners_cast(vote: Channels) -> Cast:
    who = owner_of(vote.rid, UNIT)
    return lambda: vote.post("/ballots", who, unit_number=UNIT, choices={"works": "yes"})


def agents_cast(vote: Channels, registered: httpx.Response) -> Cast:
    who = agent_of(vote.rid, registered)
    return lambda: vote.post("/proxy-ballots", who, choices={"works": "yes"})


@pytest.mark.parametrize(
    ("void", "by_agent", "refused"),
    [
        (withdrawn, False, (403, "credential.replaced")),
        (reissued, False, (403, "credential.replaced")),
        (sold, False, (403, "credential.replaced")),
        (sold, True, (403, "mandate.revoked")),
        (revoked, True, (403, "mandate.revoked")),
        (revoked_by_the_owner, True, (403, "mandate.revoked")),
        (agents_letter, True, (403, "credential.replaced")),
    ],
)
async def test_no_ballot_of_an_old_ticket_comes_after_the_commit(
    vote: Channels,
    void: Callable[[Channels, str], Awaitable[httpx.Response]],
    by_agent: bool,
    refused: tuple[int, str],
) -> None:
    registered = await mandate_of(vote) if by_agent else httpx.Response(201, json={"id": ""})
    cast = agents_cast(vote, registered) if by_agent else owners_cast(vote)
    taken, enough = 0, asyncio.Event()
    last: list[tuple[int, str]] = []

    async def client() -> None:
        nonlocal taken
        for _ in range(LIMIT):
            answer = await cast()
            if answer.status_code != 201:
                last.append(code(answer))
                return
            taken += 1
            if taken >= FIRST:
                enough.set()

    async def official_acts() -> int:
        await enough.wait()
        answer = await void(vote, registered.json()["id"])
        assert answer.status_code == 201, answer.text
        return len(await vote.ballots())

    standing, *_ = await asyncio.gather(official_acts(), *(client() for _ in range(CLIENTS)))
    assert last == [refused] * CLIENTS
    assert len(await vote.ballots()) == standing == taken
