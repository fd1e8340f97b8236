"""A person's data go when nothing needs them, stay restricted while something does, and nothing else breaks."""

import io
import json
import uuid
import zipfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from rules.retention import KINDS, NAMES
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, names_of, put_person
from runtime.settings import Settings
from service.privacy.holds import STARTS
from service.privacy.keeping import PrivacyKeeper
from tests.service.ballots.test_voting import bearer as unit_of
from tests.support.box import open_box
from tests.support.channels import owner_of
from tests.support.people import bearer, sign_in

Make = Callable[..., Awaitable[str]]
KEYS = PersonKeys(SecretStr("7e" * 32))
OFFICES = ("clerk", "second", "elsewhere")


async def everything(sql: asyncpg.Connection) -> str:
    """The bytes of every table of every schema of ours, as COPY gives them: what a backup has."""
    found = []
    for row in await sql.fetch(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname IN ('public', 'private', 'person_keys')"
    ):
        out = io.BytesIO()
        await sql.copy_from_table(row["tablename"], schema_name=row["schemaname"], output=out)
        found.append(out.getvalue().decode(errors="replace"))
    return "".join(found)


async def owner(database: Database, sql: asyncpg.Connection, rid: str, name: str) -> str:
    """An owner of 1-101 by the roll."""
    person = uuid.uuid4().hex
    await database.transaction(lambda session: put_person(session, KEYS, person, name))
    await sql.execute(
        "INSERT INTO private.unit_owner (unit_id, person_id, position)"
        " SELECT id, $2, 0 FROM unit WHERE estate_id = $1 AND number = '1-101'",
        f"{rid}.estate",
        person,
    )
    return person


async def sell(sql: asyncpg.Connection, rid: str, unit: str, generation: int = 1) -> None:
    """A sale of a unit on the roll of the running vote, which is announced if there is none."""
    box = await sql.fetchval("SELECT id FROM ballot_box WHERE renovation_id = $1", rid)
    box = box or await open_box(sql, rid)
    await sql.execute(
        "INSERT INTO owner_replacement (renovation_id, unit_number, generation, box_id, entry_id, shared,"
        " buyer_key, registered_on, evidence, up_to_seq, replaced_by, command_id, recorded_at)"
        " SELECT $1, unit_number, $4, box_id, entry_id, false, repeat('a', 64), current_date, 'x', 0, 'x',"
        " $5, clock_timestamp() FROM roll_unit WHERE box_id = $2 AND unit_number = $3",
        *(rid, box, unit, generation, f"{rid}-sale-{generation}"),
    )


@pytest.fixture
async def case(renovation: Make, sql: asyncpg.Connection) -> str:
    rid = await renovation()
    await sql.execute(
        "INSERT INTO place (id, kind, name, parent_id, path)"
        " VALUES ('s-far', 'street_office', 'far', 'd', 'd/s-far') ON CONFLICT DO NOTHING"
    )
    for who in OFFICES:
        await sign_in(sql, who)
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, 'street_office', $2) ON CONFLICT DO NOTHING",
            who,
            "s-far" if who == "elsewhere" else "s",
        )
    return rid


async def ask(http: httpx.AsyncClient, who: str, person: str) -> httpx.Response:
    body = {"command_id": f"e-{person}", "person": person, "reason": "asked in person"}
    return await http.post("/v1/erasures", json=body, headers=bearer(who))


async def confirm(http: httpx.AsyncClient, who: str, erasure: str) -> httpx.Response:
    path = f"/v1/erasures/{erasure}/confirmation"
    return await http.post(path, json={"command_id": f"c-{erasure}"}, headers=bearer(who))


async def test_a_name_stands_in_no_table_and_is_read_with_the_key(
    database: Database, sql: asyncpg.Connection, case: str
) -> None:
    person = await owner(database, sql, case, "欧阳示例甲")
    assert "欧阳示例甲" not in await everything(sql)
    async with database.session() as session:
        assert await names_of(session, KEYS, [person]) == {person: "欧阳示例甲"}
        other = PersonKeys(SecretStr("8d" * 32))
        assert await names_of(session, other, [person]) == {person: ""}


