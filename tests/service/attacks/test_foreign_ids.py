"""Ids of somebody else in a request of one's own: told like ids of nothing, and nothing of theirs changes.

Generated from the doors: every id in a path, a query or a body × an id of another case, place, unit or
person, sent by whom the door opens to here, with every role there is.
"""

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from models.messages.act_bodies import BODIES
from models.values.actor import Role
from runtime.database import Database
from service.routes.dependencies import AGENT, OFFICIAL, PORTAL, VOTER
from tests.service.test_matrix import NOBODY
from tests.support.box import open_box, put_ballots
from tests.support.channels import KEY, Channels, owner_of
from tests.support.estate import make_renovation
from tests.support.fields.doors import Door, doors
from tests.support.fields.samples import good_body, placed
from tests.support.fields.walking import fields_of
from tests.support.people import bearer, sign_in
from tests.support.votes.portal import ACTOR, vouching
from tests.support.votes.tickets import agent_ticket

MINE, THEIRS = "rmine", "rtheirs"
UNIT, NEIGHBOUR = "1-101", "1-102"
EVERY_ROLE, SECOND, THEY, THEIR_STREET = "every-role", "second", "they", "their-street"
NOW = datetime.now(UTC)
DOORS = tuple(doors())
ACTS = frozenset(BODIES)
NOTHING: Mapping[str, Any] = {
    "grant_id": 2_000_000_000,
    "code": "ZZZZ-ZZZZ-ZZZZ",
    "passkey": "q" * 22,
    "notice": "f" * 64,
}
"""Ids of nothing that are no words."""
ID_KINDS = frozenset({"id", "id_in_file"})
GOOD_HERE: Mapping[str, Mapping[str, Any]] = {
    "rulings": {"kind": "accepted"},
    "clients": {"scopes": ["channels"], "client": "another", "actor": "another"},
    "grants": {"role": "grid_worker", "place": "d/s", "until": None},
}
"""What else a body needs so that the id is asked for."""
FILTERS = frozenset({"publication"})
"""A part of a list is asked for: of nothing it is empty."""
CODES = frozenset({"ballot"})
"""A field that takes an id, and one that takes the code of a receipt."""
NAMED_ANEW = {
    ("POST /v1/clients", "client"): "client.there",
    ("POST /v1/clients", "actor"): "client.of_a_person",
    ("POST /v1/webhooks", "webhook"): "webhook.there",
    ("POST /v1/grants", "person"): "",
}
"""Fields that name something new, or somebody, and what a name is told that somebody else has.

A role may be given to anybody: whoever gives it learns nothing else of the person.
"""


class Theirs(NamedTuple):
    """What there is in another case, at another place, of another unit: ids by the name of a parameter."""

    ids: Mapping[str, Any]
    neighbours: Mapping[str, Any]
    own: Mapping[str, str]
    """What the sender has itself, so that a request is good but for the one id."""


async def people(sql: asyncpg.Connection) -> None:
    for place, path, parent in (("z", "z", None), ("zs", "z/zs", "z")):
        await sql.execute(
            "INSERT INTO place (id, kind, name, parent_id, path) VALUES ($1, $2, 'z', $3, $4)",
            place, "street_office" if parent else "district", parent, path,
        )  # fmt: skip
    grants = [(EVERY_ROLE, role.value, "s") for role in set(Role) - NOBODY - {Role.ADMINISTRATOR}]
    grants += [
        (SECOND, "street_office", "s"),
        (THEY, "owners_committee", "z"),
        (THEIR_STREET, "street_office", "z"),
        (ACTOR, "city_portal", "s"),
    ]
    for who, role, place in grants:
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, $2, $3)",
            who, role, place,
        )  # fmt: skip
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role) VALUES ('boss', 'boss', 'administrator')"
    )
    await sign_in(sql, EVERY_ROLE, SECOND, THEY, THEIR_STREET, "boss")


