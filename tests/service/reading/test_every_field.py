"""Every field of every door × every reader: what a door answers is compared with the table of who reads what.

The table says it of fields, and the doors make views of them: here each door is asked by everybody, and
each field of each view in each answer is looked up.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, get_args

import asyncpg
import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

from models.values.actor import Role
from rules.disclosure import FIELDS, Disclosed, ReaderKind, may_read
from rules.disclosure.events import HOUSEHOLDS, REDACTED, details_for
from rules.disclosure.readers import reader_in_role
from runtime.database import Database
from runtime.settings import Settings
from service.app import ROUTERS
from tests.support.channels import owner_of
from tests.support.pages.every import World, whole_world
from tests.support.people import bearer, sign_in

pytestmark = pytest.mark.slow  # each door as everybody
STRANGER = "1-502"
"""A home that has done nothing in the case: it reads as an owner of the scope, and about itself as itself."""
NOT_OFFICIALS = {Role.ENGINE, Role.OPERATOR, Role.OWNER, Role.RESIDENT}
ROLES = tuple(role for role in Role if role not in NOT_OFFICIALS)
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


ADMINISTERED = frozenset({"GrantView", "PeriodView"})
"""What an administrator reads, who is no official of any place: roles, which they give, and periods."""
NOTHING = {"SuggestionView.own": False}
"""What a field says where there is nothing to say."""


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


@pytest.fixture(scope="module")
async def world(
    http: httpx.AsyncClient, database: Database, settings: Settings, sql: asyncpg.Connection
) -> World:
    made = await whole_world(http, database, settings, sql)
    for role in ROLES:
        await sign_in(sql, f"field-{role.value}")
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, $3)",
            *(f"field-{role.value}", role.value, None if role is Role.ADMINISTRATOR else "d"),
        )
    return made


def senders(rid: str) -> Iterator[Sender]:
    """Nobody, a home, and somebody in each role."""
    yield Sender("nobody", ReaderKind.PUBLIC, {})
    yield Sender("a home", ReaderKind.OWNER, owner_of(rid, STRANGER))
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
    fixed = {"renovation_id": [rid], "estate_id": estate, "estate": estate}
    values: Mapping[str, Sequence[str]] = {**world.values, **fixed}
    for route in (each for router in ROUTERS for each in router.routes):
        assert isinstance(route, APIRoute)
        if "GET" not in (route.methods or ()) or not list(views_in(route.response_model)):
            continue
        names = re.findall(r"{(\w+)}", route.path)
        for given in product(*(values.get(name, ["none"]) for name in names)):
            address = route.path.format(**dict(zip(names, given, strict=True)))
            yield route.path, address, route.response_model


async def test_no_door_says_a_field_to_whom_it_is_not_for(
    world: World, http: httpx.AsyncClient
) -> None:
    seen, wrong = Counter[str](), defaultdict[str, set[str]](set)
    for path, address, kind in addresses(world):
        own = {ReaderKind.PERSON} if path in ABOUT_ONESELF else set()
        for sender in senders(world.vote.rid):
            answer = await http.get(address, headers=dict(sender.headers))
            if not (answer.is_success and "json" in answer.headers.get("content-type", "")):
                continue
            for view in views_in(kind):
                for each in said(view, answer.json()):
                    name = f"{each.view}.{each.field}"
                    seen[name] += 1
                    administers = sender.name == Role.ADMINISTRATOR and each.view in ADMINISTERED
                    if name in FIELDS and not administers and leaks({sender.reader, *own}, each):
                        wrong[f"{name} at {path}"].add(f"{sender.name} ({sender.reader})")
    assert not wrong, "\n".join(f"{at}: {sorted(who)}" for at, who in sorted(wrong.items()))
    assert len(seen) > 200, "most of what can be told is told in this case"
