"""The doors for whoever is signed in that a role decides all the same, by every role inside and outside of the place.

`tests/service/test_matrix.py` has the others; here each door is sent what makes the role the deciding thing. What
remains is one's own, and is tried with what is somebody else's by test_foreign_ids.py.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest

from models.credit_codes import check_character
from models.values.actor import Role
from runtime.database import Database
from tests.service.estates.test_starting import example, units
from tests.service.test_matrix import (
    CONVENERS,
    DOORS,
    ERASERS,
    OFFICIALS,
    PERSON,
    RID,
    WHO,
    case,  # noqa: F401 - a fixture
    inside,
    outside,
)
from tests.support.people import bearer, sign_in

slow = pytest.mark.slow
PLACE, ESTATE = "d/s/c/g", f"{RID}.estate"
CODE = "91370700123456789"
EVERYONE = (*map(inside, OFFICIALS), *map(outside, OFFICIALS), "stranger")
GOVERNMENT = {Role.STREET_OFFICE, Role.DISTRICT_BUREAU}
FIRMS = {Role.CONTRACTOR, Role.PAYMENT_PROVIDER}
PLACED = set(OFFICIALS) - {Role.ADMINISTRATOR}
COMMITTEES = {Role.OWNERS_COMMITTEE, Role.RESIDENTS_COMMITTEE}
STAFF = COMMITTEES | GOVERNMENT | {Role.AUDITOR}
"""Who reads what is for officials; who works for a case, pays for it or brings ballots reads what everybody does."""
NEWCOMER, LEAVING, HOLDER = "newcomer-of-roles", "leaving", "holder-of-a-home"
NO_ROLE = frozenset({"credential.no_role"})
NOT_TO_GIVE = frozenset({"granting.wrong_role", "granting.outside_place"})
"""What is said to whom a role is not to give."""
Fields = dict[str, Any]


def here(roles: set[Role]) -> set[str]:
    return set(map(inside, roles))


def everywhere(roles: set[Role]) -> set[str]:
    """Where no place is asked for."""
    return here(roles) | set(map(outside, roles))


ADMINISTRATORS = everywhere({Role.ADMINISTRATOR})
"""Of every place, wherever they are."""


class ByRole(NamedTuple):
    """Whom a door opens to, what it says to everybody else, and what it is sent by somebody."""

    opens: set[str]
    shut: frozenset[str]
    body: Callable[[str], Fields] = lambda _: {}
    query: Mapping[str, str] = {}


def grid(_: str) -> Fields:
    levels = ("district", "street_office", "community", "grid")
    ids = {f"{level}_id": f"m-{level[:2]}" for level in levels}
    return ids | {level: f"M {level}" for level in levels}


def file(_: str) -> Fields:
    return {"renovation": example(), "roll": {"units": units()}, "preview": True}


def firm(who: str) -> Fields:
    return {
        "name": f"Firm of {who}",
        "code": CODE + check_character(CODE),
        "form": "limited",
        "contact": "0536 1234567",
        "qualification": "grade 3, D337000001",
        "role": "contractor",
        "place": PLACE,
        "person": "Zhou",
    }


AT_PLACE = {"place": PLACE}
BY_ROLE: Mapping[str, ByRole] = {
    "GET /v1/grants": ByRole(
        here(STAFF) | ADMINISTRATORS, frozenset({"granting.nothing_to_see"}), query=AT_PLACE
    ),
    "POST /v1/grants": ByRole(
        here(GOVERNMENT),
        NOT_TO_GIVE,
        lambda who: {
            "person": f"by-{who}", "name": "Li", "role": "owners_committee", "place": PLACE,
            "reason": "elected",
        },
    ),
    "POST /v1/grants/{grant_id}/confirm": ByRole(
        here(GOVERNMENT), NOT_TO_GIVE | {"granting.unknown"}
    ),
    "POST /v1/grants/{grant_id}/end": ByRole(
        here(GOVERNMENT), NOT_TO_GIVE | {"granting.unknown"}, lambda _: {"reason": "moved away"}
    ),
    "POST /v1/accounts/{person}/closing": ByRole(
        here(GOVERNMENT) | ADMINISTRATORS,
        frozenset({"account.unknown"}),
        lambda _: {"reason": "has left"},
    ),
    "POST /v1/firms": ByRole(here(PLACED - FIRMS), frozenset({"firm.not_official"}), firm),
    "GET /v1/feed": ByRole(
        here(PLACED) | ADMINISTRATORS, frozenset({"feed.other_place"}), query=AT_PLACE
    ),
    "POST /v1/webhooks": ByRole(
        here(PLACED) | ADMINISTRATORS,
        frozenset({"feed.other_place"}),
        lambda who: {"webhook": f"w-{who}", "url": "https://example.org/told", "place": PLACE},
    ),
    "GET /v1/engine/access": ByRole(ADMINISTRATORS, frozenset({"engine.administrators"})),
    "POST /v1/engine/codec/decode": ByRole(
        ADMINISTRATORS, frozenset({"engine.administrators"}), lambda _: {"payloads": []}
    ),
    "POST /v1/erasures": ByRole(
        here(ERASERS) | ADMINISTRATORS,
        frozenset({"erasure.unknown"}),
        lambda _: {"person": HOLDER, "reason": "has sold the home"},
    ),
    "GET /v1/retention": ByRole(
        everywhere(GOVERNMENT | {Role.AUDITOR, Role.ADMINISTRATOR}), NO_ROLE
    ),
    "POST /v1/places": ByRole(ADMINISTRATORS, NO_ROLE, grid),
    "POST /v1/roll-imports": ByRole(
        here(CONVENERS),
        NO_ROLE,
        lambda _: {"estate": ESTATE, "roll": {"units": units()}, "preview": True},
    ),
    "POST /v1/renovations": ByRole(here(CONVENERS), NO_ROLE, file),
    "POST /v1/renovations/from-template": ByRole(
        here(CONVENERS),
        NO_ROLE | {"roll.estate_unknown"},
        lambda _: {
            "estate": ESTATE, "template": "basic", "title": "Lane", "ends_on": "2028-12-31",
            "costs": {"roof": 24_000_000}, "preview": True,
        },
    ),
    "GET /v1/estates/{estate}/units": ByRole(here(CONVENERS), NO_ROLE | {"estate.unknown"}),
    "GET /v1/estates/{estate}/roll-imports": ByRole(here(CONVENERS), NO_ROLE | {"estate.unknown"}),
}  # fmt: skip
OWN = frozenset(
    {
        *("GET /v1/passkeys", "POST /v1/passkeys", "POST /v1/passkey-challenges"),
        *("POST /v1/passkeys/{passkey}/removal", "POST /v1/session/terminal-codes"),
        *("GET /v1/session", "POST /v1/sign-out"),
        # The own firm's, and of offices what touches their places: tests/service/firms.
        *("GET /v1/firms", "POST /v1/firms/{firm}/places", "POST /v1/firms/{firm}/people"),
        "POST /v1/firms/{firm}/people/{firm_person}/end",
        *("GET /v1/clients", "POST /v1/clients", "POST /v1/clients/{client}/rotation"),
        "POST /v1/clients/{client}/revocation",
        *("GET /v1/webhooks", "POST /v1/webhooks/{webhook}/changes"),
        *("POST /v1/webhooks/{webhook}/rotation", "POST /v1/webhooks/{webhook}/tests"),
        "GET /v1/webhooks/{webhook}/deliveries",
        *("GET /v1/contacts", "POST /v1/contacts", "POST /v1/contacts/withdrawals"),
        *("GET /v1/access", "GET /v1/own-data", "GET /v1/erasures"),
        # Of an erasure that waits: tests/service/privacy/test_erasure.py.
        "POST /v1/erasures/{erasure}/confirmation",
        "POST /v1/erasures/{erasure}/refusal",
        *("GET /v1/saved-views", "POST /v1/saved-views", "POST /v1/saved-views/removals"),
        # The own roles in a case; and an act of no name.
        "GET /v1/renovations/{renovation_id}/roles",
        "POST /v1/renovations/{renovation_id}/acts/{name}",
    }
)
"""Where somebody sees and changes what is their own."""


def test_every_door_for_whoever_is_signed_in_is_decided_by_a_role_or_is_ones_own() -> None:
    persons = {name for name, who in WHO.items() if who == PERSON}
    assert persons == BY_ROLE.keys() | OWN
    assert not BY_ROLE.keys() & OWN


@pytest.fixture(scope="module")
async def ids(
    case: str,  # noqa: F811
    database: Database,
    owner: str,
) -> AsyncIterator[Mapping[str, str]]:
    """What the doors are about: a role that waits, an account, the owner of a home, an estate that is no training."""
    sql = await asyncpg.connect(owner)
    await sql.execute("UPDATE estate SET synthetic = false WHERE id = $1", ESTATE)
    await sign_in(sql, LEAVING)
    await sql.execute(
        "INSERT INTO private.person (id, name) VALUES ($1, 'Li'), ($2, 'Wang')", NEWCOMER, HOLDER
    )
    await sql.execute(
        "INSERT INTO private.unit_owner (unit_id, person_id, position)"
        " SELECT id, $2, 0 FROM unit WHERE estate_id = $1 AND number = '1-101'",
        *(ESTATE, HOLDER),
    )
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ($1::varchar, $1::varchar, 'owners_committee', 'g')",
        LEAVING,
    )
    waits = await sql.fetchval(
        "INSERT INTO role_grant (actor_id, label, role, place_id, valid_from, reason)"
        " VALUES ($1::varchar, $1::varchar, 'owners_committee', 'g', NULL, 'elected') RETURNING id",
        NEWCOMER,
    )
    yield {"grant_id": str(waits), "person": LEAVING, "estate": ESTATE}
    await sql.close()


@slow
@pytest.mark.parametrize("name", BY_ROLE)
async def test_a_door_for_whoever_is_signed_in_opens_as_the_roles_say(
    http: httpx.AsyncClient, ids: Mapping[str, str], name: str
) -> None:
    door, asked = DOORS[name], BY_ROLE[name]
    opened, told = set[str](), dict[str, str]()
    for who in EVERYONE:
        body = {"command_id": f"role-{who}", **asked.body(who)} if door.method == "POST" else None
        if "/engine/" in door.path and body is not None:
            del body["command_id"]
        answer = await http.request(
            door.method,
            door.address(RID, **ids),
            params=dict(asked.query),
            json=body,
            headers=bearer(who),
        )
        refused = answer.headers.get("content-type", "").startswith("application/problem")
        codes = {each["code"] for each in answer.json()["problems"]} if refused else set[str]()
        told[who] = f"{answer.status_code} {sorted(codes)}"
        if not codes & asked.shut:
            opened.add(who)
            # Not refused as a body that nobody could send.
            assert not any(each.startswith("service.field_") for each in codes), answer.text
    assert opened == asked.opens, told