@pytest.fixture(scope="module")
async def theirs(database: Database, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Theirs:
    for rid in (MINE, THEIRS):
        await make_renovation(database, rid=rid)
    await people(sql)
    await sql.execute(
        "UPDATE renovation SET place_id = 'zs', place_path = 'z/zs' WHERE id = $1", THEIRS
    )
    await sql.execute("UPDATE estate SET place_id = 'zs' WHERE id = $1", f"{THEIRS}.estate")
    for rid in (MINE, THEIRS):
        counted = await open_box(sql, rid, attempt=1)
        await sql.execute(
            "UPDATE ballot_box SET state = 'closed', closed_at = now(), tree_head = '{}' WHERE id = $1",
            counted,
        )
    their = Channels(http, sql, THEIRS, await open_box(sql, THEIRS, attempt=2))
    mine = Channels(http, sql, MINE, await open_box(sql, MINE, attempt=2))
    proposals = [await proposed(their, unit, THEY) for unit in (UNIT, NEIGHBOUR)]
    await confirm(their, proposals[0], THEIR_STREET)
    letter = await their.post("/letters", bearer(THEY), unit_number=UNIT, reason="lost")
    ballot = await their.post(
        "/ballots", owner_of(THEIRS, NEIGHBOUR), unit_number=NEIGHBOUR, choices={"works": "yes"}
    )
    assert (letter.status_code, ballot.status_code) == (201, 201), letter.text + ballot.text
    client = {"command_id": "c1", "client": "their-bank", "actor": "bank", "scopes": ["channels"]}
    assert (await http.post("/v1/clients", json=client, headers=bearer("boss"))).is_success
    ids = {
        "mandate_id": proposals[0].json()["id"],
        "proposal_id": proposals[1].json()["id"],
        "letter_id": letter.json()["id"],
        "code": ballot.json()["code"],
        "person": THEY,
        "ticket_id": await ticket(their, NEIGHBOUR),
        "grant_id": await sql.fetchval("SELECT id FROM role_grant WHERE actor_id = $1", THEY),
        "client": "their-bank",
        "actor": THEY,
        "webhook": await webhook(sql),
        "passkey": await passkey(sql),
        **await firm(sql),
        "notice": await notice(sql),
        "erasure": await erasure(sql),
        "sum_id": await unclaimed_sum(sql),
        "estate": f"{THEIRS}.estate",
        "box_id": their.box,
        "publication_id": await publication(sql, THEIRS),
        "publication": f"{THEIRS}.p",
        "work_id": "roof",
        "ballot_code": ballot.json()["code"],
        "suggestion_id": await suggestion(their, "1-201"),
        "into": await suggestion(their, "1-202"),
        "proposals": proposals[1].json()["id"],
        "suggestions": await suggestion(their, "1-301"),
        "contact": await contact(their, NEIGHBOUR),
        "entry": await sensitive(their, NEIGHBOUR),
        "ballot": ballot.json()["code"],
    }
    ids["picture_id"] = await picture(sql, THEIRS, ids["ticket_id"])
    neighbours = {
        "ticket_id": await ticket(mine, NEIGHBOUR),
        "contact": await contact(mine, NEIGHBOUR),
        "entry": await sensitive(mine, NEIGHBOUR),
    }
    own = await own_ids(mine)
    # The outbox is left alone meanwhile: what changes is of the requests.
    await sql.execute("UPDATE notice SET state = 'expired'")
    return Theirs(ids, neighbours, own)


async def own_ids(mine: Channels) -> dict[str, str]:
    """What the sender has in its own case, whose unit has cast two ballots, one on the web and one on paper."""
    assert (await mine.web(UNIT, "yes")).status_code == 201
    await put_ballots(mine.sql, mine.box, [(UNIT, {"works": "no"})], channel="paper")
    registered = await proposed(mine, "1-601", EVERY_ROLE)
    await confirm(mine, registered, SECOND)
    return {
        "box_id": mine.box,
        "mandate": str(registered.json()["id"]),
        "suggestion": await suggestion(mine, "1-201"),
        "into": await suggestion(mine, "1-202"),
    }


async def confirm(case: Channels, made: httpx.Response, second: str) -> None:
    line = {each: made.json()[each] for each in ("id", "content_sha256")}
    done = await case.post("/proposals/confirmations", bearer(second), proposals=[line])
    assert done.status_code == 201, done.text


async def proposed(case: Channels, unit: str, who: str) -> httpx.Response:
    made = await case.post(
        "/mandates",
        bearer(who),
        unit_number=unit,
        agent_name="Agent",
        agent_identity=f"37070119800101{unit[-4:].replace('-', '0')}",
        motions=["works"],
        document="folder 3",
        valid_from=(NOW - timedelta(days=1)).isoformat(),
        valid_until=(NOW + timedelta(days=1)).isoformat(),
    )
    assert made.status_code == 202, made.text
    return made


async def erasure(sql: asyncpg.Connection) -> str:
    """Of a person whom only their place knows."""
    await sql.execute(
        "INSERT INTO private.erasure (id, person_id, asked_by, reason, expires_at)"
        " VALUES ('their-erasure', $1, 'somebody', 'asked', now() + interval '1 day')",
        THEY,
    )
    return "their-erasure"


async def unclaimed_sum(sql: asyncpg.Connection) -> str:
    """Of a statement of their case."""
    await sql.execute(
        "INSERT INTO private.unclaimed_sum (id, renovation_id, reference, booked_on, amount_fen, why,"
        " words, command_id, opened_at) VALUES ('their-sum', $1, 'r', now(), 5, 'no_unit', '', 'n1', now())",
        THEIRS,
    )
    return "their-sum"


async def ticket(case: Channels, unit: str) -> str:
    """A complaint; Temporal is away, so its workflow does not start, but the row is there."""
    await case.post("/tickets", owner_of(case.rid, unit), unit_number=unit, kind="complaint",
                    text="dark", confidential=False)  # fmt: skip
    row = "SELECT id FROM ticket WHERE renovation_id = $1 AND unit_number = $2"
    return str(await case.sql.fetchval(row, case.rid, unit))


async def suggestion(case: Channels, unit: str) -> str:
    words = {"theme": "lamps", "reason": "it is dark", "proposal": f"a lamp for {unit}"}
    made = await case.post("/suggestions", owner_of(case.rid, unit), unit_number=unit, **words)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def contact(case: Channels, unit: str) -> str:
    """The address of a household."""
    who = owner_of(case.rid, unit)
    made = await case.post("/contacts", who, channel="email", address=f"{unit}@example.org")
    assert made.status_code == 201, made.text
    return str(made.json()[0]["contact"])


async def sensitive(case: Channels, unit: str) -> str:
    """What a household has said about its hardship."""
    who = owner_of(case.rid, unit)
    made = await case.post("/sensitive", who, kind="hardship", words="ill", consent=True)
    assert made.status_code == 201, made.text
    return str(made.json()[0]["entry"])


async def picture(sql: asyncpg.Connection, rid: str, of_ticket: str) -> str:
    await sql.execute(
        "INSERT INTO private.picture (id, renovation_id, ticket_id, command_id, content, received_sha256,"
        " sha256, width, height, received_at, recorded_at)"
        " VALUES ($1 || '.i', $1, $2, $1 || 'i', 'x', $3, $3, 1, 1, now(), now())",
        *(rid, of_ticket, "0" * 64),
    )
    return f"{rid}.i"


async def webhook(sql: asyncpg.Connection) -> str:
    await sql.execute(
        "INSERT INTO private.webhook (id, actor_id, place_path, kinds, training, url, secret, state,"
        " position, next_at, created_at) VALUES ('their-hook', $1, 'z', '{}', false,"
        " 'https://their.example/', '', 'paused', 0, now(), now())",
        THEY,
    )
    return "their-hook"


async def passkey(sql: asyncpg.Connection) -> str:
    await sql.execute(
        "INSERT INTO private.passkey (id, account_id, public_key, sign_count, created_at)"
        " VALUES ($1, $2, '', 0, now())",
        *("t" * 22, THEY),
    )
    return "t" * 22


async def firm(sql: asyncpg.Connection) -> dict[str, str]:
    await sql.execute(
        "INSERT INTO private.firm (id, code, name, form, contact, qualification, place_id,"
        " registered_by, created_at) VALUES ('firm-theirs', '91350100M000100Y43', 'Theirs',"
        " 'limited', 'x', 'y', 'z', $1, now())",
        THEY,
    )
    await sql.execute(
        "INSERT INTO private.firm_person (firm_id, person_id, added_by, added_at)"
        " VALUES ('firm-theirs', $1, $1, now())",
        THEY,
    )
    return {"firm": "firm-theirs", "firm_person": THEY, "about_firm": "firm-theirs"}


async def notice(sql: asyncpg.Connection) -> str:
    await sql.execute(
        "INSERT INTO notice (id, renovation_id, command_id, audience, template, params, created_at, state)"
        " VALUES ($1, $2, 'n1', 'owners', 'vote_opened', '{}', now(), 'expired')",
        *("a" * 64, THEIRS),
    )
    return "a" * 64


async def publication(sql: asyncpg.Connection, rid: str) -> str:
    await sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at)"
        " VALUES ($1 || '.p', $1, 'vote_result', '{}', now(), now() + interval '9 days')",
        rid,
    )
    return f"{rid}.p"


