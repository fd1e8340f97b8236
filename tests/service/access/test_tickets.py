"""Tickets: expired, replaced, of another case or of the first kind; on every route that takes one."""

import re
import time
from collections.abc import Awaitable, Callable

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from models.values.refusal import Refused
from runtime.settings import Settings
from service.access.letters import token_again, token_hash, token_of
from service.access.tickets import TicketCheck, TicketKeys, make_ticket
from service.app import create_app
from service.http.credentials import voter_credential
from tests.service.test_matrix import EVERYBODY, WHO
from tests.support.box import open_box
from tests.support.channels import KEY, Channels, agent_of, code, grant_roles, owner_of
from tests.support.votes.tickets import unit_ticket

Make = Callable[..., Awaitable[str]]
SECRET = SecretStr(KEY)
UNIT = "1-101"
TICKETS = "SELECT count(*) FROM ticket WHERE renovation_id = $1"
NOW = 1_800_000_000


def of_the_first_kind(rid: str, version: int = 0) -> dict[str, str]:
    return {"Authorization": f"Bearer {voter_credential(SECRET, rid, UNIT, version)}"}


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    return Channels(http, sql, rid, await open_box(sql, rid))


def read_at(now: float, ticket: str) -> str:
    check = TicketCheck(TicketKeys(SECRET), SECRET, lambda: now)
    return check.read("r1", f"Bearer {ticket}".encode()).holder


def test_a_ticket_is_good_until_the_second_in_which_it_expires() -> None:
    ticket = make_ticket(TicketKeys(SECRET), "r1", UNIT, expires_at=NOW)
    assert read_at(NOW - 1, ticket) == UNIT
    with pytest.raises(Refused, match=r"credential\.expired"):
        read_at(NOW, ticket)


def test_a_ticket_of_the_key_before_is_good_and_a_new_one_is_of_the_new_key() -> None:
    rotated = TicketKeys(SecretStr(f"{'aa' * 32},{KEY}"))
    both = TicketCheck(rotated, SECRET, lambda: NOW)
    for keys in (TicketKeys(SECRET), rotated):
        ticket = make_ticket(keys, "r1", UNIT, expires_at=NOW + 1)
        assert both.read("r1", f"Bearer {ticket}".encode()).holder == UNIT
    with pytest.raises(Refused, match=r"credential\.wrong"):
        read_at(NOW, ticket)


def test_a_link_is_told_again_though_the_key_was_rotated_and_no_other_is() -> None:
    before, rotated = TicketKeys(SECRET), TicketKeys(SecretStr(f"{'aa' * 32},{KEY}"))
    link = token_of(before, "l1")
    assert token_of(rotated, "l1") != link
    assert token_again(rotated, "l1", token_hash(link)) == link
    for of_another in (token_of(before, "l2"), token_of(before, "l1", "own")):
        assert token_again(rotated, "l1", token_hash(of_another)) is None


# Played by whoever has an old letter.


async def test_a_letter_of_the_first_kind_opens_nothing_in_a_new_case(vote: Channels) -> None:
    who = of_the_first_kind(vote.rid)
    ballot = await vote.post("/ballots", who, unit_number=UNIT, choices={"works": "yes"})
    assert code(ballot) == (401, "credential.wrong")
    assert code(await vote.get("/ballot-papers", who)) == (401, "credential.wrong")
    assert await vote.ballots() == []


async def test_a_letter_of_the_first_kind_goes_on_in_its_case_until_it_is_replaced(
    vote: Channels, settings: Settings
) -> None:
    await vote.sql.execute("UPDATE renovation SET v1_letters = true WHERE id=$1", vote.rid)
    who = of_the_first_kind(vote.rid)
    ballot = await vote.post("/ballots", who, unit_number=UNIT, choices={"works": "yes"})
    assert ballot.status_code == 201, ballot.text
    assert (await vote.get("/ballot-papers", who)).status_code == 200
    await replaced(vote)
    again = await vote.post("/ballots", who, unit_number=UNIT, choices={"works": "no"})
    assert code(again) == (403, "credential.replaced")
    assert code(await vote.get("/ballot-papers", who)) == (403, "credential.replaced")


async def replaced(vote: Channels) -> None:
    """The unit has the next version, on the roll too."""
    await vote.sql.execute("INSERT INTO unit_access VALUES ($1, $2, 1)", vote.rid, UNIT)
    await vote.sql.execute(
        "UPDATE roll_unit SET credential_version = 1 WHERE box_id=$1 AND unit_number=$2",
        *(vote.box, UNIT),
    )


# Generated from the document: a new route that takes a unit's ticket is here at once.


def routes_of_units() -> list[tuple[str, str]]:
    api = create_app(
        Settings(
            database_url="postgresql://u:p@h/d",
            credential_key=KEY,
            receipt_key="1e" * 32,
        )
    ).api
    return [
        (method, path)
        for path, methods in api.openapi()["paths"].items()
        for method, operation in methods.items()
        if {"voter": []} in operation.get("security", [])
    ]


