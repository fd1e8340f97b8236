"""Command ids are a sender's own: two may use one, and what was recorded before stays found."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.values.actor import Actor, Role
from proof.commands import command_key
from rules.ballots.mandates import agent_id_of, instruction_digest
from runtime.database import Database
from runtime.record.journal import Journal, Recorded
from runtime.settings import Settings
from service.bodies import Accepted, FileObjection
from service.channels.bodies import RegisterMandate
from service.channels.mandates import AskedMandate, mandate_key
from service.situation import load_situation
from tests.support.box import open_box
from tests.support.channels import Channels, code, grant_roles, official, owner_of
from tests.support.people import sign_in

Make = Callable[..., Awaitable[str]]
Door = Callable[..., Awaitable[httpx.Response]]
A, B = "1-101", "1-102"
NOW = datetime.now(UTC)
OFFICIALS = (("bank", "payment_provider"), ("bank2", "payment_provider"))
BIDDERS = (("bidder-a", "contractor"), ("bidder-b", "contractor"))


@pytest.fixture
async def case(
    renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection, database: Database
) -> Channels:
    """A renovation in which every door of residents and officials is open at once."""
    rid = await renovation()
    await grant_roles(sql)
    for actor_id, role in (*OFFICIALS, *BIDDERS):
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, $2, 'd') ON CONFLICT DO NOTHING",
            actor_id,
            role,
        )
        await sign_in(sql, actor_id)
    begin, end = NOW - timedelta(days=30), NOW + timedelta(days=7)
    await sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at)"
        " VALUES ($1 || '.p', $1, 'vote_result', '{}', $2, $3)",
        rid, begin, end,
    )  # fmt: skip
    await sql.execute(
        "INSERT INTO tender (id, renovation_id, round, notice_at, deadline_at, ceiling_fen,"
        " estimate_fen, method, criteria)"
        " VALUES ($1 || '.t', $1, 1, $2, $3, 1000000, 900000, 'lowest_evaluated', '{}')",
        rid, begin, end,
    )  # fmt: skip
    await sql.execute(
        "INSERT INTO instalment (renovation_id, unit_number, number, due_at, amount_fen)"
        " VALUES ($1, $2, 1, $3, 1000)",
        rid, A, NOW,
    )  # fmt: skip
    await sql.execute(
        "UPDATE renovation SET stage='feedback', waiting_for='survey' WHERE id=$1", rid
    )
    return Channels(http, sql, rid, await open_box(sql, rid))


def one(case: Channels) -> str:
    """The one command id that everybody uses; bare ids were unique in a database."""
    return f"{case.rid}-id"


def by_owner(path: str, **body: object) -> Door:
    """A door of residents: the owners of A and B come."""

    async def send(case: Channels, who: str, **other: object) -> httpx.Response:
        unit = {"first": A, "second": B}[who]
        given = {name: value.format(rid=case.rid) if isinstance(value, str) else value
                 for name, value in {**body, **other}.items()}  # fmt: skip
        return await case.post(path, owner_of(case.rid, unit), one(case), unit_number=unit, **given)

    return send


def by_official(path: str, first: str, second: str, **body: object) -> Door:
    """A door of officials and contractors: two of them come."""

    async def send(case: Channels, who: str, **other: object) -> httpx.Response:
        actor = {"first": first, "second": second}[who]
        return await case.post(path, official(actor), one(case), **{**body, **other})

    return send


def visit(outcome: str) -> list[dict[str, str]]:
    return [{"unit_number": A, "outcome": outcome, "envelope": ""}]


def mandate(agent: str) -> dict[str, object]:
    return {
        "unit_number": A if agent == "ID-1" else B,
        "agent_name": "Agent",
        "agent_identity": agent,
        "motions": ["works"],
        "document": "D-1",
        "valid_from": (NOW - timedelta(days=1)).isoformat(),
        "valid_until": (NOW + timedelta(days=30)).isoformat(),
        "instructions": {"works": "yes"},
    }


PAID = [{"unit_number": A, "amount_fen": 5}]
DOORS: Mapping[str, tuple[Door, dict[str, Any]]] = {
    "objection": (
        by_owner("/objections", publication_id="{rid}.p", text="no"),
        {"text": "never"},
    ),
    "survey": (by_owner("/survey-answers", score=4), {"score": 1}),
    "ballot": (by_owner("/ballots", choices={"works": "yes"}), {"choices": {"works": "no"}}),
    "payments": (
        by_official("/payments", "bank", "bank2", payments=PAID),
        {"payments": [{**PAID[0], "amount_fen": 6}]},
    ),
    "bid": (by_official("/bids", "bidder-a", "bidder-b", price_fen=800_000), {"price_fen": 1}),
    "visits": (
        by_official("/door-visits", "grid", "residents", visits=visit("not_at_home")),
        {"visits": visit("handed_over")},
    ),
    "reminder": (by_official("/reminders", "committee", "street"), {}),
}


@pytest.mark.parametrize("name", DOORS)
async def test_two_senders_may_use_one_command_id(case: Channels, name: str) -> None:
    door, other = DOORS[name]
    first = await door(case, "first")
    second = await door(case, "second")
    assert (first.status_code, second.status_code) == (201, 201), second.text
    for who, before in (("first", first), ("second", second)):
        again = await door(case, who)
        assert again.is_success
        said, then = again.json(), before.json()
        same = "leaf_hash" if name == "ballot" else "id"
        assert said[same] == then[same]
        assert then.get("command_id", one(case)) == one(case)
        if other:
            reused = await door(case, who, **other)
            assert code(reused) == (409, "journal.command_reused")


async def test_what_is_reused_is_said_and_nothing_else(case: Channels) -> None:
    door, other = DOORS["objection"]
    await door(case, "first")
    reused = await door(case, "first", **other)
    (problem,) = reused.json()["problems"]
    assert (problem["where"], problem["params"]) == (
        "command_id",
        {"kind": "publication.objection_filed"},
    )


async def complain(
    case: Channels, unit: str, text: str = "noise", *, confidential: bool
) -> httpx.Response:
    return await case.post(
        "/tickets", owner_of(case.rid, unit), one(case),
        unit_number=unit, kind="noise", text=text, confidential=confidential,
    )  # fmt: skip


async def test_two_confidential_complaints_under_one_id_are_two(case: Channels) -> None:
    # There is no Temporal here: the tickets are written, and their workflows start later.
    for unit in (A, B, A):
        assert code(await complain(case, unit, confidential=True))[1] == "service.not_confirmed"
    rows = await case.sql.fetch(
        "SELECT e.command_id, e.actor_id, t.unit_number FROM ticket t JOIN event e USING (command_id)"
        " WHERE t.renovation_id=$1 ORDER BY t.unit_number",
        case.rid,
    )
    assert [(row["actor_id"], row["unit_number"]) for row in rows] == [
        ("resident", A),
        ("resident", B),
    ]
    assert code(await complain(case, A, "another", confidential=True)) == (
        409,
        "journal.command_reused",
    )
    # Nobody can try the numbers of all units to find whose key it is.
    for name in (A, f"unit:{A}", "resident"):
        assert command_key(name, case.rid, one(case)) not in {row["command_id"] for row in rows}


async def written_before(
    database: Database,
    case: Channels,
    kind: str,
    command_id: str,
    actor: Actor,
    request: BaseModel,
    result: Accepted,
) -> None:
    """As the release before wrote it: event and receipt under the bare command id."""

    async def inside(_session: AsyncSession, _now: datetime) -> Recorded[Accepted]:
        return Recorded(result, {})

    command = Command(command_id=command_id, renovation_id=case.rid, actor=actor)
    await Journal(database).record(command, kind, request, inside, Accepted)


async def test_what_the_release_before_recorded_stays_found(
    case: Channels, database: Database
) -> None:
    situation = await load_situation(database, case.rid)
    asked = FileObjection(
        command_id=one(case), publication_id=f"{case.rid}.p", text="no", unit_number=A
    )
    kind = "publication.objection_filed"
    answer = Accepted(command_id=one(case), id="o1", kind=kind, happened_at=NOW.isoformat())
    await written_before(database, case, kind, one(case), situation.owner(A), asked, answer)
    door, other = DOORS["objection"]
    assert (await door(case, "first")).json() == answer.model_dump()
    assert code(await door(case, "first", **other)) == (409, "journal.command_reused")
    # Somebody else's is not found under it, and does not stand in the way.
    assert (await door(case, "second")).status_code == 201
    assert await case.events() == [kind, kind]


async def test_a_score_of_the_release_before_is_not_given_twice(case: Channels) -> None:
    await case.sql.execute(
        "INSERT INTO survey_answer (command_id, renovation_id, unit_number, score, recorded_at)"
        " VALUES ($1, $2, $3, $4, now())",
        one(case), case.rid, A, 4,
    )  # fmt: skip
    door, other = DOORS["survey"]
    assert (await door(case, "first")).status_code == 201
    assert code(await door(case, "first", **other)) == (409, "journal.command_reused")
    assert (await door(case, "second")).status_code == 201
    count = "SELECT count(*) FROM survey_answer WHERE renovation_id=$1"
    assert await case.sql.fetchval(count, case.rid) == 2


async def test_two_registrars_may_use_one_command_id_for_two_mandates(case: Channels) -> None:
    first = await case.post("/mandates", official("committee"), one(case), **mandate("ID-1"))
    second = await case.post("/mandates", official("street"), one(case), **mandate("ID-2"))
    assert (first.status_code, second.status_code) == (202, 202), second.text
    assert first.json()["id"] != second.json()["id"]
    again = await case.post("/mandates", official("committee"), one(case), **mandate("ID-1"))
    assert again.json() == first.json()


async def test_a_mandate_of_the_release_before_keeps_its_id(
    case: Channels, database: Database, settings: Settings
) -> None:
    """Its id was made of the bare command id, and the hash of its instructions of its id."""
    before = f"m{hashlib.sha256(f'{case.rid}/{one(case)}'.encode()).hexdigest()[:31]}"
    given = RegisterMandate.model_validate({"command_id": one(case), **mandate("ID-1")})
    key = mandate_key(settings.receipt_key)
    asked = AskedMandate(
        unit_number=A,
        agent_id=agent_id_of(key, case.rid, given.agent_identity),
        motions=given.motions,
        document=given.document,
        valid_from=given.valid_from,
        valid_until=given.valid_until,
        instructions={"works": instruction_digest(key, before, "works", "yes")},
    )
    actor = Actor(id="committee", role=Role.OWNERS_COMMITTEE, label="committee", place="d")
    kind = "voting.mandate_registered"
    answer = Accepted(command_id=one(case), id=before, kind=kind, happened_at=NOW.isoformat())
    await written_before(database, case, kind, one(case), actor, asked, answer)
    again = await case.post("/mandates", official("committee"), one(case), **mandate("ID-1"))
    # What was done at once then is not proposed now.
    assert again.json() == {**answer.model_dump(), "content_sha256": "", "expires_at": ""}