def sender(door: Door, own: Mapping[str, str]) -> dict[str, str]:
    """Whom the door opens to in the own case."""
    credentials = {
        VOTER.scheme_name: owner_of(MINE, UNIT),
        OFFICIAL.scheme_name: bearer(EVERY_ROLE),
        AGENT.scheme_name: {
            "Authorization": f"Bearer {agent_ticket(SecretStr(KEY), MINE, own['mandate'])}"
        },
        PORTAL.scheme_name: vouching(MINE, UNIT, **_of_estate(door)),
    }
    return credentials.get(door.who, {})


def _of_estate(door: Door) -> dict[str, str | None]:
    """What a portal says where a door is of an estate."""
    if "{estate_id}" not in door.path:
        return {}
    return {"renovation_id": None, "estate_id": f"{MINE}.estate"}


def named_ids(door: Door) -> Iterator[tuple[str, str]]:
    """Where an id stands in a request of this door: the parameter, or the field of the body."""
    for parameter in door.parameters:
        if parameter.in_path or is_id(parameter.kind):
            yield parameter.name, "path" if parameter.in_path else "query"
    if door.body is not None and door.path.rpartition("/")[2] not in ACTS:
        for field in fields_of(door.body):
            name = str(field.path[0])
            if field.kind in ID_KINDS or name in CODES:
                yield name, "body"


