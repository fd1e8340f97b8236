"""Objections, payments, bids, complaints and survey answers: rows with an event, once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from activities.cancellation import Cancellations
from models.messages.acts import CancelRenovation
from models.messages.command import Command
from models.values.actor import Actor, Role
from runtime.database import Database
from tests.service.conftest import KEY
from tests.support.money import recorder_of
from tests.support.people import bearer as official
from tests.support.people import sign_in
from tests.support.votes.tickets import unit_ticket
from tests.support.waiting import blocked_by

Make = Callable[..., Awaitable[str]]
UNIT = "1-101"
NOW = datetime.now(UTC)


def voter(rid: str, unit: str = UNIT) -> dict[str, str]:
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), rid, unit)}"}


@pytest.fixture
async def rid(renovation: Make, sql: asyncpg.Connection) -> str:
    made = await renovation()
    for actor_id, role in (
        ("bank", "payment_provider"),
        ("bidder-one", "contractor"),
        ("b2", "contractor"),
    ):
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, 'd')"
            " ON CONFLICT DO NOTHING",
            actor_id,
            role,
        )
        await sign_in(sql, actor_id)
    return made


async def send(
    http: httpx.AsyncClient, rid: str, path: str, who: dict[str, str], **body: object
) -> httpx.Response:
    return await http.post(f"/v1/renovations/{rid}{path}", json=body, headers=who)


async def events(sql: asyncpg.Connection, rid: str) -> list[str]:
    rows = await sql.fetch("SELECT kind FROM event WHERE renovation_id=$1 ORDER BY seq", rid)
    return [str(row["kind"]) for row in rows]


async def publication(sql: asyncpg.Connection, rid: str, days: int = 7) -> str:
    name = f"{rid}.vote_result.1"
    await sql.execute(
        "INSERT INTO publication (id, renovation_id, subject, content, opens_at, closes_at)"
        " VALUES ($1, $2, 'vote_result', '{}', $3, $4)",
        name,
        rid,
        NOW - timedelta(days=30),
        NOW + timedelta(days=days),
    )
    return name


async def instalments(sql: asyncpg.Connection, rid: str) -> None:
    for unit in (UNIT, "1-102"):
        await sql.execute(
            "INSERT INTO instalment (renovation_id, unit_number, number, due_at, amount_fen)"
            " VALUES ($1, $2, 1, $3, 1000)",
            rid,
            unit,
            NOW,
        )


async def tender(sql: asyncpg.Connection, rid: str, days: int = 7) -> str:
    name = f"{rid}.tender.1"
    await sql.execute(
        "INSERT INTO tender (id, renovation_id, round, notice_at, deadline_at, ceiling_fen,"
        " estimate_fen, method, criteria) VALUES ($1,$2,1,$3,$4,1000000,900000,'lowest_evaluated','{}')",
        name,
        rid,
        NOW - timedelta(days=30),
        NOW + timedelta(days=days),
    )
    return name


async def test_an_objection_is_filed_once_and_its_words_stay_out_of_the_record(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    body = {
        "command_id": f"{rid}-o",
        "publication_id": await publication(sql, rid),
        "text": "Mrs Wang next door was not asked",
        "unit_number": UNIT,
    }
    first = await send(http, rid, "/objections", voter(rid), **body)
    again = await send(http, rid, "/objections", voter(rid), **body)
    assert first.status_code == 201
    assert first.json() == again.json()
    assert await events(sql, rid) == ["publication.objection_filed"]
    details = await sql.fetchval("SELECT details::text FROM event WHERE renovation_id=$1", rid)
    assert "Wang" not in details


async def test_an_objection_after_the_period_is_refused(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    name = await publication(sql, rid, days=-1)
    answer = await send(
        http, rid, "/objections", voter(rid),
        command_id=f"{rid}-o", publication_id=name, text="late", unit_number=UNIT,
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (409, "publication.closed")
    assert await events(sql, rid) == []


async def test_nobody_objects_to_what_was_withdrawn(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str, database: Database
) -> None:
    name = await publication(sql, rid, days=7)
    street = Actor(id="street", role=Role.STREET_OFFICE, label="street")
    act = CancelRenovation(command_id=f"{rid}-stop", actor=street, reason="enough")
    command = Command(command_id=act.command_id, renovation_id=rid, actor=street)
    await Cancellations(recorder_of(database)).record(command, act)
    answer = await send(
        http, rid, "/objections", voter(rid),
        command_id=f"{rid}-o", publication_id=name, text="why?", unit_number=UNIT,
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (409, "publication.closed")


async def test_an_objection_is_judged_by_the_tick_under_the_lock(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await told(sql, rid, NOW)
    name = await publication(sql, rid, days=7)
    body = {"publication_id": name, "text": "no", "unit_number": UNIT}
    in_time = await send(http, rid, "/objections", voter(rid), command_id=f"{rid}-1", **body)
    assert in_time.status_code == 201
    assert datetime.fromisoformat(in_time.json()["happened_at"]) == NOW
    # It is asked for within the period, and has its turn when the period is over.
    async with sql.transaction():
        await sql.execute("SELECT 1 FROM renovation WHERE id=$1 FOR NO KEY UPDATE", rid)
        sent = send(http, rid, "/objections", voter(rid), command_id=f"{rid}-2", **body)
        waiting = asyncio.create_task(sent)
        await blocked_by(sql)
        await moved(sql, rid, NOW + timedelta(days=7))
    late = await waiting
    assert (late.status_code, late.json()["code"]) == (409, "publication.closed")
    rows = await sql.fetch("SELECT filed_at FROM objection WHERE publication_id=$1", name)
    assert [row["filed_at"] for row in rows] == [NOW]
    assert await events(sql, rid) == ["publication.objection_filed"]


async def test_a_bid_is_judged_by_the_tick_under_the_lock(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await told(sql, rid, NOW)
    await tender(sql, rid, days=7)
    async with sql.transaction():
        await sql.execute("SELECT 1 FROM renovation WHERE id=$1 FOR NO KEY UPDATE", rid)
        sent = send(http, rid, "/bids", official("b2"), command_id=f"{rid}-b", price_fen=800_000)
        waiting = asyncio.create_task(sent)
        await blocked_by(sql)
        await moved(sql, rid, NOW + timedelta(days=7))
    late = await waiting
    assert (late.status_code, late.json()["code"]) == (422, "bidding.late")
    assert await events(sql, rid) == []


async def test_a_payment_is_judged_by_the_state_under_the_lock(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await instalments(sql, rid)
    body = {"source": "owner", "payments": [{"unit_number": UNIT, "amount_fen": 1_000}]}
    # It is sent while the case is open, and has its turn when it is closed.
    async with sql.transaction():
        await sql.execute("SELECT 1 FROM renovation WHERE id=$1 FOR NO KEY UPDATE", rid)
        sent = send(http, rid, "/payments", official("bank"), command_id=f"{rid}-p", **body)
        waiting = asyncio.create_task(sent)
        await blocked_by(sql)
        await sql.execute("UPDATE renovation SET state='cancelled' WHERE id=$1", rid)
    late = await waiting
    assert (late.status_code, late.json()["code"]) == (409, "cost_sharing.nothing_due")
    assert await events(sql, rid) == []


async def told(sql: asyncpg.Connection, rid: str, now: datetime) -> None:
    """Make the renovation a told case."""
    await sql.execute("INSERT INTO case_clock VALUES ($1, $2, 1)", rid, now)


async def moved(sql: asyncpg.Connection, rid: str, now: datetime) -> None:
    await sql.execute(
        "UPDATE case_clock SET now=$2, moved_seq=moved_seq+1 WHERE renovation_id=$1", rid, now
    )


async def test_payments_are_booked_whole_and_once(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await instalments(sql, rid)
    body = {
        "command_id": f"{rid}-p",
        "payments": [
            {"unit_number": UNIT, "amount_fen": 1000, "reference": "bank-1"},
            {"unit_number": "1-102", "amount_fen": 400, "reference": "bank-2"},
        ],
    }
    first = await send(http, rid, "/payments", official("bank"), **body)
    again = await send(http, rid, "/payments", official("bank"), **body)
    assert first.status_code == 201
    assert first.json() == again.json()
    total = await sql.fetchval("SELECT sum(amount_fen) FROM payment WHERE renovation_id=$1", rid)
    assert total == 1400
    assert await events(sql, rid) == ["cost_sharing.payments_received"]


async def test_the_last_payment_makes_the_collection_due(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await instalments(sql, rid)
    collection, reminder = f"renovation/{rid}/cost_sharing/1", NOW + timedelta(days=14)
    await sql.execute(
        "UPDATE renovation SET stage='cost_sharing', stage_workflow_id=$2 WHERE id=$1",
        rid,
        collection,
    )
    await sql.execute(
        "INSERT INTO case_wait (workflow_id, what, subject, renovation_id, due_at, since, who,"
        " consequence) VALUES ($1, 'payments', '', $2, $3, $4, 'owners', 'reminded')",
        *(collection, rid, reminder, NOW),
    )

    async def due_before(moment: datetime) -> list[str]:
        rows = await sql.fetch(
            "SELECT workflow_id || ' ' || what AS wait FROM case_wait"
            " WHERE renovation_id=$1 AND due_at < $2",
            rid,
            moment,
        )
        return [row["wait"] for row in rows]

    answers = []
    for unit, amount_fen, due in (
        (UNIT, 1000, []),
        ("1-102", 999, []),
        ("1-102", 1, [f"{collection} paid_up"]),
    ):
        payment = {"unit_number": unit, "amount_fen": amount_fen}
        body = {"command_id": f"{rid}-{amount_fen}", "payments": [payment]}
        answers.append((await send(http, rid, "/payments", official("bank"), **body)).json())
        assert await due_before(reminder) == due
    # In the transaction of the payment, at its moment: whoever sees the one sees the other.
    due_at = await sql.fetchval(
        "SELECT due_at FROM case_wait WHERE workflow_id=$1 AND what='paid_up'", collection
    )
    assert due_at == datetime.fromisoformat(answers[-1]["happened_at"])


async def test_the_same_money_in_another_report_is_refused_and_nothing_of_it_is_booked(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await instalments(sql, rid)
    one = {"unit_number": UNIT, "amount_fen": 1000, "reference": "bank-1"}
    two = {"unit_number": "1-102", "amount_fen": 5, "reference": "bank-2"}
    await send(http, rid, "/payments", official("bank"), command_id=f"{rid}-1", payments=[one])
    answer = await send(
        http, rid, "/payments", official("bank"), command_id=f"{rid}-2", payments=[two, one]
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "cost_sharing.payment_booked")
    assert answer.json()["problems"][0]["where"] == "payments.1"
    assert await sql.fetchval("SELECT count(*) FROM payment WHERE renovation_id=$1", rid) == 1


async def test_a_payment_for_no_unit_of_the_estate_is_named(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await instalments(sql, rid)
    answer = await send(
        http, rid, "/payments", official("bank"),
        command_id=f"{rid}-p", payments=[{"unit_number": "9-9", "amount_fen": 1}],
    )  # fmt: skip
    assert answer.json()["problems"][0]["where"] == "9-9"


async def test_only_a_payment_provider_reports_payments(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await instalments(sql, rid)
    for who, status in ((official("bidder-one"), 403), (voter(rid), 401), ({}, 401)):
        answer = await send(
            http, rid, "/payments", who,
            command_id=f"{rid}-p", payments=[{"unit_number": UNIT, "amount_fen": 1}],
        )  # fmt: skip
        assert answer.status_code == status
    assert await events(sql, rid) == []


async def test_a_bid_is_handed_in_once_and_the_record_does_not_say_the_price(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await tender(sql, rid)
    body = {"command_id": f"{rid}-b", "price_fen": 777_123, "bond_fen": 10}
    first = await send(http, rid, "/bids", official("bidder-one"), **body)
    again = await send(http, rid, "/bids", official("bidder-one"), **body)
    assert first.status_code == 201
    assert first.json() == again.json()
    second = await send(
        http, rid, "/bids", official("bidder-one"), **{**body, "command_id": f"{rid}-c"}
    )
    assert (second.status_code, second.json()["code"]) == (409, "bidding.already_bid")
    record = await sql.fetchval(
        "SELECT string_agg(details::text, '') FROM event WHERE renovation_id=$1", rid
    )
    assert "777123" not in record
    assert "bidder-one" not in record
    actor = await sql.fetchval("SELECT actor_id FROM event WHERE renovation_id=$1", rid)
    assert actor.startswith("sealed-")
    assert await events(sql, rid) == ["bidding.bid_submitted"]


async def test_a_withdrawn_bid_makes_room_for_another(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await tender(sql, rid)
    await send(http, rid, "/bids", official("bidder-one"), command_id=f"{rid}-1", price_fen=800_000)
    gone = await send(http, rid, "/bids/withdrawal", official("bidder-one"), command_id=f"{rid}-2")
    assert gone.status_code == 200
    none = await send(http, rid, "/bids/withdrawal", official("b2"), command_id=f"{rid}-3")
    assert none.json()["code"] == "bidding.no_bid"
    new = await send(
        http, rid, "/bids", official("bidder-one"), command_id=f"{rid}-4", price_fen=700_000
    )
    assert new.status_code == 201


async def test_a_late_bid_is_refused(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await tender(sql, rid, days=-1)
    answer = await send(
        http, rid, "/bids", official("bidder-one"), command_id=f"{rid}-b", price_fen=1000
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "bidding.late"


async def test_a_complaint_is_kept_though_temporal_is_away_and_may_be_sent_again(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    body = {"command_id": f"{rid}-t", "unit_number": UNIT, "kind": "noise", "text": "at night"}
    for _ in range(2):
        answer = await send(http, rid, "/tickets", voter(rid), **body)
        assert (answer.status_code, answer.json()["code"]) == (503, "service.not_confirmed")
        assert answer.headers["retry-after"]
    assert await sql.fetchval("SELECT count(*) FROM ticket WHERE renovation_id=$1", rid) == 1
    assert await events(sql, rid) == ["feedback.ticket_opened"]


async def test_a_complaint_is_awaited_from_the_moment_that_it_is_written_down(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await told(sql, rid, NOW)
    body = {"unit_number": UNIT, "kind": "noise", "text": "at night"}
    await send(http, rid, "/tickets", voter(rid), command_id=f"{rid}-t", **body)
    ticket = await sql.fetchrow("SELECT * FROM ticket WHERE renovation_id=$1", rid)
    (wait,) = await sql.fetch("SELECT * FROM case_wait WHERE renovation_id=$1", rid)
    assert (wait["workflow_id"], wait["what"], wait["consequence"]) == (
        f"renovation/{rid}/ticket/{ticket['id']}",
        "starting",
        "goes_on",
    )
    assert wait["due_at"] == ticket["opened_at"] == NOW


async def test_the_survey_takes_answers_only_while_it_is_open(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    body = {"command_id": f"{rid}-s", "unit_number": UNIT, "score": 4}
    early = await send(http, rid, "/survey-answers", voter(rid), **body)
    assert (early.status_code, early.json()["code"]) == (409, "feedback.survey_not_open")
    await sql.execute(
        "UPDATE renovation SET stage='feedback', waiting_for='survey', due_at=now() WHERE id=$1",
        rid,
    )
    late = await send(http, rid, "/survey-answers", voter(rid), **body)
    assert (late.status_code, late.json()["code"]) == (409, "feedback.survey_not_open")
    await sql.execute("UPDATE renovation SET due_at=now() + interval '1 day' WHERE id=$1", rid)
    assert (await send(http, rid, "/survey-answers", voter(rid), **body)).status_code == 201
    assert (await send(http, rid, "/survey-answers", voter(rid), **body)).status_code == 201
    other = await send(http, rid, "/survey-answers", voter(rid), **{**body, "score": 1})
    assert other.json()["code"] == "journal.command_reused"
    assert await sql.fetchval("SELECT count(*) FROM survey_answer WHERE renovation_id=$1", rid) == 1


@pytest.mark.parametrize("score", [0, 6, 4.5, "5"])
async def test_a_score_outside_one_to_five_is_refused(
    http: httpx.AsyncClient, rid: str, score: object
) -> None:
    answer = await send(
        http, rid, "/survey-answers", voter(rid),
        command_id="c", unit_number=UNIT, score=score,
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"] == "score"


async def test_official_acts_are_refused_by_role_place_and_stage(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await sql.execute(
        "INSERT INTO place (id, kind, parent_id, name, path) VALUES"
        " ('far', 'district', NULL, 'far', 'far') ON CONFLICT DO NOTHING"
    )
    for actor_id, role, place in (
        ("far-street", "street_office", "far"),
        ("street", "street_office", "s"),
    ):
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, $3)"
            " ON CONFLICT DO NOTHING",
            actor_id,
            role,
            place,
        )
        await sign_in(sql, actor_id)
    expected = (
        ("bidder-one", "open_vote", 403, "authority.wrong_role"),
        ("far-street", "open_vote", 403, "authority.outside_place"),
        ("street", "publish_tender", 409, "authority.wrong_stage"),
        ("street", "paint_it_blue", 404, "authority.unknown_act"),
        ("street", "open_vote", 409, "service.target_closed"),
    )
    for number, (who, act, status, code) in enumerate(expected):
        answer = await send(http, rid, f"/acts/{act}", official(who), command_id=f"{rid}-a{number}")
        assert (answer.status_code, answer.json()["code"]) == (status, code), act
    assert await events(sql, rid) == []


async def test_a_renovation_is_read_with_an_etag(http: httpx.AsyncClient, rid: str) -> None:
    first = await http.get(f"/v1/renovations/{rid}")
    assert first.json()["waiting_for"] == "open_vote"
    assert (first.json()["clock"], first.json()["sandbox"]) == ("wall", False)
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await http.get(f"/v1/renovations/{rid}", headers=tag)).status_code == 304
    assert (await http.get("/v1/renovations/nowhere")).status_code == 404
    progress = (await http.get(f"/v1/renovations/{rid}/progress")).json()
    assert (progress["stage"], progress["stages_done"]) == ("voting", [])


async def test_a_told_case_is_read_with_its_clock(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await told(sql, rid, NOW - timedelta(days=100))
    view = (await http.get(f"/v1/renovations/{rid}")).json()
    assert (view["clock"], view["sandbox"]) == ("told", True)
    assert datetime.fromisoformat(view["case_now"]) == NOW - timedelta(days=100)
    assert (await http.get(f"/v1/renovations/{rid}/progress")).json()["sandbox"] is True


@pytest.mark.parametrize(
    ("zone", "due_at", "day"),
    [
        ("Asia/Shanghai", "2026-03-05T16:00:00+00:00", "2026-03-05"),  # the midnight that ends it
        ("Asia/Shanghai", "2026-03-05T18:00:00+00:00", "2026-03-06"),
        ("America/New_York", "2026-03-06T05:00:00+00:00", "2026-03-05"),
        ("Europe/Berlin", "2026-03-05T23:00:00+00:00", "2026-03-05"),
    ],
)
async def test_the_public_day_is_that_of_the_place(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str, zone: str, due_at: str, day: str
) -> None:
    await sql.execute(
        "UPDATE renovation SET due_at = $2, timetable = timetable || jsonb_build_object('zone', $3::text)"
        " WHERE id = $1",
        rid,
        datetime.fromisoformat(due_at),
        zone,
    )
    assert (await http.get(f"/v1/renovations/{rid}/progress")).json()["due_on"] == day


async def test_the_list_is_paged(http: httpx.AsyncClient, rid: str) -> None:
    page = (await http.get("/v1/renovations?limit=1")).json()
    assert len(page) == 1
    rest = (await http.get("/v1/renovations", params={"after": page[0]["cursor"]})).json()
    assert page[0]["id"] not in {line["id"] for line in rest}
    assert rid in {line["id"] for line in page + rest}


async def test_a_thousand_payments_fit_into_one_report(
    http: httpx.AsyncClient, sql: asyncpg.Connection, rid: str
) -> None:
    await instalments(sql, rid)
    payments = [
        {"unit_number": UNIT, "amount_fen": 123_456_789, "reference": f"{rid}-bank-{number:030d}"}
        for number in range(1000)
    ]
    answer = await send(
        http, rid, "/payments", official("bank"), command_id=f"{rid}-many", payments=payments
    )
    assert answer.status_code == 201
    assert await sql.fetchval("SELECT count(*) FROM payment WHERE renovation_id=$1", rid) == 1000