ROUTES = routes_of_units()
WORDS: dict[str, object] = {"unit_number": UNIT, "theme": "t", "reason": "r", "proposal": "p"}
BODIES: dict[str, dict[str, object]] = {
    "/suggestions": WORDS,
    "/support": {"unit_number": UNIT},
    "/support-withdrawals": {"unit_number": UNIT},
    "/withdrawal": {"unit_number": UNIT},
    "/ballots": {"unit_number": UNIT, "choices": {"works": "yes"}},
    "/opinions": {"unit_number": UNIT, "choices": {"works": "yes"}},
    "/vote-objections": {"unit_number": UNIT},
    "/objections": {"unit_number": UNIT, "publication_id": "p1", "text": "why?"},
    "/part-consents": {"unit_number": UNIT, "work_id": "w1"},
    "/part-consents/withdrawals": {"unit_number": UNIT, "work_id": "w1"},
    "/tickets": {"unit_number": UNIT, "kind": "complaint", "text": "dark", "confidential": False},
    "/contacts": {"channel": "email", "address": "owner@household.example"},
    "/contacts/withdrawals": {"contact": "c1"},
    "/confirmation": {"satisfied": True},
    "/survey-answers": {"unit_number": UNIT, "score": 5},
    "/verified": {},
    "/pictures": {},
    "/mandates/revocation": {"reason": "no more"},
    "/full-bundle": {"reason": "I want to count again"},
    "/erasures": {"reason": "we have moved away"},
    "/sensitive": {"kind": "hardship", "words": "said", "consent": True},
    "/sensitive/withdrawals": {"entry": "e1"},
}


def test_there_are_routes_that_take_a_units_ticket() -> None:
    assert len(ROUTES) >= 10


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_no_route_takes_a_ticket_that_was_replaced_has_expired_or_is_another_cases(
    vote: Channels, method: str, path: str
) -> None:
    await replaced(vote)
    open_to_all = WHO[f"{method.upper()} {path}"] == EVERYBODY
    keys = TicketKeys(SECRET)
    expired = make_ticket(keys, vote.rid, UNIT, version=1, expires_at=int(time.time()) - 1)
    other = unit_ticket(SECRET, f"{vote.rid}x", UNIT, 1)
    for who, expected in (
        (owner_of(vote.rid, UNIT), (403, "credential.replaced")),
        (bearer(expired), (401, "credential.expired")),
        (bearer(other), (401, "credential.wrong")),
        (of_the_first_kind(vote.rid, 1), (401, "credential.wrong")),
        *([] if open_to_all else [({}, (401, "credential.missing"))]),
    ):
        if not who and WHO[f"{method.upper()} {path}"] == EVERYBODY:
            continue  # everybody's to read; only what is shown has to be good
        assert code(await ask(vote, method, path, who)) == expected, who
    assert await vote.ballots() == []
    assert await vote.events() == []
    good = await ask(vote, method, path, owner_of(vote.rid, UNIT, 1))
    assert good.status_code not in {401, 403} or good.json()["code"] == "voting.ballot_of_another"


async def ask(vote: Channels, method: str, path: str, who: dict[str, str]) -> httpx.Response:
    address = re.sub(r"{code}", "ABCD-EFGH-JKMN", path.partition("{renovation_id}")[2])
    address = re.sub(r"{\w+}", "t1", address)
    if method == "get":
        return await vote.get(address, who)
    if address.endswith("/pictures"):  # the body is the file
        return await vote.http.post(
            f"/v1/renovations/{vote.rid}{address}",
            params={"command_id": "picture"},
            content=b"no picture",
            headers=who,
        )
    (body,) = [each for end, each in BODIES.items() if address.endswith(end)]
    return await vote.post(address, who, "", **body)


def bearer(ticket: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {ticket}"}


async def test_a_cancelled_case_takes_no_complaint(vote: Channels) -> None:
    await vote.sql.execute("UPDATE renovation SET state = 'cancelled' WHERE id=$1", vote.rid)
    answer = await vote.post("/tickets", owner_of(vote.rid, UNIT), "", **BODIES["/tickets"])
    assert code(answer) == (422, "renovation.over")
    assert await vote.sql.fetchval(TICKETS, vote.rid) == 0


async def test_an_agents_ticket_is_of_the_mandate_alone(vote: Channels) -> None:
    """Nor is an owner's one of a mandate whose id is the number of the unit."""
    agent = agent_of(vote.rid, httpx.Response(201, json={"id": UNIT}))
    assert code(await vote.get("/ballot-papers", agent)) == (401, "credential.wrong")
    cast = await vote.post("/proxy-ballots", owner_of(vote.rid, UNIT), choices={"works": "yes"})
    assert code(cast) == (401, "credential.wrong")
