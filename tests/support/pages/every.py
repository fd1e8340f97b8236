"""A case with something on each of its pages, and every route of the pages with who may ask it.

`PAGES` of the service is walked: what a new page needs and has not got here fails the tests that use it.
"""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import NamedTuple

import asyncpg
import httpx
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from models.values.actor import Role
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, put_person
from runtime.settings import Settings
from service.app import PAGES
from service.identity.browser import COOKIE as OFFICE_COOKIE
from service.identity.browser import form_token
from service.identity.operator import invite_administrator
from service.pages.homes import COOKIE as HOME_COOKIE
from service.routes.office.writes import WRITES
from tests.service.pages.conftest import COMMITTEE, SECOND, UNIT, entered
from tests.support.box import open_box
from tests.support.browser.desk import Shown
from tests.support.channels import Channels, confirmed, grant_roles, owner_of
from tests.support.estate import make_renovation, scheme_content
from tests.support.people import bearer, sign_in, token_of

EVERYBODY = "everybody"
"""An official with every role of the district: no page is closed."""
OF_NOBODY = ("/office/enter", "/office/invited", "/office/firm")
HTML = "text/html,application/xhtml+xml"
AGENTS_NUMBER = "370701198001011010"
IDS = ("form_token", "command_id", "send_id")
QUERIES = {
    "/office/start/case": "?estate={renovation_id}.estate",
    "/office/cases/{renovation_id}/erasure": f"?unit_number={UNIT}",
}
"""What an address needs to show anything."""
SUGGESTION = "/office/cases/{renovation_id}/suggestions/{suggestion_id}"
TRAINING = "/office/cases/{renovation_id}/training"
BY_HAND: Mapping[str, frozenset[str]] = {
    f"{TRAINING}/part": frozenset({"player", "form_token"}),
    f"{TRAINING}/home": frozenset({"unit", "command_id", "form_token"}),
    "/office/cases/{renovation_id}/unclaimed": frozenset(
        {"decision", "sum_id", "unit_numbers", "reason", "command_id", "form_token"}
    ),
    "/mine/homes": frozenset({"unit", "form_token"}),
    "/mine/data/contacts/withdrawal": frozenset({"contact", "command_id", "form_token"}),
    "/office/training/lead/{token}": frozenset({"form_token"}),
    f"{SUGGESTION}/review": frozenset({"decision", "reason", "command_id", "form_token"}),
    f"{SUGGESTION}/reply": frozenset(
        {"outcome", "reason", "item", "motion", "command_id", "form_token"}
    ),
    "/office/roll/import": frozenset(
        {"content", "name", "place", "estate", "sheet", "remove", "form_token"}
    ),
}
"""Forms that only a running training case, a check page or another state of a thing shows."""


class Route(NamedTuple):
    """A route of the pages: what stands in its path and its query, and whose cookie opens it."""

    method: str
    path: str
    in_path: tuple[str, ...]
    in_query: tuple[str, ...]
    who: str
    """"home", "elsewhere" (where only the city's system takes ballots), "agent", "office",
    "firm"; "" for everybody."""


def routes() -> Iterator[Route]:
    """Every route of the pages."""
    for route in (each for router in PAGES for each in router.routes):
        assert isinstance(route, APIRoute)
        names = tuple(re.findall(r"{(\w+)}", route.path))
        query = tuple(sorted(set(_query(route.dependant))))
        yield Route(min(route.methods or ()), route.path, names, query, _who(route.path))


