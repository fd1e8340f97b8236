import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from tests.service.conftest import KEY
from tests.support.box import close_box, open_box, said_in
from tests.support.people import sign_in
from tests.support.votes.tickets import unit_ticket

Make = Callable[..., Awaitable[str]]
UNIT = "1-101"


def bearer(rid: str, unit: str = UNIT) -> dict[str, str]:
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), rid, unit)}"}


def ballot(command: str, unit: str = UNIT, choice: str = "yes") -> dict[str, object]:
    return {"command_id": command, "unit_number": unit, "choices": {"works": choice}}


async def cast(
    http: httpx.AsyncClient, rid: str, body: dict[str, object], **headers: str
) -> httpx.Response:
    given = headers or bearer(rid, str(body["unit_number"]))
    return await http.post(f"/v1/renovations/{rid}/ballots", json=body, headers=given)


async def stored(sql: asyncpg.Connection, box: str) -> list[asyncpg.Record]:
    return await sql.fetch("SELECT * FROM ballot WHERE box_id = $1 ORDER BY seq", box)


@pytest.fixture
async def open_vote(renovation: Make, sql: asyncpg.Connection) -> tuple[str, str]:
    rid = await renovation()
    return rid, await open_box(sql, rid)


async def test_a_ballot_gets_a_receipt_and_the_same_one_again(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    first = await cast(http, rid, ballot(f"{rid}-1"))
    again = await cast(http, rid, ballot(f"{rid}-1"))
    assert (first.status_code, again.status_code) == (201, 200)
    stated = ("ballot_id", "box_id", "unit_number", "leaf_hash", "cast_at", "recorded_at", "code")
    assert [first.json()[name] for name in stated] == [again.json()[name] for name in stated]
    (row,) = await stored(sql, box)
    assert row["leaf"].hex() == first.json()["leaf_hash"]
    assert row["id"] == first.json()["ballot_id"]


# carries E10
async def test_a_changed_ballot_is_a_new_row_and_the_last_one_counts(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    await cast(http, rid, ballot(f"{rid}-1", choice="no"))
    await cast(http, rid, ballot(f"{rid}-2", choice="yes"))
    assert [said["works"] for said in await said_in(sql, box)] == ["no", "yes"]


async def test_the_same_command_with_another_choice_is_refused(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    await cast(http, rid, ballot(f"{rid}-1", choice="no"))
    answer = await cast(http, rid, ballot(f"{rid}-1", choice="yes"))
    assert (answer.status_code, answer.json()["code"]) == (409, "journal.command_reused")
    assert len(await stored(sql, box)) == 1


async def test_a_command_sent_by_many_at_once_is_one_ballot(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    answers = await asyncio.gather(*(cast(http, rid, ballot(f"{rid}-1")) for _ in range(32)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["ballot_id"] for answer in answers}) == 1
    assert len(await stored(sql, box)) == 1


# carries E4
async def test_a_forged_credential_is_refused(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    forged = unit_ticket(SecretStr("00" * 32), rid, UNIT)
    for header in (f"Bearer {forged}", "Bearer nonsense", "Basic abc"):
        answer = await cast(http, rid, ballot(f"{rid}-1"), Authorization=header)
        assert (answer.status_code, answer.json()["code"]) == (401, "credential.wrong")
    official = await sign_in(sql, UNIT)
    answer = await cast(http, rid, ballot(f"{rid}-1"), Authorization=f"Bearer {official}")
    assert answer.status_code == 401
    assert await stored(sql, box) == []


async def test_a_credential_of_another_unit_or_another_renovation_is_refused(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    other_unit = await cast(http, rid, ballot(f"{rid}-1"), **bearer(rid, "1-102"))
    assert (other_unit.status_code, other_unit.json()["code"]) == (403, "credential.other_unit")
    other_case = await cast(http, rid, ballot(f"{rid}-1"), **bearer("r-other", UNIT))
    assert other_case.status_code == 401
    assert await stored(sql, box) == []


async def test_a_unit_that_is_not_on_the_roll_does_not_vote(
    http: httpx.AsyncClient, open_vote: tuple[str, str]
) -> None:
    rid, _ = open_vote
    answer = await cast(http, rid, ballot(f"{rid}-1", unit="9-999"))
    assert (answer.status_code, answer.json()["code"]) == (404, "voting.unit_not_on_roll")
    assert "9-999" in answer.json()["detail"]


async def test_an_unknown_motion_is_named_with_the_ones_there_are(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    body = {**ballot(f"{rid}-1"), "choices": {"works": "yes", "pool": "yes"}}
    answer = await cast(http, rid, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "voting.motion_unknown")
    assert "pool" in answer.json()["detail"]
    assert "works" in answer.json()["detail"]
    assert await stored(sql, box) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"choices": {"works": "perhaps"}}, "choices.works"),
        ({"choices": {}}, "choices"),
        ({"colour": "red"}, "colour"),
        ({"command_id": ""}, "command_id"),
        ({"unit_number": 7}, "unit_number"),
    ],
)
async def test_a_malformed_ballot_names_the_field(
    http: httpx.AsyncClient, open_vote: tuple[str, str], change: dict[str, object], field: str
) -> None:
    rid, _ = open_vote
    answer = await http.post(
        f"/v1/renovations/{rid}/ballots",
        json={**ballot(f"{rid}-1"), **change},
        headers=bearer(rid),
    )
    assert answer.status_code == 422
    assert field in {problem["where"] for problem in answer.json()["problems"]}


async def test_a_ballot_of_two_megabytes_is_not_read(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    body = {**ballot(f"{rid}-1"), "padding": "x" * 2_000_000}
    answer = await cast(http, rid, body)
    assert (answer.status_code, answer.json()["code"]) == (413, "service.body_too_large")
    assert await stored(sql, box) == []


async def test_after_the_close_the_answer_says_when_it_closed(
    http: httpx.AsyncClient, sql: asyncpg.Connection, owner: str, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    await cast(http, rid, ballot(f"{rid}-1"))
    await close_box(owner, box)
    late = await cast(http, rid, ballot(f"{rid}-2", unit="1-102"))
    assert (late.status_code, late.json()["code"]) == (409, "voting.box_closed")
    again = await cast(http, rid, ballot(f"{rid}-1"))
    assert again.status_code == 200
    assert len(await stored(sql, box)) == 1


async def test_past_the_deadline_it_is_too_late_though_nobody_has_closed_yet(
    http: httpx.AsyncClient, sql: asyncpg.Connection, renovation: Make
) -> None:
    rid = await renovation()
    box = await open_box(sql, rid, closes_in=timedelta(seconds=-1), opens_in=timedelta(hours=-2))
    answer = await cast(http, rid, ballot(f"{rid}-1"))
    assert (answer.status_code, answer.json()["code"]) == (409, "voting.box_closed")
    assert await stored(sql, box) == []


async def test_before_the_opening_it_is_too_early(
    http: httpx.AsyncClient, sql: asyncpg.Connection, renovation: Make
) -> None:
    rid = await renovation()
    await open_box(sql, rid, opens_in=timedelta(hours=1), closes_in=timedelta(hours=2))
    answer = await cast(http, rid, ballot(f"{rid}-1"))
    assert (answer.status_code, answer.json()["code"]) == (409, "voting.box_not_open_yet")


async def test_there_is_no_vote_without_a_box_and_none_in_an_unknown_renovation(
    http: httpx.AsyncClient, renovation: Make
) -> None:
    rid = await renovation()
    assert (await cast(http, rid, ballot("c1"))).json()["code"] == "voting.no_box"
    unknown = await cast(http, "nowhere", ballot("c1"))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "renovation.unknown")


async def test_the_turnout_counts_heads_and_area_and_no_choices(
    http: httpx.AsyncClient, sql: asyncpg.Connection, open_vote: tuple[str, str]
) -> None:
    rid, box = open_vote
    for unit in ("1-101", "1-102"):
        await cast(http, rid, ballot(f"{rid}-{unit}", unit=unit))
    await cast(http, rid, ballot(f"{rid}-changed", choice="no"))
    answer = (await http.get(f"/v1/renovations/{rid}/turnout")).json()
    area = await sql.fetchval(
        "SELECT sum(area_dm2) FROM roll_entry WHERE box_id=$1 AND entry_id IN ('1-101','1-102')",
        box,
    )
    assert (answer["participating_heads"], answer["participating_area_dm2"]) == (2, area)
    assert "yes" not in json.dumps(answer)


async def test_the_sentence_is_in_the_language_that_was_asked_for(
    http: httpx.AsyncClient, open_vote: tuple[str, str]
) -> None:
    rid, _ = open_vote
    headers = {**bearer(rid, "9-999"), "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
    answer = await http.post(
        f"/v1/renovations/{rid}/ballots", json=ballot("c1", unit="9-999"), headers=headers
    )
    assert "名册" in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("header", [{}, {"Idempotency-Key": "{id}"}])
@pytest.mark.parametrize(
    ("body", "key"),
    [
        (
            '{"command_id":"%s","unit_number":"1-101","choices":{"works":"yes","works":"no"}}',
            "works",
        ),
        (
            '{"unit_number":"1-101","choices":{"works":"no"},"command_id":"%s","choices":{"works":"yes"}}',
            "choices",
        ),
        (
            '{"command_id":"%s","unit_number":"1-101","choices":{"works":"no","w\\u006frks":"yes"}}',
            "works",
        ),
        (
            '{"command_id":"%s","unit_number":"1-101","choices":{"works":{"lift":1,"lift":2}}}',
            "lift",
        ),
    ],
)
async def test_a_key_that_stands_twice_hides_no_answer(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    open_vote: tuple[str, str],
    body: str,
    key: str,
    header: dict[str, str],
) -> None:
    rid, box = open_vote
    named = {name: value.format(id=f"{rid}-1") for name, value in header.items()}
    answer = await http.post(
        f"/v1/renovations/{rid}/ballots",
        content=body % f"{rid}-1",
        headers={**bearer(rid), **named},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "service.key_twice")
    assert f'"{key}"' in answer.json()["detail"]
    assert await stored(sql, box) == []


async def test_a_colon_in_a_word_is_no_key(
    http: httpx.AsyncClient, open_vote: tuple[str, str]
) -> None:
    rid, _ = open_vote
    assert (await cast(http, rid, ballot(f"{rid}:1:works:"))).status_code == 201


async def test_no_other_door_takes_a_key_twice(http: httpx.AsyncClient) -> None:
    for door in ("tickets", "objections", "acts/accept_works"):
        answer = await http.post(
            f"/v1/renovations/r1/{door}", content='{"command_id": "a", "command_id": "b"}'
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "service.key_twice"), door


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        ('{"\\ud800": 1, "\\ud800": 2}', "service.key_twice", "\ud800"),
        ('{"\\ud800": 1}', "service.field_wrong", ""),
    ],
)
async def test_a_field_named_by_half_a_character_is_refused(
    http: httpx.AsyncClient, open_vote: tuple[str, str], body: str, code: str, where: str
) -> None:
    rid, _ = open_vote
    answer = await http.post(
        f"/v1/renovations/{rid}/tickets",
        content=body,
        headers={"Content-Type": "application/json", **bearer(rid)},
    )
    assert answer.status_code == 422
    problems = {each["code"]: each["where"] for each in answer.json()["problems"]}
    assert problems[code] == where


async def test_who_has_no_vote_does_not_object_to_one_either(
    http: httpx.AsyncClient, sql: asyncpg.Connection, owner: str, open_vote: tuple[str, str]
) -> None:
    """An owner in arrears in Spain (LPH 15.2): the count leaves them out, and so does who pays."""
    rid, box = open_vote
    await close_box(owner, box)
    await sql.execute(
        "UPDATE ballot_box SET objections_until = now() + interval '1 day' WHERE id = $1", box
    )
    await sql.execute(
        "UPDATE roll_entry SET excluded_reason = 'arrears' WHERE box_id = $1 AND entry_id = $2",
        *(box, UNIT),
    )
    for unit, said in ((UNIT, "voting.unit_excluded"), ("1-102", None)):
        body = {"command_id": f"{rid}-{unit}", "unit_number": unit}
        url = f"/v1/renovations/{rid}/vote-objections"
        answer = await http.post(url, json=body, headers=bearer(rid, unit))
        assert answer.json().get("code") == said