async def test_what_is_needed_is_restricted_until_its_period_is_over_and_then_gone(
    http: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    sql: asyncpg.Connection,
    case: str,
) -> None:
    person = await owner(database, sql, case, "司徒示例乙")
    path = f"/v1/renovations/{case}/people?unit_number=1-101"
    assert (await http.get(path, headers=bearer("clerk"))).json() == [
        {"person": person, "name": "司徒示例乙"}
    ]
    assert (await ask(http, "elsewhere", person)).json()["code"] == "erasure.unknown"
    asked = (await ask(http, "clerk", person)).json()
    assert (asked["done_at"], asked["outcome"]) == (None, [])
    assert (await ask(http, "clerk", person)).json() == asked, "the same command asks once"
    other = {"command_id": f"e-{person}", "person": person, "reason": "for another reason"}
    reused = await http.post("/v1/erasures", json=other, headers=bearer("clerk"))
    assert reused.json()["code"] == "journal.command_reused"
    assert (await confirm(http, "clerk", asked["erasure"])).json()["code"] == "erasure.own"
    stranger = await confirm(http, "elsewhere", asked["erasure"])
    assert stranger.json()["code"] == "erasure.unknown"
    done = (await confirm(http, "second", asked["erasure"])).json()
    assert [(each["kind"], each["state"], each["until"]) for each in done["outcome"]] == [
        ("record", "restricted", ""),
        ("owner_name", "restricted", ""),
    ]
    assert (await http.get(path, headers=bearer("clerk"))).json() == [
        {"person": person, "name": ""}
    ]
    keeper = PrivacyKeeper(database, settings)
    await keeper.turn()
    assert await sql.fetchval("SELECT sealed FROM private.person WHERE id = $1", person)
    before = await sql.fetchval(
        "SELECT owner_key FROM unit WHERE estate_id = $1 AND number = '1-101'", f"{case}.estate"
    )
    # Three years and a day after the case is closed nobody may go to court over it any more.
    await sql.execute(
        "UPDATE renovation SET state = 'completed', closed_at = now() - interval '1096 days' WHERE id = $1",
        case,
    )
    await keeper.turn()
    row = await sql.fetchrow("SELECT * FROM private.person WHERE id = $1", person)
    assert (row["name"], row["sealed"], row["restricted_until"]) == (None, None, None)
    assert not await sql.fetchval("SELECT 1 FROM person_keys.person_key WHERE id = $1", person)
    after = await sql.fetchval(
        "SELECT owner_key FROM unit WHERE estate_id = $1 AND number = '1-101'", f"{case}.estate"
    )
    assert after != before, "whose it was is compared with nobody's name any more"
    log = await sql.fetch("SELECT reader_id, door FROM private.access WHERE subject = $1", person)
    assert {("clerk", "erasure.asked"), ("second", "erasure.confirmed")} <= {
        (row["reader_id"], row["door"]) for row in log
    }
    # A copy of the keys from before is what still opens it; without one the sealed bytes say nothing.
    assert "司徒示例乙" not in await everything(sql)


async def test_who_left_their_office_erases_their_own_data_at_once_and_is_told_what_stays(
    http: httpx.AsyncClient, database: Database, sql: asyncpg.Connection, case: str
) -> None:
    me = f"former-{case}"
    await sign_in(sql, me)
    await sql.execute("UPDATE private.person SET name = NULL, sealed = NULL WHERE id = $1", me)
    await database.transaction(lambda session: put_person(session, KEYS, me, "诸葛示例丙"))
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id, valid_from, valid_until)"
        " VALUES ($1, 'Zhuge', 'grid_worker', 's', now() - interval '2000 days',"
        " now() - interval '1500 days')",
        me,
    )
    contact = {"command_id": "k", "channel": "email", "address": "zhuge.c@example.org"}
    added = await http.post("/v1/contacts", json=contact, headers=bearer(me))
    assert added.json()[0]["address"] == "zhuge.c@example.org"
    assert "zhuge.c@example.org" not in await everything(sql)
    own = await http.get("/v1/own-data", headers=bearer(me))
    told = read_zip(own.content)
    assert (told["name"], told["contacts"][0]["address"]) == ("诸葛示例丙", "zhuge.c@example.org")
    assert told["roles"][0]["label"] == "Zhuge"
    done = (await ask(http, me, me)).json()
    found = {each["kind"]: each["state"] for each in done["outcome"]}
    assert found == {
        "contact": "erased",
        "account": "erased",
        "official_name": "erased",
        "record": "restricted",
        "grant_label": "restricted",
    }
    assert next(each["until"] for each in done["outcome"] if each["kind"] == "grant_label")
    assert (await http.get("/v1/session", headers=bearer(me))).status_code == 401
    async with database.session() as session:
        assert await names_of(session, KEYS, [me]) == {me: ""}
    assert not await sql.fetchval("SELECT 1 FROM person_keys.person_key WHERE id = $1", me)