def _query(dependant: Dependant) -> Iterator[str]:
    yield from (each.name for each in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _query(inner)


def _who(path: str) -> str:
    if path == "/mine/opinion":
        return "elsewhere"
    if path.startswith("/mine"):
        return "home"
    if path.startswith("/agent"):
        return "agent"
    if "/tender" in path and path.startswith("/office"):
        return "firm"
    return "office" if path.startswith("/office") and not path.startswith(OF_NOBODY) else ""


@dataclass(frozen=True)
class World:
    """A case of which every page shows something."""

    http: httpx.AsyncClient
    vote: Channels
    sessions: Mapping[str, str]
    values: Mapping[str, Sequence[str]]
    """What may stand in a path, by the name of the parameter."""
    forms: dict[str, frozenset[str]] = field(default_factory=dict)
    """The names of the fields of each form, by the path of the route that takes it."""

    def cookie(self, who: str) -> str:
        """The header that opens the pages of somebody."""
        name = OFFICE_COOKIE if who in {"office", "firm"} else HOME_COOKIE
        return f"{name}={self.sessions[who]}" if who else ""

    def headers(self, who: str, language: str = "en") -> dict[str, str]:
        """What a browser sends."""
        sent = {"accept": HTML, "accept-language": language}
        return {**sent, "cookie": self.cookie(who)} if who else sent

    def token(self, who: str) -> str:
        """The form token of somebody's session."""
        return form_token(self.sessions[who]) if who else ""

    def addresses(self, route: Route) -> list[str]:
        """The address of a route with each of the things that there are."""
        told = "/training" in route.path
        found = []
        for given in product(*(self.values[name] for name in route.in_path)):
            values = dict(zip(route.in_path, given, strict=True))
            if told and "renovation_id" in values:
                values["renovation_id"] = self.values["told"][0]
            query = QUERIES.get(route.path, "").format(**{n: v[0] for n, v in self.values.items()})
            found.append(route.path.format(**values) + query)
        return found

    def fields(self, route: Route) -> frozenset[str]:
        """The names of the fields of a route's form. What a check page sends on is what was checked."""
        found = self.forms.get(route.path) or BY_HAND.get(route.path)
        if found:
            return found
        return self.forms[route.path.rpartition("/")[0]] | {"command_id", "send_id"}


async def read_forms(world: World) -> None:
    """Look at every page and note the fields of its forms."""
    takers = [each for each in routes() if each.method == "POST"]
    patterns = [(re.compile(re.sub(r"{\w+}", "[^/]+", each.path)), each) for each in takers]
    found: dict[str, set[str]] = {}
    for route in routes():
        if route.method != "GET":
            continue
        for address in world.addresses(route):
            answer = await world.http.get(address, headers=world.headers(route.who))
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            for form in Shown(answer).forms:
                action = form.action or address
                for pattern, taker in patterns:
                    if pattern.fullmatch(action.partition("?")[0]):
                        found.setdefault(taker.path, set()).update(form.names)
                        break
    world.forms.update({path: frozenset(names) for path, names in found.items()})


async def whole_world(
    http: httpx.AsyncClient, database: Database, settings: Settings, sql: asyncpg.Connection
) -> World:
    """Three cases and sessions for all pages: by the wall's clock, told, and of a city's own system."""
    rid, told, city = await _cases(database, sql)
    days = timedelta(days=2)
    vote = Channels(http, sql, rid, await open_box(sql, rid, opens_in=-days, closes_in=days))
    official = await open_box(sql, city, opens_in=-days, closes_in=days)
    await sql.execute("UPDATE ballot_box SET official_by = 'Regs art. 3' WHERE id=$1", official)
    agent = await _agent(vote)
    home = await entered(vote)
    await _erasure(database, settings, sql, rid)
    await _mandate(vote, "1-501")
    handed = await _letter(vote, "1-301")
    await vote.post("/letters", COMMITTEE, unit_number="1-302", reason="lost")
    letters = (await vote.get("/letters", SECOND)).json()
    (waits,) = [each["id"] for each in letters if each["unit_number"] == "1-302"]
    await _rows(sql, rid)
    suggestions = [await _suggestion(vote, words) for words in ("Lamps", "A bench")]
    decision = {"decision": "publish", "reason": ""}
    await vote.post(f"/suggestions/{suggestions[0]}/review", COMMITTEE, **decision)
    await sql.execute(
        "INSERT INTO private.person (id, name) VALUES ('newcomer', 'Li') ON CONFLICT DO NOTHING"
    )
    grant = await sql.fetchval(
        "INSERT INTO role_grant (actor_id, label, role, place_id, valid_from, reason)"
        " VALUES ('newcomer', 'Li', 'owners_committee', 'd', NULL, 'elected') RETURNING id"
    )
    bid = {"command_id": "own", "price_fen": 900_000, "bond_fen": 10, "bond_account": "6222"}
    sent = await http.post(f"/v1/renovations/{rid}/bids", json=bid, headers=bearer("builder"))
    assert sent.status_code == 201, sent.text
    cast = await vote.web("1-401", "yes")
    invited = await invite_administrator(database, settings, "op")
    elsewhere = await entered(Channels(http, sql, city, official))
    return World(
        http,
        vote,
        {
            "home": home,
            "elsewhere": elsewhere,
            "agent": agent,
            "office": token_of(EVERYBODY),
            "firm": token_of("builder"),
        },
        {
            "renovation_id": [rid, told],
            "told": [told],
            "link": [handed],
            "digest": ["0" * 12],
            "name": ["pages.css"],
            "picture_id": [f"{rid}.i"],
            "code": [cast.json()["code"]],
            "publication_id": [f"{rid}.p"],
            "ticket_id": [f"{rid}.a", f"{rid}.b"],
            "token": [invited.rpartition("/")[2]],
            "grant_id": [str(grant)],
            "act": ["open_vote", "cancel_renovation", "revise_scheme"],
            "letter_id": [waits],
            "write": [*WRITES],
            "suggestion_id": suggestions,
        },
    )


async def _cases(database: Database, sql: asyncpg.Connection) -> tuple[str, str, str]:
    rid, told, city = (f"r{secrets.token_hex(5)}" for _ in range(3))
    content = scheme_content()
    roof, *others = content.works
    works = (roof.model_copy(update={"occupies": (UNIT,)}), *others)
    await make_renovation(database, rid=rid, content=content.model_copy(update={"works": works}))
    await make_renovation(database, rid=told, told_at=datetime(2026, 3, 2, 1, tzinfo=UTC))
    await make_renovation(database, rid=city)
    await grant_roles(sql)
    for role in Role:
        place = None if role is Role.ADMINISTRATOR else "d"
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, $2, $3) ON CONFLICT DO NOTHING",
            *(EVERYBODY, role.value, place),
        )
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('builder', 'Builder', 'contractor', 'd')"
    )
    await sign_in(sql, EVERYBODY, "builder")
    await sql.execute("UPDATE estate SET synthetic = false WHERE id = $1", f"{rid}.estate")
    for case in (rid, told):
        await sql.execute(
            "INSERT INTO tender (id, renovation_id, round, notice_at, deadline_at, ceiling_fen,"
            " estimate_fen, method, criteria) VALUES ($1 || '.tender.1', $1, 1, tick_of($1::varchar)"
            " - interval '9 days', tick_of($1::varchar) + interval '9 days', 1000000, 900000,"
            " 'lowest_evaluated', '{}')",
            case,
        )
    return rid, told, city