def is_id(kind: Any) -> bool:
    return any(each.kind in ID_KINDS for each in fields_of(kind))


NO_IDS = frozenset({"renovation_id", "estate_id", "link", "token", "name", "kind"})
"""What the matrix tries, what is a secret, the names of acts and of a case's own holds, a kind of notice."""
SETTING_UP = frozenset({"/v1/places", "/v1/roll-imports"})
"""Whose bodies name places that are to be: an administrator's are everywhere, and a roll's chain says where it is."""
CASES = [
    (f"{door.method} {door.path}", name, place)
    for door in DOORS
    for name, place in sorted(named_ids(door))
    if name not in NO_IDS
    and (f"{door.method} {door.path}", name) not in NAMED_ANEW
    and not (door.path in SETTING_UP and place == "body")
]
BY_NAME = {f"{door.method} {door.path}": door for door in DOORS}


async def ask(
    http: httpx.AsyncClient, own: Mapping[str, str], door: Door, name: str, place: str, value: Any
) -> tuple[int, str]:
    """The answer, without the id and what is of this request alone."""
    body = None
    if door.body is not None:
        body = {**good_body(door.body), "command_id": secrets.token_hex(8)}
        if "unit_number" in body:
            body["unit_number"] = UNIT
        body |= {each: own[each] for each in own.keys() & body.keys()}
        body |= GOOD_HERE.get(door.path.rpartition("/")[2], {})
        if place == "body":
            paths = (each.path for each in fields_of(door.body) if each.path[0] == name)
            at = next(each for each in paths if len(each) == 1 or each[-1] in {0, "id"})
            body = placed(body, at, value)
    own_path = {"suggestion_id": own["suggestion"]} | (
        {name: str(value)} if place == "path" else {}
    )
    path = door.address(MINE, **own_path)
    query = {name: str(value)} if place == "query" else None
    answer = await http.request(
        door.method, path, json=body, params=query, headers=sender(door, own), timeout=30
    )
    return answer.status_code, answer.text.replace(str(value), "<id>")


