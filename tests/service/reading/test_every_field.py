"""Every field of every door × every reader: what a door answers is compared with the table of who reads what.

The table says it of fields, and the doors make views of them: here each door is asked by everybody of a case in
which there is something of almost everything, and each field of each view in each answer is looked up.
"""

import base64
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, get_args

import asyncpg
import httpx
import pytest
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel, SecretStr

from models.values.actor import Role
from models.values.ledger import household
from rules.disclosure import FIELDS, Disclosed, ReaderKind, may_read
from rules.disclosure.events import HOUSEHOLDS, REDACTED, details_for
from rules.disclosure.readers import reader_in_role
from runtime.database import Database
from runtime.settings import Settings
from service.app import ROUTERS
from tests.service.conftest import KEY
from tests.service.pages.conftest import UNIT
from tests.support.channels import owner_of
from tests.support.fields.far import HASH, come_far
from tests.support.money import computed
from tests.support.money.ledger import PROJECT, move, moved
from tests.support.pages.every import World, whole_world
from tests.support.people import bearer, sign_in
from tests.support.votes.tickets import agent_ticket

pytestmark = pytest.mark.slow  # each door as everybody
STRANGER = "1-502"
"""A home that has done nothing in the case: it reads as an owner of the scope, and about itself as itself."""
NOT_OFFICIALS = {Role.ENGINE, Role.OPERATOR, Role.OWNER, Role.RESIDENT}
ROLES = tuple(role for role in Role if role not in NOT_OFFICIALS)
KEEPER, BIDDER, BANK = "field-street_office", "field-contractor", "field-payment_provider"
STATEMENT = "交易日期,贷方发生额,对方户名,摘要,交易流水号\n2026-03-01,14.00,赵某某,谢谢邻居们,U1\n"
"""Money that names no home."""
QUERIES = {
    "/v1/renovations/{renovation_id}/people": f"?unit_number={UNIT}",
    "/v1/renovations/{renovation_id}/ledger/entries": f"?account=household/{UNIT}",
    "/v1/renovations/{renovation_id}/changes": "?earlier=2020-01-01T00:00:00Z",
    "/v1/renovations/{renovation_id}/history": "?level=all",
    "/v1/feed": "?training=true&limit=500",
}
"""What an address needs to tell anything."""
OF_TRAINING = frozenset(f"/v1/renovations/{{renovation_id}}/{part}" for part in ("inbox", "clock"))
"""What only a training case has."""
MOST_UNSEEN = 170
"""Fields of views of which nothing could be told even so."""
JOINED = "1-601"
"""Of the homes on the highest floor, which do not pay for the risers, one has joined."""
EVENTS = frozenset({"EventView", "FeedEvent", "SuggestionEvent"})
"""Their sender is hidden where it is a home, and each detail has a line of its own."""
ABOUT_ONESELF = frozenset(
    {
        *(
            "/v1/session",
            "/v1/access",
            "/v1/erasures",
            "/v1/passkeys",
            "/v1/clients",
            "/v1/contacts",
            "/v1/saved-views",
        ),
        *("/v1/webhooks", "/v1/webhooks/{webhook}/deliveries"),
        *("/v1/invitations/{token}", "/v1/letters/{link}"),
        *(
            f"/v1/renovations/{{renovation_id}}/{part}"
            for part in (
                *("household", "ballot-papers", "contacts", "own-notices", "sensitive", "erasures"),
                *("own-bids", "shares/why", "ballots/{code}"),
            )
        ),
    }
)
"""Doors at which one reads of oneself, or of what one holds the link or the code of; nobody else's is in the
answer (tests/service/attacks/test_foreign_ids.py)."""


ADMINISTERED = frozenset(
    {"GrantView", "PeriodView", "ClientView", "FirmView", "FirmPersonView", "FirmStanding"}
)
"""What an administrator reads, who is no official of any place: roles, which they give, periods, programs, firms."""
NOTHING = {"SuggestionView.own": ""}
"""What a field says where there is nothing to say."""


class Far(NamedTuple):
    """A case that has come far, and the tickets of the home that most of it is about, and of its agent."""

    world: World
    home: Mapping[str, str]
    agent: Mapping[str, str]

    @property
    def rid(self) -> str:
        """The id of the case."""
        return self.world.vote.rid


class Sender(NamedTuple):
    """Somebody who asks, and as whom the table knows them."""

    name: str
    reader: ReaderKind
    headers: Mapping[str, str]


class Said(NamedTuple):
    """A field of a view in an answer, with the whole of the view."""

    view: str
    field: str
    whole: Mapping[str, Any]