async def test_a_closed_account_is_erased_on_request_and_when_its_period_is_over(
    http: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    sql: asyncpg.Connection,
    case: str,
) -> None:
    """Its name, and what a provider knows its person by, are kept for nobody to sign in by."""
    asks, leaves, back = (f"{each}-{case}" for each in ("asks", "leaves", "back"))
    await sign_in(sql, asks, leaves, back)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) SELECT who, 'x', 'grid_worker', 's'"
        " FROM unnest($1::text[]) who",
        [asks, leaves, back],
    )
    await sql.execute(
        "UPDATE private.account SET issuer = 'https://idp.test', subject = id,"
        " closed_at = now() - interval '181 days' WHERE id = ANY($1::text[])",
        [leaves, back],
    )
    await sql.execute(
        "INSERT INTO private.account (id, actor_id, person_id, name, created_at)"
        " VALUES ($1 || '-2', $1::varchar, $1::varchar, $1 || '-2', now())",
        back,
    )
    await sql.execute(
        "INSERT INTO private.saved_view (actor_id, name, wanted, saved_at)"
        " SELECT who, 'mine', '{}', now() FROM unnest($1::text[]) who",
        [leaves, back],
    )
    await sql.execute("UPDATE private.account SET closed_at = now() WHERE id = $1", asks)
    asked = (await ask(http, "clerk", asks)).json()
    done = (await confirm(http, "second", asked["erasure"])).json()
    assert {"kind": "account", "state": "erased"} in done["outcome"]
    await PrivacyKeeper(database, settings).turn()
    rows = await sql.fetch(
        "SELECT actor_id, name, subject, closed_at IS NULL AS open FROM private.account"
        " WHERE actor_id = ANY($1::text[]) ORDER BY id",
        [asks, leaves, back],
    )
    assert [(row["actor_id"], row["name"], row["subject"], row["open"]) for row in rows] == [
        (asks, f"closed-{asks}", None, False),
        (back, f"closed-{back}", None, False),
        (back, f"{back}-2", None, True),
        (leaves, f"closed-{leaves}", None, False),
    ]
    views = await sql.fetch(
        "SELECT actor_id FROM private.saved_view WHERE actor_id = ANY($1::text[])", [leaves, back]
    )
    assert [row["actor_id"] for row in views] == [back]


async def test_an_erased_person_leaves_record_votes_and_sums_as_they_are(
    http: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    sql: asyncpg.Connection,
    case: str,
) -> None:
    person = await owner(database, sql, case, "上官示例丁")
    columns = "seq, prev_hash, hash, details::text, actor_id, actor_label"
    events = f"SELECT {columns} FROM event WHERE renovation_id = $1 ORDER BY seq"
    units = "SELECT number, area_dm2 FROM unit WHERE estate_id = $1 ORDER BY number"
    before = (await sql.fetch(events, case), await sql.fetch(units, f"{case}.estate"))
    heads = "SELECT count(DISTINCT owner_key) FROM unit WHERE estate_id = $1"
    people = await sql.fetchval(heads, f"{case}.estate")
    await sql.execute(
        "UPDATE renovation SET closed_at = now() - interval '1096 days' WHERE id = $1", case
    )
    await PrivacyKeeper(database, settings).turn()
    async with database.session() as session:
        assert await names_of(session, KEYS, [person]) == {person: ""}
    assert before == (await sql.fetch(events, case), await sql.fetch(units, f"{case}.estate"))
    assert await sql.fetchval(heads, f"{case}.estate") == people


async def test_what_is_sensitive_has_its_own_consent_is_logged_and_goes_with_it(
    http: httpx.AsyncClient, sql: asyncpg.Connection, case: str
) -> None:
    path, home = f"/v1/renovations/{case}/sensitive", unit_of(case, "1-101")
    said = {"command_id": "s1", "kind": "hardship", "words": "我家领低保", "consent": True}
    without = await http.post(path, json={**said, "consent": False}, headers=home)
    assert without.status_code == 422
    given = await http.post(path, json=said, headers=home)
    assert (given.status_code, given.json()[0]["words"]) == (201, "我家领低保")
    assert "我家领低保" not in await everything(sql)
    assert (await http.get(path, headers=unit_of(case, "1-102"))).json() == []
    read = await http.get(f"{path}-files", headers=bearer("clerk"))
    assert [each["words"] for each in read.json()] == ["我家领低保"]
    assert (
        await sql.fetchval(
            "SELECT reader_id FROM private.access WHERE renovation_id = $1 AND door LIKE '%sensitive-files'",
            case,
        )
        == "clerk"
    )
    own = read_zip((await http.get(f"/v1/renovations/{case}/own-data", headers=home)).content)
    assert own["sensitive"][0]["words"] == "我家领低保"
    entry = given.json()[0]["entry"]
    gone = await http.post(
        f"{path}/withdrawals", json={"command_id": "s2", "entry": entry}, headers=home
    )
    assert gone.json() == []
    row = await sql.fetchrow("SELECT content FROM private.sensitive WHERE id = $1", entry)
    assert row["content"] == b""
    assert not await sql.fetchval("SELECT 1 FROM person_keys.person_key WHERE id = $1", entry)