async def rows_of(sql: asyncpg.Connection) -> list[str]:
    """Every row that is of the others, or of nobody's case."""
    tables = ("mandate", "mandate_revocation", "proposal", "letter", "ticket", "ballot",
              "ballot_check", "role_grant", "private.picture", "published_picture", "private.api_client", "private.api_key", "private.webhook", "private.passkey", "private.firm",
              "private.firm_person", "notice",
              "objection", "part_consent", "private.contact", "private.sensitive", "private.erasure", "ballot_ruling",
              "suggestion", "suggestion_support", "suggestion_reply")  # fmt: skip
    return [
        row["t"]
        for each in tables
        for row in await sql.fetch(f"SELECT t::text FROM {each} t ORDER BY 1")
    ]


@pytest.mark.parametrize(("name", "parameter", "place"), CASES)
async def test_an_id_of_somebody_else_is_told_like_one_of_nothing(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    theirs: Theirs,
    name: str,
    parameter: str,
    place: str,
) -> None:
    door, before = BY_NAME[name], await rows_of(sql)
    nothing = NOTHING.get(parameter, "nothing-of-this-name")
    unknown = await ask(http, theirs.own, door, parameter, place, nothing)
    if parameter in FILTERS:
        assert unknown == (200, "[]")
    elif not name.endswith("qr.svg"):  # a picture of an address, whatever the code
        assert 400 <= unknown[0] < 500, unknown
    if place == "body":
        # It is the id that is refused, and nothing else in the body.
        assert "<id>" in unknown[1] or f'"where":"{parameter}' in unknown[1], unknown
    for foreign in (theirs.ids[parameter], theirs.neighbours.get(parameter)):
        if foreign is not None:
            told = await ask(http, theirs.own, door, parameter, place, foreign)
            if not name.endswith("qr.svg"):
                assert told == unknown
    assert await rows_of(sql) == before


@pytest.mark.parametrize(("name", "field"), NAMED_ANEW)
async def test_a_name_that_somebody_else_has_takes_nothing_from_them(
    http: httpx.AsyncClient, sql: asyncpg.Connection, theirs: Theirs, name: str, field: str
) -> None:
    door, foreign = BY_NAME[name], theirs.ids[field]
    before = set(await rows_of(sql))
    here = GOOD_HERE.get(door.path.rpartition("/")[2], {})
    told = []
    for who in (EVERY_ROLE, "boss"):
        body = {**good_body(door.body), **here, "command_id": secrets.token_hex(8), field: foreign}
        answer = await http.post(door.address(MINE), json=body, headers=bearer(who))
        assert Role.OWNERS_COMMITTEE.value not in answer.text  # what they are elsewhere
        told += [each["code"] for each in answer.json().get("problems", ())] or [""]
    assert NAMED_ANEW[name, field] in told
    assert before <= set(await rows_of(sql))


def test_there_are_ids_everywhere() -> None:
    assert len(CASES) > 20
    assert {"path", "query", "body"} == {place for _, _, place in CASES}


async def test_what_is_there_is_there(http: httpx.AsyncClient, theirs: Theirs) -> None:
    """The same requests with the own ids go on: it is the id that was refused above."""
    own = f"/v1/renovations/{THEIRS}"
    withdrawal = {"command_id": "w1", "reason": "no"}
    path = f"{own}/proposals/{theirs.ids['proposal_id']}/withdrawal"
    assert (await http.post(path, json=withdrawal, headers=bearer(THEY))).status_code == 201
    assert (await http.get(f"{own}/ballots/{theirs.ids['code']}")).is_success
    body = {"command_id": "e1", "reason": "left"}
    ended = await http.post(
        f"/v1/grants/{theirs.ids['grant_id']}/end", json=body, headers=bearer(THEY)
    )
    assert ended.is_success, ended.text
