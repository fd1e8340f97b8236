"""The record as each reader reads it, over the service: the events are recorded once, and shown in width."""

import json
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from rules.disclosure.events import REDACTED
from runtime.database import Database
from tests.service.conftest import KEY
from tests.support.estate import make_renovation
from tests.support.people import bearer, sign_in
from tests.support.votes.tickets import unit_ticket

WORDS, UNIT, OTHER = "the cellar of 2-202 stinks", "1-101", "1-102"
HERE = "/v1/renovations"
STAFF = ("auditor", "street_office", "residents_committee")


def unit(rid: str, number: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), rid, number)}"}


@pytest.fixture(scope="module")
async def rid(database: Database, sql: asyncpg.Connection, http: httpx.AsyncClient) -> str:
    """A case in which a home has complained openly and an office has written why it does something."""
    made = await make_renovation(database, rid="rdisclosure")
    for role in (*STAFF, "payment_provider", "contractor"):
        await sign_in(sql, f"disc-{role}")
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, 'd')"
            " ON CONFLICT DO NOTHING",
            f"disc-{role}",
            role,
        )
    await sign_in(sql, "disc-nobody")
    body = {"command_id": "d1", "kind": "quality", "text": WORDS, "unit_number": UNIT}
    filed = await http.post(f"/v1/renovations/{made}/tickets", json=body, headers=unit(made, UNIT))
    assert filed.json()["code"] == "service.not_confirmed", (
        filed.text
    )  # written; no engine runs here
    return made


async def read(
    http: httpx.AsyncClient, rid: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    answer = await http.get(f"{HERE}/{rid}/events", headers=headers or {})
    assert answer.status_code == 200
    assert WORDS not in json.dumps(answer.json())
    found: dict[str, Any] = answer.json()[-1]
    return found


async def test_who_complained_is_shown_to_the_home_and_to_who_must_answer(
    http: httpx.AsyncClient, rid: str
) -> None:
    named = f"unit:{UNIT}"
    for headers in (unit(rid, UNIT), *(bearer(f"disc-{role}") for role in STAFF)):
        assert (await read(http, rid, headers))["actor_id"] == named
    hidden: tuple[dict[str, str], ...] = (
        {},
        unit(rid, OTHER),
        bearer("disc-nobody"),
        bearer("disc-contractor"),
        bearer("disc-payment_provider"),
    )
    for headers in hidden:
        found = await read(http, rid, headers)
        assert (found["actor_id"], found["actor_label"]) == ("owner", REDACTED)
        assert UNIT not in json.dumps(found)
    # Whoever shows what is not good is told so, and does not take the public's record for the whole one.
    for guessed in ("s1.guessed", "c1.guessed", "v2.00.00", "v1.eA.eA"):
        answer = await http.get(
            f"{HERE}/{rid}/events", headers={"Authorization": f"Bearer {guessed}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "credential.wrong"), guessed


async def test_of_the_case_itself_errors_and_homes_are_for_its_officials(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection
) -> None:
    """In the case, in its clock and in the list: the stair through a flat, and a step that broke."""
    work = {"id": "lift", "title": "lift", "value_fen": 1, "occupies": [OTHER]}
    await sql.execute(
        "UPDATE scheme SET content = jsonb_set(content, '{works}', $2) WHERE renovation_id=$1",
        rid,
        json.dumps([work]),
    )
    await sql.execute(
        "INSERT INTO case_wait (workflow_id, what, subject, renovation_id, who, consequence, since)"
        " VALUES ($1, 'part_consent', $2, $3, 'owners', '', now())",
        f"renovation/{rid}",
        f"lift {OTHER}",
        rid,
    )
    await sql.execute(
        "INSERT INTO case_trouble (workflow_id, step, renovation_id, by_act, error, reference, since)"
        " VALUES ($1, 'open', $2, false, 'ValueError at rules/x.py:1', 'e-77', now())",
        f"renovation/{rid}",
        rid,
    )

    async def told(headers: dict[str, str], *, listed: bool = True) -> str:
        paths = [f"{HERE}/{rid}", f"{HERE}/{rid}/clock"] + [HERE] * listed
        answers = [await http.get(path, headers=headers) for path in paths]
        assert [each.status_code for each in answers] == [200] * len(paths)
        return "".join(each.text for each in answers)

    secrets = (f"lift {OTHER}", f'"unit_number":"{OTHER}"', "ValueError", "e-77")
    for who in ({}, bearer("disc-nobody"), bearer("disc-contractor")):
        assert not [secret for secret in secrets if secret in await told(who)]
    office = await told(bearer("disc-street_office"))
    assert [secret for secret in secrets if secret in office] == [*secrets]
    assert f"lift {REDACTED}" in await told({})
    own = await told(unit(rid, OTHER), listed=False)
    assert f"lift {OTHER}" in own
    assert "e-77" not in own


async def test_the_record_itself_stays_as_it_is(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection
) -> None:
    before = await sql.fetch(
        "SELECT hash, details, actor_id FROM event WHERE renovation_id=$1", rid
    )
    shown = await read(http, rid)
    after = await sql.fetch("SELECT hash, details, actor_id FROM event WHERE renovation_id=$1", rid)
    assert before == after
    assert shown["hash"] == after[-1]["hash"]


async def test_what_officials_wrote_freely_is_for_owners_before_a_review(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection
) -> None:
    reason = "Wang of 3-301 asked for it"
    await sql.execute("ALTER TABLE event DISABLE TRIGGER USER")
    try:
        await sql.execute(
            "UPDATE event SET details = details || jsonb_build_object('reason', $2::text, 'unheard', 1)"
            " WHERE renovation_id=$1",
            rid,
            reason,
        )
    finally:
        await sql.execute("ALTER TABLE event ENABLE TRIGGER USER")
    told = {
        who: (await read(http, rid, headers))["details"]
        for who, headers in {
            "public": {},
            "owner": unit(rid, OTHER),
            "office": bearer("disc-street_office"),
        }.items()
    }
    assert [each["reason"] for each in told.values()] == [REDACTED, reason, reason]
    assert [each["unheard"] for each in told.values()] == [REDACTED, REDACTED, 1]


async def test_a_home_reads_its_own_share_words_and_answers_and_no_other_homes(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection
) -> None:
    for number, amount in ((UNIT, 300), (OTHER, 500)):
        await sql.execute("INSERT INTO share_total VALUES ($1, 'estimate', $2, 7)", rid, number)
        await sql.execute(
            "INSERT INTO share_total VALUES ($1, 'award', $2, $3)", rid, number, amount
        )
    await sql.execute(
        "INSERT INTO instalment (renovation_id, unit_number, number, due_at, amount_fen)"
        " VALUES ($1, $2, 1, now(), 300)",
        rid,
        UNIT,
    )
    path = f"/v1/renovations/{rid}/household"
    own = (await http.get(path, headers=unit(rid, UNIT))).json()
    assert (own["unit_number"], own["basis"], own["share_fen"]) == (UNIT, "award", 300)
    assert [each["amount_fen"] for each in own["instalments"]] == [300]
    assert [(each["text"], each["answer"]) for each in own["tickets"]] == [(WORDS, "")]
    other = (await http.get(path, headers=unit(rid, OTHER))).json()
    assert (other["share_fen"], other["instalments"], other["tickets"]) == (500, [], [])
    assert (await http.get(path, headers=bearer("disc-street_office"))).status_code == 401
