"""Photographs of complaints: who may add, see and publish them, and what the record keeps."""

import io
import json

import asyncpg
import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from runtime.database import Database
from tests.service.conftest import KEY
from tests.support.estate import make_renovation
from tests.support.people import bearer, sign_in
from tests.support.votes.tickets import unit_ticket

UNIT, OTHER = "1-101", "1-102"
OFFICE, FIRM = "pic-office", "pic-firm"


def of_unit(rid: str, number: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), rid, number)}"}


def photograph(colour: str = "red") -> bytes:
    written = io.BytesIO()
    image = Image.new("RGB", (60, 40), colour)
    image.paste("black", (5, 5, 8, 30))
    image.save(written, "JPEG")
    return written.getvalue()


@pytest.fixture(scope="module")
async def rid(database: Database, sql: asyncpg.Connection, http: httpx.AsyncClient) -> str:
    made = await make_renovation(database, rid="rpictures")
    for who, role in ((OFFICE, "street_office"), (FIRM, "contractor")):
        await sign_in(sql, who)
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, 'd')",
            who,
            role,
        )
    return made


@pytest.fixture
async def ticket(http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str) -> str:
    """A complaint; no engine runs here, but its row is there."""
    key = f"t{await sql.fetchval('SELECT count(*) FROM ticket')}"
    body = {"command_id": key, "kind": "defect", "text": "wet wall", "unit_number": UNIT}
    await http.post(f"/v1/renovations/{rid}/tickets", json=body, headers=of_unit(rid, UNIT))
    return str(await sql.fetchval("SELECT id FROM ticket ORDER BY opened_at DESC LIMIT 1"))


async def add(
    http: httpx.AsyncClient, rid: str, ticket: str, key: str, data: bytes, unit: str = UNIT
) -> httpx.Response:
    path = f"/v1/renovations/{rid}/tickets/{ticket}/pictures"
    return await http.post(
        path, params={"command_id": key}, content=data, headers=of_unit(rid, unit)
    )


async def test_a_picture_is_added_once_and_the_record_keeps_its_hash_alone(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str, ticket: str
) -> None:
    first = await add(http, rid, ticket, "once", photograph())
    again = await add(http, rid, ticket, "once", photograph())
    assert (first.status_code, first.json()) == (201, again.json())
    other = await add(http, rid, ticket, "once", photograph("blue"))
    assert other.json()["code"] == "journal.command_reused"
    rows = await sql.fetch(
        "SELECT sha256, content FROM private.picture WHERE ticket_id = $1", ticket
    )
    assert len(rows) == 1
    details = json.loads(
        await sql.fetchval(
            "SELECT details FROM event WHERE renovation_id = $1 AND kind = 'feedback.picture_added'"
            " ORDER BY seq DESC LIMIT 1",
            rid,
        )
    )
    assert details == {"ticket": ticket, "file_sha256": rows[0]["sha256"]}


async def test_only_the_home_and_those_who_answer_see_it_until_it_is_published(
    http: httpx.AsyncClient, rid: str, ticket: str
) -> None:
    name = (await add(http, rid, ticket, "seen", photograph())).json()["id"]
    path = f"/v1/renovations/{rid}/pictures/{name}"
    seen = await http.get(path, headers=of_unit(rid, UNIT))
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert (await http.get(path, headers=bearer(OFFICE))).content == seen.content
    assert (await http.get(path, headers=of_unit(rid, OTHER))).status_code == 404
    assert (await http.get(path, headers=bearer(FIRM))).status_code == 403
    assert (await http.get(path)).status_code == 401
    public = f"/v1/renovations/{rid}/published-pictures/{name}"
    assert (await http.get(public)).status_code == 404
    body = {"command_id": "p1", "nobody_is_seen": False}
    assert (await http.post(f"{path}/publication", json=body, headers=bearer(OFFICE))).is_error
    parts = [{"left": 0, "top": 0, "width": 500, "height": 500}]
    body = {"command_id": "p1", "nobody_is_seen": True, "parts": parts}
    done = await http.post(f"{path}/publication", json=body, headers=bearer(OFFICE))
    assert done.status_code == 201, done.text
    shown = await http.get(public)
    assert (shown.status_code, shown.content == seen.content) == (200, False)
    (line,) = (await http.get(f"/v1/renovations/{rid}/published-pictures")).json()
    assert (line["picture_id"], line["blurred"]) == (name, 1)
    listed = await http.get(f"/v1/renovations/{rid}/pictures", headers=bearer(OFFICE))
    assert listed.json()[0]["published_at"] is not None


async def test_a_ticket_takes_four_pictures_and_a_neighbours_takes_none(
    http: httpx.AsyncClient, rid: str, ticket: str
) -> None:
    assert (await add(http, rid, ticket, "n", photograph(), OTHER)).status_code == 404
    told = [(await add(http, rid, ticket, f"m{n}", photograph())).status_code for n in range(5)]
    assert told == [201] * 4 + [409]


async def test_a_body_of_a_hundred_megabytes_is_not_read_and_a_strangers_is_short(
    http: httpx.AsyncClient, rid: str, ticket: str
) -> None:
    path = f"/v1/renovations/{rid}/tickets/{ticket}/pictures"
    huge = {"content-length": str(100_000_000), **of_unit(rid, UNIT)}
    told = await http.post(path, params={"command_id": "h"}, content=b"", headers=huge)
    assert told.json()["code"] == "service.body_too_large"
    stranger = await http.post(path, params={"command_id": "h"}, content=bytes(300_000))
    assert stranger.status_code == 413