async def _erasure(
    database: Database, settings: Settings, sql: asyncpg.Connection, rid: str
) -> None:
    """The home has an owner by the register, whose data it has asked to be erased."""
    keys, person = PersonKeys.of(settings), f"{rid}-owner"
    await database.transaction(lambda session: put_person(session, keys, person, "欧阳示例"))
    await sql.execute(
        "INSERT INTO private.unit_owner (unit_id, person_id, position)"
        " SELECT id, $2, 0 FROM unit WHERE estate_id = $1 AND number = $3",
        *(f"{rid}.estate", person, UNIT),
    )
    await sql.execute(
        "INSERT INTO private.erasure (id, person_id, asked_by, reason, expires_at, renovation_id)"
        " VALUES ($1 || '.e', $2, $3, 'I have sold it', now() + interval '9 days', $1)",
        *(rid, person, f"unit:{UNIT}"),
    )


async def _agent(vote: Channels) -> str:
    """The session of whoever holds the mandate of the home."""
    assert (await confirmed(vote, await _mandate(vote, UNIT))).status_code == 201
    letters = (await vote.get("/letters", SECOND)).json()
    (letter,) = [each["id"] for each in letters if each["kind"] == "agent"]
    handed = await vote.post(f"/letters/{letter}/link", SECOND)
    link = handed.json()["link"].rpartition("/")[2]
    entry = await vote.http.post(f"/v1/letters/{link}/entries", json={"fact": AGENTS_NUMBER})
    return str(entry.json()["session"])


