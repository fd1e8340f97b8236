"""A complaint is about a home or a firm: these read nothing of it, neither words nor answer nor photograph (P-6)."""

import io
import json
import zipfile
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from runtime.database import Database
from service.privacy.keeping import erase
from tests.service.conftest import KEY
from tests.service.pictures.test_pictures import photograph
from tests.support.browser.desk import Desk
from tests.support.estate import make_renovation
from tests.support.people import bearer, sign_in
from tests.support.votes.tickets import unit_ticket

RID = "rabout"
CASE = f"/v1/renovations/{RID}"
WRITER, ABOUT, NEIGHBOUR = "1-101", "1-102", "1-201"
OFFICE, FIRM = bearer("about-office"), bearer("about-firm")


def of_unit(number: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), RID, number)}"}


@pytest.fixture(scope="module", autouse=True)
async def case(database: Database, sql: asyncpg.Connection) -> None:
    await make_renovation(database, rid=RID)
    await sign_in(sql, "about-office", "about-firm")
    # Whoever builds here is an official too: what is about the firm it does not read as one either.
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES"
        " ('about-office', 'o', 'street_office', 'd'), ('about-firm', 'f', 'contractor', 'd'),"
        " ('about-firm', 'f', 'owners_committee', 'd')"
    )


async def complain(http: httpx.AsyncClient, key: str, **about: Any) -> httpx.Response:
    body = {"command_id": key, "unit_number": WRITER, "kind": "complaint", "text": "Noise at night"}
    return await http.post(f"{CASE}/tickets", json={**body, **about}, headers=of_unit(WRITER))


async def read(http: httpx.AsyncClient, who: dict[str, str]) -> dict[str, dict[str, Any]]:
    found = await http.get(f"{CASE}/tickets", headers=who)
    return {each["id"]: each for each in found.json()}


async def named(sql: asyncpg.Connection, key: str) -> str:
    return str(await sql.fetchval("SELECT id FROM ticket ORDER BY opened_at DESC LIMIT 1"))


