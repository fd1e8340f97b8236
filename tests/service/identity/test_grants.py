"""Roles are given by whoever may, live from and until, and stand in the log of their place."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from cli.opening import find_convener
from formats.file_mapping import in_words
from formats.renovation_file.reading import read_renovation
from models.tables import RoleGrant
from models.values.actor import Role
from rules.authority import covers
from runtime.database import Database
from runtime.privacy.keys import PersonKeys
from runtime.record.audit import audit
from runtime.record.journal import Journal
from runtime.settings import Settings
from service.estates.officials import Cast, grant_roles
from service.identity.grants import list_seen
from service.identity.operator import BreakGlass, break_glass, invite_administrator
from service.situation import load_grants, load_situation
from tests.support.channels import code
from tests.support.people import bearer, sign_in

Make = Callable[..., Awaitable[str]]
EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "estate.yaml"
ROLE = {"person": "street-9", "name": "Street", "place": "d/s", "reason": "appointed"}


async def role(sql: asyncpg.Connection, actor_id: str, role: str, place: str | None) -> None:
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, $3)"
        " ON CONFLICT DO NOTHING",
        actor_id,
        role,
        place,
    )
    await sign_in(sql, actor_id)


@pytest.fixture
async def rid(renovation: Make, sql: asyncpg.Connection) -> str:
    made = await renovation()
    await role(sql, "admin", "administrator", None)
    await role(sql, "root", "administrator", None)
    await role(sql, "bureau", "district_bureau", "d")
    await role(sql, "office", "street_office", "s")
    return made


async def give(
    http: httpx.AsyncClient, who: str, command_id: str, **body: object
) -> httpx.Response:
    given = {**ROLE, "role": "street_office", "command_id": command_id, **body}
    return await http.post("/v1/grants", json=given, headers=bearer(who))


async def test_a_role_is_given_once_ended_and_both_stand_in_the_log(
    http, sql, database, rid
) -> None:
    first = await give(http, "bureau", f"{rid}-1", person=f"p-{rid}")
    assert first.is_success, first.text
    again = await give(http, "bureau", f"{rid}-1", person=f"p-{rid}")
    assert again.json() == {**first.json(), "invitation": ""}
    assert code(await give(http, "bureau", f"{rid}-1")) == (409, "journal.command_reused")
    assert [each.role for each in await load_grants(database, f"p-{rid}", rid)] == [
        Role.STREET_OFFICE
    ]
    grant = first.json()["grant"]["id"]
    body = {"command_id": f"{rid}-2", "reason": "left"}
    ended = await http.post(f"/v1/grants/{grant}/end", json=body, headers=bearer("bureau"))
    assert ended.is_success, ended.text
    assert await load_grants(database, f"p-{rid}", rid) == ()
    kinds = await sql.fetch(
        "SELECT kind FROM place_event WHERE log_id = 's' AND details->>'grant' = $1 ORDER BY seq",
        str(grant),
    )
    assert [row["kind"] for row in kinds] == ["grant.given", "grant.ended"]
    assert (await audit(database)).ok


@pytest.mark.parametrize(
    ("who", "fields", "refused"),
    [
        ("office", {"role": "district_bureau"}, "granting.wrong_role"),
        ("office", {"role": "owners_committee", "place": "d"}, "granting.outside_place"),
        ("office", {"role": "owners_committee", "person": "office"}, "granting.to_oneself"),
        ("admin", {"role": "administrator", "person": "admin"}, "granting.outside_place"),
        ("root", {"role": "city_portal", "place": None}, "granting.place_of_role"),
        ("root", {"role": "administrator"}, "granting.place_of_role"),
        ("bureau", {"role": "operator"}, "granting.not_given"),
        ("bureau", {"person": "engine"}, "granting.reserved"),
        ("bureau", {"place": "d/nowhere"}, "granting.place_unknown"),
    ],
)
async def test_what_is_not_ones_to_give_is_refused(
    http, sql, rid, who: str, fields: dict[str, str], refused: str
) -> None:
    before = await sql.fetchval("SELECT count(*) FROM role_grant")
    answer = await give(http, who, f"{rid}-{refused}", **fields)
    if who != "admin":
        assert code(answer)[1] == refused
    assert not answer.is_success
    assert await sql.fetchval("SELECT count(*) FROM role_grant") == before


async def test_who_holds_a_role_is_told_to_officials_and_of_ones_own(
    http, sql, database, rid
) -> None:
    bank = f"bank-{rid}"
    await role(sql, bank, "payment_provider", "s")
    asked = await http.get("/v1/grants", params={"place": "d/s"}, headers=bearer(bank))
    assert code(asked) == (403, "granting.nothing_to_see")
    own = await list_seen(database, await load_grants(database, bank, rid))
    assert {each.person for each in own} == {bank}
    office = await list_seen(database, await load_grants(database, "office", rid))
    assert {bank, "office", "bureau", "admin"} <= {each.person for each in office}
    everything = await http.get("/v1/grants", headers=bearer("office"))
    assert {each["id"] for each in everything.json()} == {each.id for each in office}
    assert all(not each.place or covers("d/s", each.place) or each.place == "d" for each in office)


async def test_nobody_gets_the_link_of_somebody_who_is_more_than_they_could_make_them(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    """A new link voids the one of before and opens every role: a committee would sign in as its bureau."""
    await role(sql, "committee-c", "residents_committee", "c")
    above, firm, owner = (f"{each}-{rid}" for each in ("bureau", "of-firm", "owner"))
    given = await give(http, "root", f"{rid}-1", person=above, role="district_bureau", place="d")
    link = given.json()["invitation"]
    assert link, given.text
    looked = f"/v1/invitations/{link.rpartition('/')[2]}"

    async def named(person: str, by: str = "committee-c", **more: str) -> str:
        asked = {"role": "grid_worker", "place": "d/s/c/g", **more}
        answer = await give(
            http, by, f"{rid}-{by}-{person}-{asked['role']}", person=person, **asked
        )
        assert answer.is_success, answer.text
        return str(answer.json()["invitation"])

    assert await named(above) == ""
    assert (await http.get(looked)).is_success
    # Nor after the account was made and closed, nor where the role still waits for somebody above.
    await sign_in(sql, above)
    await sql.execute("UPDATE private.account SET closed_at = now() WHERE actor_id = $1", above)
    assert await named(above, "office", role="owners_committee", place="d/s/c") == ""
    waits = f"waits-{rid}"
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id, valid_from)"
        " VALUES ($1::text, 'W', 'street_office', 's', NULL)",
        waits,
    )
    assert await named(waits) == ""
    # Who acts for a firm, or owns a home, has a way in that is not the giver's to open either.
    for person in (firm, owner):
        await sql.execute("INSERT INTO private.person (id, name) VALUES ($1, 'P')", person)
    await sql.execute(
        "INSERT INTO private.firm (id, code, name, form, contact, qualification, place_id, registered_by,"
        " created_at) VALUES ($1::varchar, $1::varchar, 'F', 'limited', '', '', 's', 'x', now())",
        f"firm-{rid}",
    )
    await sql.execute(
        "INSERT INTO private.firm_person (firm_id, person_id, added_by, added_at) VALUES ($1, $2, 'x', now())",
        f"firm-{rid}", firm,
    )  # fmt: skip
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, 'F', 'contractor', 's')",
        f"firm-{rid}",
    )
    unit = await sql.fetchval(
        "SELECT u.id FROM unit u JOIN renovation r ON r.estate_id = u.estate_id WHERE r.id = $1 LIMIT 1",
        rid,
    )
    await sql.execute(
        "INSERT INTO private.unit_owner (unit_id, position, person_id) VALUES ($1, 9, $2)",
        unit,
        owner,
    )
    assert (await named(firm), await named(owner)) == ("", "")
    # Whoever might have given all of it hands out a new link; who is new gets the first.
    assert await named(above, "root", role="city_portal", place="d")
    assert await named(waits, "bureau", role="street_office", place="d/s/c")
    assert await named(f"new-{rid}")


async def test_a_grant_counts_from_and_until_its_moments(sql, database, rid) -> None:
    await role(sql, f"q-{rid}", "street_office", "s")
    mine = f"q-{rid}"
    assert len(await load_grants(database, mine, rid)) == 1
    update = "UPDATE role_grant SET {} WHERE actor_id = $1"
    for change in (
        "valid_until = now()",
        "valid_until = NULL, valid_from = NULL",
        "valid_from = now() + interval '1 day'",
    ):
        await sql.execute(update.format(change), mine)
        assert await load_grants(database, mine, rid) == ()
    await sql.execute(update.format("valid_from = now(), only_case = $2"), mine, rid)
    assert len(await load_grants(database, mine, rid)) == 1
    assert await load_grants(database, mine, "another") == ()


async def test_a_file_makes_nobody_an_office_of_a_real_place(
    http: httpx.AsyncClient, sql: asyncpg.Connection, database: Database, rid: str
) -> None:
    """A start file made its author a street office over another estate; now the grant waits."""
    read = read_renovation(EXAMPLE.read_bytes(), "estate.yaml")
    author = read.officials[0].model_copy(
        update={"id": f"a-{rid}", "role": Role.STREET_OFFICE, "place": "d/s"}
    )
    file = read.model_copy(update={"officials": (author,), "sandbox": None})
    case = Cast(
        file=file,
        renovation_id=rid,
        told=False,
        opener=find_convener(file),
        key=rid,
        where=in_words,
        people=PersonKeys(SecretStr("7e" * 32)),
    )

    async def open_it(session):
        from service.identity.sessions import database_now

        return await grant_roles(session, case, await database_now(session))

    (told,) = await database.transaction(open_it)
    assert (told.code, told.params["role"]) == ("opening.grant_waits", "street_office")
    assert await load_grants(database, author.id, rid) == ()
    async with database.session() as session:
        row = await session.scalar(
            RoleGrant.__table__.select().where(RoleGrant.actor_id == author.id)
        )
    body = {"command_id": f"{rid}-confirm"}
    await sign_in(sql, author.id)
    own = await http.post(f"/v1/grants/{row}/confirm", json=body, headers=bearer(author.id))
    assert not own.is_success
    done = await http.post(f"/v1/grants/{row}/confirm", json=body, headers=bearer("bureau"))
    assert done.is_success, done.text
    assert len(await load_grants(database, author.id, rid)) == 1


async def test_breaking_the_glass_is_an_act_of_its_own_kind(sql, database, rid) -> None:
    situation = await load_situation(database, rid)
    asked = BreakGlass(
        act="cancel_renovation", role=Role.DISTRICT_BUREAU, reason="fire", account="me"
    )
    assert await break_glass(Journal(database), situation, f"{rid}-g", asked) == "operator"
    event = await sql.fetchrow(
        "SELECT * FROM event WHERE renovation_id = $1 ORDER BY seq DESC", rid
    )
    assert (event["kind"], event["actor_id"], event["actor_role"]) == (
        "operator.broke_glass",
        "operator",
        "operator",
    )
    assert [each.role for each in await load_grants(database, "operator", rid)] == [
        Role.DISTRICT_BUREAU
    ]
    assert await load_grants(database, "operator", "another") == ()


async def test_a_changed_log_of_a_place_is_found(
    superuser: str, database: Database, settings: Settings
) -> None:
    await invite_administrator(database, settings, "me")
    assert (await audit(database)).ok
    connection = await asyncpg.connect(superuser)
    change = (
        "UPDATE place_event SET details = details || '{{\"person\": \"{}\"}}' WHERE log_id = '*'"
    )
    await connection.execute("ALTER TABLE place_event DISABLE TRIGGER ALL")
    await connection.execute(change.format("mayor"))
    bad = (await audit(database)).bad
    await connection.execute(change.format("administrator"))
    await connection.execute("ALTER TABLE place_event ENABLE TRIGGER ALL")
    await connection.close()
    assert [(each.renovation_id, each.reason) for each in bad] == [("place *", "hash")]
