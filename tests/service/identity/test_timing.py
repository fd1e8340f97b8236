"""What the time of an answer tells whoever guesses: measured, and compared as two samples."""

import time
from collections.abc import Sequence
from statistics import median

import asyncpg
import httpx
import pytest

from service.identity.passwords import HASHER

ROUNDS = 40
KNOWN, UNKNOWN = "timed-known", "timed-unknown"
PASSWORD = "correct horse battery staple"


@pytest.fixture
async def account(sql: asyncpg.Connection) -> None:
    await sql.execute(
        "INSERT INTO private.person (id, name) VALUES ($1::text, $1::text) ON CONFLICT DO NOTHING",
        KNOWN,
    )
    await sql.execute(
        "INSERT INTO private.account (id, actor_id, person_id, name, password, created_at)"
        " VALUES ($1::text, $1::text, $1::text, $1::text, $2, now()) ON CONFLICT DO NOTHING",
        *(KNOWN, HASHER.hash(PASSWORD)),
    )


async def measured(http: httpx.AsyncClient, sql: asyncpg.Connection, name: str) -> float:
    """Seconds that a wrong password takes; nothing is closed meanwhile."""
    await sql.execute("DELETE FROM private.lock_out")
    body = {"name": name, "password": "wrong password here", "code": "000000"}
    begun = time.perf_counter()
    answer = await http.post("/v1/sign-in", json=body)
    took = time.perf_counter() - begun
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_in.wrong")
    return took


def share_of_slower(one: Sequence[float], other: Sequence[float]) -> float:
    """How often a measurement of the one is above one of the other (Mann and Whitney's U, as a share)."""
    above = sum((a > b) + (a == b) / 2 for a in one for b in other)
    return above / (len(one) * len(other))


@pytest.mark.slow
@pytest.mark.usefixtures("account")
async def test_a_name_that_has_an_account_takes_as_long_as_one_that_has_none(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    """In turn, so that what else the machine does falls on both. Telling them apart is a coin's toss."""
    for name in (KNOWN, UNKNOWN):
        await measured(http, sql, name)
    known, unknown = list[float](), list[float]()
    for turn in range(ROUNDS):
        pair = [(known, KNOWN), (unknown, UNKNOWN)]
        for kept, name in pair if turn % 2 else reversed(pair):
            kept.append(await measured(http, sql, name))
    # Without the hash of nobody the unknown name answers in a tenth of the time: then this is 1.
    assert min(median(known), median(unknown)) > 0.01
    # Five standard deviations of U for two samples of forty are 0.32.
    assert abs(share_of_slower(known, unknown) - 0.5) < 0.32, (median(known), median(unknown))