async def test_the_home_complained_about_reads_nothing_of_it(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    await complain(http, "about-a-home", about_unit=ABOUT)
    name = await named(sql, "about-a-home")
    await sql.execute(
        "INSERT INTO notice (id, renovation_id, command_id, audience, template, params, created_at)"
        " SELECT 'said-' || id, renovation_id, 'said', 'complainant', 'ticket_answered',"
        " jsonb_build_object('ticket', id, 'answer', 'We asked for quiet'), now() FROM ticket WHERE id = $1",
        name,
    )
    office = (await read(http, OFFICE))[name]
    assert (office["text"], office["about_unit"]) == ("Noise at night", ABOUT)
    assert office["answers"] == ["We asked for quiet"]
    own = (await read(http, of_unit(WRITER)))[name]
    assert (own["text"], own["answers"]) == ("Noise at night", ["We asked for quiet"])
    assert name not in await read(http, of_unit(ABOUT))
    for who in (of_unit(NEIGHBOUR), {}):
        seen = (await read(http, who))[name]
        assert (seen["text"], seen["answers"], seen["about_unit"]) == (None, None, None)
    events = await http.get(f"{CASE}/events?limit=500", headers=OFFICE)
    assert ABOUT not in json.dumps([each["details"] for each in events.json()])


async def test_the_firm_complained_about_reads_nothing_of_it_in_any_of_its_roles(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    await complain(http, "about-a-firm", about_firm="about-firm")
    name = await named(sql, "about-a-firm")
    path = f"{CASE}/tickets/{name}/pictures"
    sent = {**of_unit(WRITER), "Idempotency-Key": "picture-about"}
    added = await http.post(path, content=photograph(), headers=sent)
    assert added.status_code == 201, added.text
    again = await http.post(f"{path}?command_id=picture-about", content=photograph(), headers=sent)
    assert again.json() == added.json()
    other = await http.post(f"{path}?command_id=another", content=photograph(), headers=sent)
    assert (other.status_code, other.json()["code"]) == (400, "service.command_id_differs")
    picture = added.json()["id"]
    assert name in await read(http, OFFICE)
    assert name not in await read(http, FIRM)
    for who, status in ((OFFICE, 200), (FIRM, 404)):
        seen = await http.get(f"{CASE}/pictures/{picture}", headers=who)
        assert seen.status_code == status
        listed = await http.get(f"{CASE}/pictures", headers=who)
        assert (picture in {each["id"] for each in listed.json()}) == (status == 200)


async def test_nobody_reads_or_answers_as_an_office_what_is_about_their_home_or_firm(
    http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    """The roll knows who owns the home by name: an official of that name is party to it."""
    for person in ("about-neighbour", "about-roll"):
        await sql.execute("INSERT INTO private.person (id, name) VALUES ($1, 'Sun Li')", person)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('about-neighbour', 'Sun Li', 'street_office', 'd'),"
        " ('about-firm', 'f', 'residents_committee', 'd')"
    )
    await sign_in(sql, "about-neighbour")
    await sql.execute(
        "INSERT INTO private.unit_owner (unit_id, person_id, position)"
        " SELECT id, 'about-roll', 0 FROM unit WHERE estate_id = $1 AND number = $2",
        *(f"{RID}.estate", ABOUT),
    )
    words = {"about-neighbour": "Their music", "about-firm": "Their scaffold"}
    for person, about in (
        ("about-neighbour", {"about_unit": ABOUT}),
        ("about-firm", {"about_firm": "about-firm"}),
    ):
        said = words[person]
        await complain(http, f"of-{person}", text=said, **about)
        name = await named(sql, "")
        path = f"{CASE}/tickets/{name}/pictures"
        sent = {**of_unit(WRITER), "Idempotency-Key": f"picture-{person}"}
        picture = (await http.post(path, content=photograph(), headers=sent)).json()["id"]
        for who, reads in ((person, False), ("about-office", True)):
            assert (name in await read(http, bearer(who))) == reads
            desk = Desk(http, who)
            asked = await desk.get(f"/office/cases/{RID}/acts/resolve_ticket")
            assert (said in asked.text, name in asked.html) == (reads, reads), asked.text
            listed = await desk.get(f"/office/cases/{RID}/pictures")
            assert (picture in listed.html, said in listed.text) == (reads, reads)
            for door in ("", "/content"):
                seen = await desk.get(f"/office/cases/{RID}/pictures/{picture}{door}")
                assert (seen.status == 200) == reads
        body = {"command_id": f"as-{person}", "parts": [], "nobody_is_seen": True}
        shown = await http.post(
            f"{CASE}/pictures/{picture}/publication", json=body, headers=bearer(person)
        )
        assert shown.json()["code"] == "picture.unknown"
        answer = {"command_id": f"answer-{person}", "ticket_id": name, "answer": "It was quiet"}
        refused = await http.post(
            f"{CASE}/acts/resolve_ticket", json=answer, headers=bearer(person)
        )
        assert refused.json()["code"] == "feedback.own_complaint", refused.text
        assert refused.status_code == 403


@pytest.mark.parametrize(
    ("about", "code", "where"),
    [
        ({"about_unit": "9-999"}, "feedback.unit_unknown", "9-999"),
        ({"about_unit": WRITER}, "feedback.about_itself", "about_unit"),
        ({"about_firm": "about-office"}, "feedback.firm_unknown", "about_firm"),
        ({"about_unit": ABOUT, "about_firm": "about-firm"}, "feedback.about_one", "about_firm"),
    ],
)
async def test_whom_it_is_about_is_somebody_else_who_is_there(
    http: httpx.AsyncClient, about: dict[str, str], code: str, where: str
) -> None:
    refused = await complain(http, f"wrong-{code}", **about)
    (problem,) = refused.json()["problems"]
    assert (problem["code"], problem["where"]) == (code, where)
    assert refused.status_code == (404 if code == "feedback.unit_unknown" else 422)
    assert code not in problem["sentence"]


async def test_photographs_are_in_the_own_data_and_are_erased_when_their_time_is_over(
    http: httpx.AsyncClient, sql: asyncpg.Connection, database: Database
) -> None:
    await complain(http, "with-picture")
    name = await named(sql, "with-picture")
    sent = {**of_unit(WRITER), "Idempotency-Key": "own-picture"}
    added = await http.post(f"{CASE}/tickets/{name}/pictures", content=photograph(), headers=sent)
    picture = added.json()["id"]

    async def own() -> tuple[list[str], dict[str, Any]]:
        packed = await http.get(f"{CASE}/own-data", headers=of_unit(WRITER))
        with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
            return archive.namelist(), json.loads(archive.read("own-data.json"))

    files, told = await own()
    assert f"pictures/{picture}.jpg" in files
    assert picture in {each["id"] for each in told["pictures"]}
    await database.transaction(lambda session: erase(session, "picture", [picture]))
    files, told = await own()
    assert f"pictures/{picture}.jpg" not in files
    gone = await http.get(f"{CASE}/pictures/{picture}", headers=of_unit(WRITER))
    assert (gone.status_code, gone.json()["code"]) == (404, "picture.unknown")
    kept = await sql.fetchrow("SELECT content, sha256 FROM private.picture WHERE id = $1", picture)
    assert (kept["content"], len(kept["sha256"])) == (b"", 64)