async def test_after_a_sale_the_sellers_erasure_takes_what_the_seller_gave_and_leaves_the_buyers(
    http: httpx.AsyncClient, database: Database, sql: asyncpg.Connection, case: str
) -> None:
    person = await owner(database, sql, case, "端木示例戊")
    path = f"/v1/renovations/{case}"

    async def says(who: dict[str, str], words: str) -> None:
        told = {"command_id": words, "kind": "hardship", "words": words, "consent": True}
        assert (await http.post(f"{path}/sensitive", json=told, headers=who)).status_code == 201
        address = {"command_id": words, "channel": "email", "address": f"{words}@home.test"}
        assert (await http.post(f"{path}/contacts", json=address, headers=who)).status_code == 201

    await says(owner_of(case, "1-101"), "sellers")
    await sell(sql, case, "1-101")
    await sql.execute("INSERT INTO unit_access VALUES ($1, '1-101', 1)", case)
    buyer = owner_of(case, "1-101", 1)
    await says(buyer, "buyers")
    own = read_zip((await http.get(f"{path}/own-data", headers=buyer)).content)
    assert [each["words"] for each in own["sensitive"]] == ["buyers"]
    asked = (await ask(http, "clerk", person)).json()
    done = (await confirm(http, "second", asked["erasure"])).json()
    assert {"contact", "sensitive"} <= {
        each["kind"] for each in done["outcome"] if each["state"] == "erased"
    }
    for table, content in (("contact", "address"), ("sensitive", "content")):
        query = f"SELECT {content} <> '' FROM private.{table} WHERE renovation_id = $1 ORDER BY consented_at"
        assert [row[0] for row in await sql.fetch(query, case)] == [False, True], table
    (kept,) = (await http.get(f"{path}/contacts", headers=buyer)).json()
    assert kept["address"] == "buyers@home.test"


async def test_a_second_buyer_finds_the_own_letter_and_not_the_first_buyers(
    http: httpx.AsyncClient, sql: asyncpg.Connection, case: str
) -> None:
    for number in (1, 2):
        await sql.execute(
            "INSERT INTO letter (id, renovation_id, kind, unit_number, fact, made_by, made_at, expires_at,"
            " ended_at) VALUES ($1, $2, 'buyer', '1-101', 'code', $3, now(), now(), $4)",
            *(
                f"{case}-{number}",
                case,
                f"clerk-{number}",
                datetime.now(UTC) if number == 1 else None,
            ),
        )
        await sell(sql, case, "1-101", number)
    own = await http.get(f"/v1/renovations/{case}/own-data", headers=owner_of(case, "1-101"))
    (letter,) = read_zip(own.content)["letters"]
    assert (letter["kind"], letter["ended_at"]) == ("buyer", None)


async def test_names_of_before_are_sealed_by_the_first_turn(
    database: Database, settings: Settings, sql: asyncpg.Connection
) -> None:
    await sql.execute(
        "INSERT INTO private.person (id, name) VALUES ('of-before', '旧时示例戊') ON CONFLICT DO NOTHING"
    )
    async with database.session() as session:
        assert await names_of(session, KEYS, ["of-before"]) == {"of-before": "旧时示例戊"}
    await PrivacyKeeper(database, settings).turn()
    assert "旧时示例戊" not in await everything(sql)
    async with database.session() as session:
        assert await names_of(session, KEYS, ["of-before"]) == {"of-before": "旧时示例戊"}


async def test_every_kind_has_its_query_and_an_official_sees_what_is_due(
    http: httpx.AsyncClient, sql: asyncpg.Connection, case: str
) -> None:
    assert STARTS.keys() == {each.kind for each in KINDS}
    assert set(NAMES) < STARTS.keys()
    told = (await http.get("/v1/retention", headers=bearer("clerk"))).json()
    assert [each["kind"] for each in told] == [each.kind for each in KINDS]
    await sign_in(sql, "no-role")
    refused = await http.get("/v1/retention", headers=bearer("no-role"))
    assert refused.json()["code"] == "credential.no_role"


def read_zip(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found: dict[str, Any] = json.loads(archive.read("own-data.json"))
        return found
