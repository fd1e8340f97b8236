"""Who gets which bundle: the tree for everybody, opened ballots for owners of the vote and the auditor, on the log."""

import io
import json
import zipfile
from collections.abc import Awaitable, Callable

import asyncpg
import httpx
import pytest

from runtime.ballots.bundles import BundleMaker
from runtime.database import Database
from tests.service.ballots.test_voting import ballot, bearer, cast
from tests.support.box import BOX_KEYS, open_box
from tests.support.people import bearer as session_of
from tests.support.people import sign_in
from tests.support.votes.closing import close_and_count

Make = Callable[..., Awaitable[str]]
WHY = {"command_id": "why", "reason": "I doubt the count"}


def files_in(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
async def counted(
    http: httpx.AsyncClient, renovation: Make, sql: asyncpg.Connection, database: Database
) -> str:
    rid = await renovation()
    box = await open_box(sql, rid)
    for unit in ("1-101", "1-102", "1-201"):
        assert (await cast(http, rid, ballot(f"{rid}-{unit}", unit=unit))).status_code == 201
    await close_and_count(database, box)
    return rid


async def made(database: Database) -> None:
    while await BundleMaker(database, BOX_KEYS).turn():
        pass


async def test_everybody_reads_the_tree_and_no_choice(
    http: httpx.AsyncClient, counted: str, database: Database
) -> None:
    path = f"/v1/renovations/{counted}/bundle"
    early = await http.get(path)
    assert (early.status_code, early.json()["code"]) == (409, "evidence.not_ready")
    await made(database)
    answer = await http.get(path)
    assert answer.status_code == 200
    found = files_in(answer.content)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert len(found["leaves.jsonl"].splitlines()) == 3
    assert not found.keys() & {"ballots.jsonl", "roll.jsonl", "rulings.jsonl"}
    told = b"".join(data for name, data in found.items() if name != "verify.py")
    assert b'"choices"' not in told
    assert b'"nonce"' not in told


async def test_an_owner_gets_the_opened_ballots_after_asking_and_the_auditor_reads_who_asked(
    http: httpx.AsyncClient, counted: str, database: Database, sql: asyncpg.Connection
) -> None:
    path, owner = f"/v1/renovations/{counted}/full-bundle", bearer(counted, "1-102")
    unasked = await http.get(path, headers=owner)
    assert (unasked.status_code, unasked.json()["code"]) == (403, "evidence.not_asked")
    asked = await http.post(path, json=WHY, headers=owner)
    assert (asked.status_code, asked.json()["ready"]) == (202, False)
    await made(database)
    again = await http.post(path, json=WHY, headers=owner)
    assert again.json()["ready"] is True
    answer = await http.get(path, headers=owner)
    assert answer.headers["cache-control"] == "no-store"
    lines = files_in(answer.content)["ballots.jsonl"].splitlines()
    assert [json.loads(line)["choices"] for line in lines] == [{"works": "yes"}] * 3
    # Another owner has not asked.
    other = await http.get(path, headers=bearer(counted, "1-101"))
    assert other.json()["code"] == "evidence.not_asked"
    await sign_in(sql, "aud")
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ('aud', 'aud', 'auditor', 'd')"
        " ON CONFLICT DO NOTHING"
    )
    log = await http.get(f"/v1/renovations/{counted}/access", headers=session_of("aud"))
    told = [(each["reader"], each["door"], each["reason"]) for each in log.json()]
    assert ("unit:1-102", "bundle.asked", "I doubt the count") in told
    assert ("unit:1-102", "bundle.fetched", "") in told
    assert told[0][:2] == ("aud", "GET /v1/renovations/{renovation_id}/access")
    events = await http.get(f"/v1/renovations/{counted}/events")
    assert "doubt" not in events.text, "nobody else is told"


async def test_what_a_ballot_says_is_told_to_its_own_household_alone(
    http: httpx.AsyncClient, counted: str, sql: asyncpg.Connection
) -> None:
    """The codes of all ballots follow from the public leaves."""
    from proof.receipts import short_code

    leaf = await sql.fetchval(
        "SELECT leaf FROM ballot WHERE box_id = $1 AND unit_number = '1-102'", f"{counted}.1"
    )
    path = f"/v1/renovations/{counted}/ballots/{short_code(leaf)}"
    guessed = await http.get(path, headers={"Authorization": "Bearer s1.guessed"})
    assert (guessed.status_code, guessed.json()["code"]) == (401, "credential.wrong")
    for headers in ({}, bearer(counted, "1-101")):
        found = (await http.get(path, headers=headers)).json()
        assert (found["state"], found["choices"]) == ("counted", None)
    own = (await http.get(path, headers=bearer(counted, "1-102"))).json()
    assert own["choices"] == {"works": "yes"}


async def test_an_official_who_reads_a_list_of_people_stands_on_the_log(
    http: httpx.AsyncClient, counted: str, sql: asyncpg.Connection
) -> None:
    await sign_in(sql, "office")
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('office', 'office', 'street_office', 'd') ON CONFLICT DO NOTHING"
    )
    assert (
        await http.get(f"/v1/renovations/{counted}/letters", headers=session_of("office"))
    ).status_code == 200
    rows = await sql.fetch("SELECT * FROM private.access WHERE renovation_id = $1", counted)
    assert [(row["reader_id"], row["reader_role"], row["door"]) for row in rows] == [
        ("office", "street_office", "GET /v1/renovations/{renovation_id}/letters")
    ]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app_deletes(sql)


async def app_deletes(sql: asyncpg.Connection) -> None:
    async with sql.transaction():
        await sql.execute("SET LOCAL ROLE gongjian_app")
        await sql.execute("DELETE FROM private.access")