async def _mandate(vote: Channels, unit: str) -> httpx.Response:
    return await vote.post(
        "/mandates",
        COMMITTEE,
        unit_number=unit,
        agent_name="Zhou",
        agent_identity=AGENTS_NUMBER,
        motions=["works"],
        document="folder 3",
        valid_from="2026-01-01T00:00:00Z",
        valid_until="2036-01-01T00:00:00Z",
    )


async def _letter(vote: Channels, unit: str) -> str:
    """The link of a letter that was handed out."""
    made = await vote.post("/letters", COMMITTEE, unit_number=unit, reason="lost")
    handed = await vote.post(f"/letters/{made.json()['id']}/link", SECOND)
    return str(handed.json()["link"].rpartition("/")[2])


async def _suggestion(vote: Channels, words: str) -> str:
    """What a neighbour suggests."""
    unit = "1-402"
    made = await vote.post(
        "/suggestions",
        owner_of(vote.rid, unit),
        unit_number=unit,
        theme=words,
        reason="It is missing",
        proposal=f"{words} by the gate",
    )
    return str(made.json()["id"])


async def _rows(sql: asyncpg.Connection, rid: str) -> None:
    """Reports, a photograph, a posting, shares, a tender, works, a turn: what no door of ours makes alone."""
    for name, state in (("a", "resolved"), ("b", "open")):
        await sql.execute(
            "INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, confidential,"
            " level, state, opened_at, due_at) VALUES ($1 || '.' || $3, $1, $1 || $3, 'defect',"
            " 'wet wall', $2, false, 'grid', $4, now(), now() + interval '5 days')",
            *(rid, UNIT, name, state),
        )
    await sql.execute(
        "INSERT INTO private.picture (id, renovation_id, ticket_id, command_id, content, received_sha256,"
        " sha256, width, height, received_at, recorded_at)"
        " VALUES ($1 || '.i', $1, $1 || '.b', $1 || 'i', 'x', $2, $2, 1, 1, now(), now())",
        *(rid, "0" * 64),
    )
    await sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at)"
        " VALUES ($1 || '.p', $1, 'share_table', '{\"units\": 12, \"total_fen\": 12600000}', now(),"
        " now() + interval '9 days')",
        rid,
    )
    await sql.execute("INSERT INTO share_total VALUES ($1, 'award', $2, 300000)", rid, UNIT)
    await sql.execute(
        "INSERT INTO instalment VALUES ($1, $2, 1, now() - interval '3 days', 300000)", rid, UNIT
    )
    await sql.execute(
        "INSERT INTO work_item (id, renovation_id, building, title, concealed, value_fen, state)"
        " SELECT $1 || '.w' || n, $1, '1', 'Roof ' || n, false, 4000000,"
        " CASE WHEN n > 2 THEN 'planned' ELSE 'passed' END FROM generate_series(1, 4) n",
        rid,
    )
    await sql.execute(
        "INSERT INTO case_wait (renovation_id, workflow_id, what, subject, due_at, since, who, consequence)"
        " VALUES ($1, $1, 'ballots', '', now() + interval '2 days', now(), 'owners', 'box_closed')",
        rid,
    )