def views_in(kind: object) -> Iterator[type[BaseModel]]:
    """The views that an answer of this type may be made of, the outermost ones."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from views_in(part)


def said(view: type[BaseModel], value: Any) -> Iterator[Said]:
    """Each field of the views of this type in a part of an answer, and of the views in them."""
    if isinstance(value, list):
        for each in value:
            yield from said(view, each)
    elif isinstance(value, dict):
        for name, field in view.model_fields.items():
            if name in value:
                yield Said(view.__name__, name, value)
                for inner in views_in(field.annotation):
                    yield from said(inner, value[name])


def every_view(outer: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A view and those in it."""
    yield outer
    for field in outer.model_fields.values():
        for inner in views_in(field.annotation):
            yield from every_view(inner)


@pytest.fixture(scope="module")
async def far(
    http: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    sql: asyncpg.Connection,
    superuser: str,
) -> Far:
    made = await whole_world(http, database, settings, sql)
    for role in ROLES:
        await sign_in(sql, f"field-{role.value}")
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, $3)",
            *(f"field-{role.value}", role.value, None if role is Role.ADMINISTRATOR else "d"),
        )
    rid = made.vote.rid
    version = "SELECT version FROM unit_access WHERE renovation_id = $1 AND unit_number = $2"
    home = owner_of(rid, UNIT, await sql.fetchval(version, rid, UNIT))
    mandate = await sql.fetchval("SELECT id FROM mandate WHERE box_id = $1", made.vote.box)
    agent = {"Authorization": f"Bearer {agent_ticket(SecretStr(KEY), rid, mandate)}"}
    found = Far(made, home, agent)
    await money_of(http, database, superuser, rid)
    await own_data_of(http, found)
    names = {"rid": rid, "told": made.values["told"][0], "box": made.vote.box}
    await come_far(superuser, **names, unit=UNIT, bidder=BIDDER, keeper=KEEPER)
    return found


async def money_of(http: httpx.AsyncClient, database: Database, superuser: str, rid: str) -> None:
    """The shares are computed with a home that has joined later, a home is charged, and the bank reports a sum that
    names no home.
    """
    sql = await asyncpg.connect(superuser)
    await sql.execute("SET session_replication_role = replica")
    for table in ("instalment", "share_total"):  # written by hand for the pages
        await sql.execute(f"DELETE FROM {table} WHERE renovation_id = $1", rid)
    payers = {"scope": "building", "building": "1", "exempt_floors": [6], "joined": [JOINED]}
    await sql.execute(
        "UPDATE scheme SET content = jsonb_set(content, '{items,1,payers}',"
        " content #> '{items,1,payers}' || $2::jsonb) WHERE renovation_id = $1",
        *(rid, json.dumps(payers)),
    )
    await sql.close()
    await computed(database, rid)
    await move(database, rid, "charged", moved(f"{rid}.charge", PROJECT, household(UNIT), 1_000))
    content = base64.b64encode(STATEMENT.encode()).decode()
    body = {"command_id": f"{rid}-bank", "name": "statement.csv", "content": content}
    await posted(http, f"/v1/renovations/{rid}/statements", bearer(BANK), body)


async def own_data_of(http: httpx.AsyncClient, far: Far) -> None:
    """A home and an official say where they are reached, and the home why it is poor."""
    rid, home = far.rid, far.home
    case = f"/v1/renovations/{rid}"
    address = {"channel": "email", "address": "me@home.test"}
    words = {"kind": "hardship", "words": "out of work", "consent": True}
    await posted(http, f"{case}/contacts", home, {"command_id": f"{rid}-mail", **address})
    await posted(http, f"{case}/sensitive", home, {"command_id": f"{rid}-poor", **words})
    await posted(http, "/v1/contacts", bearer(KEEPER), {"command_id": f"{rid}-desk", **address})


async def posted(
    http: httpx.AsyncClient, path: str, headers: Mapping[str, str], body: Mapping[str, Any]
) -> None:
    answer = await http.post(path, json=dict(body), headers=dict(headers))
    assert answer.is_success, answer.text


def senders(far: Far, *, of_oneself: bool) -> Iterator[Sender]:
    """Nobody, a home that has done nothing, an agent, somebody in each role; whom it is about where it is about that."""
    yield Sender("nobody", ReaderKind.PUBLIC, {})
    yield Sender("a home", ReaderKind.OWNER, owner_of(far.rid, STRANGER))
    yield Sender("an agent", ReaderKind.AGENT, far.agent)
    if of_oneself:
        yield Sender("the home", ReaderKind.OWNER, far.home)
    for role in ROLES:
        yield Sender(role.value, reader_in_role(role), bearer(f"field-{role.value}"))


