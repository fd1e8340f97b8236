"""After an erasure: where in the whole database something of the person still stands, and who still reads it."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from models.values.actor import Role
from proof.casefile.checking import check, read_zip
from rules.disclosure.events import REDACTED
from rules.disclosure.readers import reader_in_role
from runtime.ballots.sealing import Signer
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, put_person
from runtime.record.audit import audit, places
from runtime.record.events import load_events
from runtime.record.heads import PURPOSE
from runtime.settings import Settings
from service.history.casefile import OF_BUNDLE, CaseKeys, case_bundle
from service.history.kept import load_state
from service.reading.shaping import Viewer
from tests.service.ballots.test_voting import bearer as unit_of
from tests.service.conftest import KEY
from tests.service.pictures.test_pictures import photograph
from tests.support.estate import make_renovation
from tests.support.fields.doors import Door, doors
from tests.support.people import bearer, sign_in
from tests.support.votes.tickets import unit_ticket

RID, UNIT = "rleft", "1-101"
CASE, ESTATE = f"/v1/renovations/{RID}", f"/v1/estates/{RID}.estate"
GONE, OWNER = "left-gone", "left-of-home"
LABEL = "澹台主任"
"""Under which the official acted: the record is hashed over it."""
OFFICIAL = (
    "澹台示例己",
    "tantai-login",
    "tantai-subject",
    "tantai-phone",
    "tantai@example.org",
    "澹台受邀",
)
HOME = ("公冶示例庚", "gongye@example.org", "公冶家领低保")
READERS = tuple(role for role in Role if role not in {Role.ENGINE, Role.OPERATOR})
KEYS = CaseKeys(
    Signer.of(bytes(32), OF_BUNDLE), bytes(32), (Signer.of(bytes(32), PURPOSE).public_key,)
)
SAID_BY_DOORS = (
    "/events",
    "/history?level=all",
    "/log?form=csv",
    "/log?form=xes",
    "/suggestions",
)
WORDS = {"theme": "Lamps", "reason": "Dark", "proposal": "Lamps by the gate"}


@dataclass(frozen=True)
class Erased:
    """What the two erasures answered, by kind of data."""

    official: Mapping[str, Mapping[str, str]]
    owner: Mapping[str, Mapping[str, str]]


async def tables_with(sql: asyncpg.Connection, words: str) -> set[str]:
    """The tables in whose bytes these words stand, as a backup has them."""
    found = set()
    for row in await sql.fetch(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname IN ('public', 'private', 'person_keys')"
    ):
        out = io.BytesIO()
        await sql.copy_from_table(row["tablename"], schema_name=row["schemaname"], output=out)
        if words.encode() in out.getvalue():
            found.add(row["tablename"])
    return found


async def an_official(
    http: httpx.AsyncClient, database: Database, keys: PersonKeys, sql: asyncpg.Connection
) -> None:
    """Somebody who has done something in a case and in an estate, and has left the office for years."""
    name, login, subject, phone, address, invited = OFFICIAL
    await sign_in(sql, GONE)
    await sql.execute("UPDATE private.person SET name = NULL, sealed = NULL WHERE id = $1", GONE)
    await database.transaction(lambda session: put_person(session, keys, GONE, name))
    await sql.execute(
        "UPDATE private.account SET name = $2, issuer = 'https://city.example', subject = $3 WHERE id = $1",
        *(GONE, login, subject),
    )
    await sql.execute(
        "INSERT INTO private.passkey (id, account_id, public_key, sign_count, created_at, label)"
        " VALUES ('left-key', $1, 'x', 0, now(), $2)",
        *(GONE, phone),
    )
    await sql.execute(
        "INSERT INTO private.invitation (id, actor_id, name, invited_by, created_at, expires_at)"
        " VALUES (repeat('a', 64), $1, $2, 'left-clerk', now(), now() + interval '1 day')",
        *(GONE, invited),
    )
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1, $2, 'grid_worker', 'd')",
        *(GONE, LABEL),
    )
    contact = {"command_id": "left-contact", "channel": "email", "address": address}
    assert (await http.post("/v1/contacts", json=contact, headers=bearer(GONE))).is_success
    said = {"command_id": "left-case", "unit_numbers": [UNIT], **WORDS}
    for path in (CASE, ESTATE):
        written = await http.post(
            f"{path}/suggestions/written-down",
            json={**said, "command_id": f"left-{path[4:8]}"},
            headers=bearer(GONE),
        )
        if path == CASE:
            assert written.status_code == 201, written.text
            await sql.execute("UPDATE renovation SET state = 'completed' WHERE id = $1", RID)
    assert written.status_code == 201, written.text
    await sql.execute(
        "UPDATE role_grant SET valid_from = now() - interval '2000 days',"
        " valid_until = now() - interval '1500 days' WHERE actor_id = $1",
        GONE,
    )


async def an_owner(
    http: httpx.AsyncClient, database: Database, keys: PersonKeys, sql: asyncpg.Connection
) -> None:
    """The only owner of a home, which gave an address, said why it is poor, and photographed a wall."""
    name, address, words = HOME
    await database.transaction(lambda session: put_person(session, keys, OWNER, name))
    await sql.execute(
        "INSERT INTO private.unit_owner (unit_id, person_id, position)"
        " SELECT id, $2, 0 FROM unit WHERE estate_id = $1 AND number = $3",
        *(f"{RID}.estate", OWNER, UNIT),
    )
    home = unit_of(RID, UNIT)
    for path, body in (
        ("contacts", {"channel": "email", "address": address}),
        ("sensitive", {"kind": "hardship", "words": words, "consent": True}),
        ("tickets", {"unit_number": UNIT, "kind": "quality", "text": "Wet wall"}),
    ):
        sent = await http.post(
            f"{CASE}/{path}", json={"command_id": f"left-{path}", **body}, headers=home
        )
        assert sent.status_code in (200, 201, 503), (
            sent.text
        )  # no engine runs here: the ticket is written
    ticket = await sql.fetchval("SELECT id FROM ticket WHERE renovation_id = $1", RID)
    headers = {**home, "Idempotency-Key": "left-picture"}
    added = await http.post(
        f"{CASE}/tickets/{ticket}/pictures", content=photograph(), headers=headers
    )
    assert added.status_code == 201, added.text


@pytest.fixture(scope="module")
async def erased(
    http: httpx.AsyncClient, database: Database, settings: Settings, sql: asyncpg.Connection
) -> Erased:
    await make_renovation(database, rid=RID)
    await sql.execute("UPDATE estate SET synthetic = false WHERE id = $1", f"{RID}.estate")
    keys = PersonKeys.of(settings)
    for who in ("left-clerk", "left-second", *(f"left-{role.value}" for role in READERS)):
        await sign_in(sql, who)
        role = (
            who.removeprefix("left-")
            if who.removeprefix("left-") in {*READERS}
            else "street_office"
        )
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, $3)",
            *(who, role, None if role == "administrator" else "d"),
        )
    await an_owner(http, database, keys, sql)
    await an_official(http, database, keys, sql)
    outcomes = []
    for person in (GONE, OWNER):
        body = {"command_id": f"left-{person}", "person": person, "reason": "asked in person"}
        asked = (await http.post("/v1/erasures", json=body, headers=bearer("left-clerk"))).json()
        path = f"/v1/erasures/{asked['erasure']}/confirmation"
        done = await http.post(
            path, json={"command_id": f"left-{person}"}, headers=bearer("left-second")
        )
        assert done.status_code == 201, done.text
        outcomes.append({each["kind"]: each for each in done.json()["outcome"]})
    return Erased(*outcomes)


async def test_of_everything_only_the_name_of_the_day_stands_in_the_tables_and_it_says_why(
    erased: Erased, sql: asyncpg.Connection
) -> None:
    left = {words: await tables_with(sql, words) for words in (*OFFICIAL, *HOME)}
    assert {words: found for words, found in left.items() if found} == {}
    assert await tables_with(sql, LABEL) == {"event", "place_event", "role_grant"}
    assert {kind: each["state"] for kind, each in erased.official.items()} == {
        "contact": "erased",
        "invitation_name": "erased",
        "account": "erased",
        "official_name": "erased",
        "record": "restricted",
        "grant_label": "restricted",
    }
    assert {kind: each["state"] for kind, each in erased.owner.items()} == {
        "contact": "erased",
        "sensitive": "erased",
        "owner_name": "restricted",
        "record": "restricted",
        "picture": "restricted",
    }
    for each in (*erased.official.values(), *erased.owner.values()):
        if each["state"] == "restricted":
            assert each["basis"], each
            assert each["article"], each
            assert "until" in each, each
    assert erased.official["grant_label"]["until"]


async def test_the_record_shows_the_name_of_the_day_to_who_audits_and_to_nobody_else(
    erased: Erased, http: httpx.AsyncClient
) -> None:
    asked = [f"{CASE}{path}" for path in SAID_BY_DOORS] + [f"{ESTATE}/suggestions/events"]
    for role in READERS:
        told = [(await http.get(path, headers=bearer(f"left-{role.value}"))).text for path in asked]
        named = {path for path, text in zip(asked, told, strict=True) if LABEL in text}
        audits = role is Role.AUDITOR
        assert named == (
            {each for each in asked if not each.endswith("/suggestions")} if audits else set()
        ), role
    for who in ({}, unit_of(RID, UNIT), unit_of(RID, "1-102")):
        events = (await http.get(f"{CASE}/events", headers=who)).json()
        (written,) = [each for each in events if each["kind"] == "suggestion.written_down"]
        assert (written["actor_id"], written["actor_label"]) == ("grid_worker", REDACTED)
    lines = (await http.get(f"{CASE}/history?level=all")).json()
    (line,) = [each for each in lines if each["kind"] == "suggestion.written_down"]
    assert REDACTED not in line["who"] + line["sentence"]


async def test_feed_grants_and_exports_have_the_name_no_more(
    erased: Erased, http: httpx.AsyncClient, sql: asyncpg.Connection
) -> None:
    office = bearer("left-street_office")
    feed = (await http.get("/v1/feed?limit=500", headers=office)).json()["events"]
    assert {each["actor_label"] for each in feed if each["kind"] == "suggestion.written_down"} == {
        REDACTED
    }
    grants = (await http.get("/v1/grants?place=d", headers=office)).json()
    assert {each["name"] for each in grants if each["person"] == GONE} == {""}
    exported = await load_events(sql, RID)
    assert LABEL not in json.dumps([each.actor_label for each in exported], ensure_ascii=False)
    # Whoever is in office acts under their name, whatever they asked for.
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1, 'again', 'grid_worker', 'd')",
        GONE,
    )
    try:
        assert LABEL in {each.actor_label for each in await load_events(sql, RID)}
    finally:
        await sql.execute("DELETE FROM role_grant WHERE actor_id = $1 AND label = 'again'", GONE)


async def test_chain_log_of_the_place_and_bundle_hold_as_before(
    erased: Erased,
    database: Database,
    sql: asyncpg.Connection,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    report = await audit(database, RID)
    assert (report.events > 1, report.bad) == (True, ())
    # The role in which it was done was put years back here, behind the act itself.
    assert {each.reason for each in report.bad_acts} <= {"not_granted"}
    async with sql.transaction():
        assert (await places.faults(sql))[1] == []
    for role in (Role.STREET_OFFICE, Role.AUDITOR):
        viewer = Viewer(reader=reader_in_role(role))
        path = tmp_path_factory.mktemp("left") / "case.zip"
        path.write_bytes(await case_bundle(database, KEYS, RID, "Left", viewer))
        check(read_zip(str(path)), KEYS.signer.public_key)
        with zipfile.ZipFile(path) as archive:
            told = b"".join(archive.read(name) for name in archive.namelist()).decode(
                errors="replace"
            )
        assert (LABEL in told) is (role is Role.AUDITOR)


def readable() -> list[Door]:
    """Every door at which something is read."""
    return [each for each in doors() if each.method == "GET"]


@pytest.mark.slow  # each door as everybody
async def test_no_door_tells_anybody_anything_of_whom_was_erased(
    erased: Erased, http: httpx.AsyncClient
) -> None:
    senders = {role.value: bearer(f"left-{role.value}") for role in READERS} | {
        "nobody": {},
        "home": {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), RID, UNIT)}"},
    }
    told, opened = [], 0
    for door in readable():
        for name, headers in senders.items():
            answer = await http.get(door.address(RID), headers=headers, follow_redirects=False)
            opened += answer.is_success
            text = answer.content.decode(errors="replace")
            words = [each for each in (*OFFICIAL, *HOME) if each in text]
            if LABEL in text and name != Role.AUDITOR.value:
                words.append(LABEL)
            told += [f"{door.path} tells {name} {each}" for each in words]
    assert told == []
    assert opened > 500


@pytest.mark.usefixtures("erased")
async def test_the_evidence_that_was_kept_before_is_made_anew_without_the_name(
    database: Database,
) -> None:
    """An erasure writes no event of the case: who is nameless is asked each time."""
    async with database.session() as session:
        assert (await load_state(session, RID)).nameless == {GONE}