def leaks(readers: Collection[ReaderKind], each: Said) -> bool:
    """Whether a field says something to a reader for whom it is not."""
    found, name = each.whole[each.field], f"{each.view}.{each.field}"
    if each.view in EVENTS and each.field == "details":
        return all(details_for(found, reader) != found for reader in readers)
    if each.view in EVENTS and each.whole["actor_role"] not in HOUSEHOLDS:
        return False  # an official acts under their name
    if each.field == "actor_id" and found in HOUSEHOLDS:
        return False  # that it was a home
    told = any(may_read(name, reader) is Disclosed.YES for reader in readers)
    return found not in (None, REDACTED, NOTHING.get(name)) and not told


def addresses(world: World) -> Iterator[tuple[str, str, object]]:
    """Every door at which something is read as JSON, its address with each thing there is; and its answer's type."""
    rid = world.vote.rid
    estate = [f"{rid}.estate"]
    fixed = {"estate_id": estate, "estate": estate, "notice": [HASH], "webhook": ["far-hook"]}
    values: dict[str, Sequence[str]] = {**world.values, **fixed}
    for route in (each for router in ROUTERS for each in router.routes):
        assert isinstance(route, APIRoute)
        if "GET" not in (route.methods or ()) or not list(views_in(route.response_model)):
            continue
        names = re.findall(r"{(\w+)}", route.path)
        values["renovation_id"] = world.values["told"] if route.path in OF_TRAINING else [rid]
        for given in product(*(values.get(name, ["none"]) for name in names)):
            address = route.path.format(**dict(zip(names, given, strict=True)))
            yield route.path, address + QUERIES.get(route.path, ""), route.response_model


class Told(NamedTuple):
    """What a door has answered to somebody."""

    path: str
    kind: object
    sender: Sender
    content: Any
    own: frozenset[ReaderKind]
    """As whom somebody reads there beside what they are."""


@pytest.fixture(scope="module")
async def answers(far: Far, http: httpx.AsyncClient) -> list[Told]:
    """What every door tells everybody; what is refused, and what is no JSON, is left out."""
    found = []
    for path, address, kind in addresses(far.world):
        own = frozenset({ReaderKind.PERSON} if path in ABOUT_ONESELF else ())
        for sender in senders(far, of_oneself=bool(own)):
            answer = await http.get(address, headers=dict(sender.headers))
            if answer.is_success and "json" in answer.headers.get("content-type", ""):
                found.append(Told(path, kind, sender, answer.json(), own))
    return found


def fields_in(answers: Sequence[Told]) -> Iterator[tuple[Told, Said]]:
    """Each field of each view in the answers, with the answer."""
    for told in answers:
        for view in views_in(told.kind):
            for each in said(view, told.content):
                yield told, each


def test_no_door_says_a_field_to_whom_it_is_not_for(answers: list[Told]) -> None:
    wrong = defaultdict[str, set[str]](set)
    for told, each in fields_in(answers):
        name = f"{each.view}.{each.field}"
        administers = told.sender.name == Role.ADMINISTRATOR and each.view in ADMINISTERED
        if name in FIELDS and not administers and leaks({told.sender.reader, *told.own}, each):
            wrong[f"{name} at {told.path}"].add(f"{told.sender.name} ({told.sender.reader})")
    assert not wrong, "\n".join(f"{at}: {sorted(who)}" for at, who in sorted(wrong.items()))


def test_most_fields_say_something_to_somebody(far: Far, answers: list[Told]) -> None:
    seen = Counter(
        f"{each.view}.{each.field}"
        for _, each in fields_in(answers)
        if each.whole[each.field] not in (None, REDACTED)
    )
    views = {
        view.__name__: view
        for _, _, kind in addresses(far.world)
        for outer in views_in(kind)
        for view in every_view(outer)
    }
    fields = {f"{name}.{field}" for name, view in views.items() for field in view.model_fields}
    unseen = fields - seen.keys()
    print(f"{len(fields)} fields, of which these said nothing: {sorted(unseen)}")
    assert len(unseen) <= MOST_UNSEEN


async def test_each_answer_is_as_the_document_says(
    answers: list[Told], http: httpx.AsyncClient
) -> None:
    document = (await http.get("/openapi.json")).json()
    parts, wrong = {"components": document["components"]}, defaultdict[str, set[str]](set)
    for path in {each.path for each in answers}:
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        asked = Draft202012Validator(
            {**content["application/json"]["schema"], **parts}, format_checker=FormatChecker()
        )
        for told in (each for each in answers if each.path == path):
            for error in asked.iter_errors(told.content):
                wrong[f"{path} {error.json_path}: {error.message[:80]}"].add(told.sender.name)
    assert not wrong, "\n".join(f"{at}: {sorted(who)}" for at, who in sorted(wrong.items()))
