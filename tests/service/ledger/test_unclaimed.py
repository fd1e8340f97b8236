"""Money without an owner: kept and held, assigned or sent back by two people; cash by two people."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest

from runtime.database import Database
from runtime.ledger.check import check_ledger
from runtime.ledger.payments import NewPayment
from service.residents.payments import book_payments
from tests.service.residents.test_residents_write import UNIT, instalments, rid, send
from tests.service.residents.test_statements import OTHER, paid, sent
from tests.support.browser.desk import Desk
from tests.support.channels import Channels, code, confirmed, grant_roles, official, owner_of
from tests.support.people import bearer as official_of_bank

__all__ = ["rid"]
SUMS, CASH = "/unclaimed-sums", "/cash"
FILE = """交易日期,贷方发生额,对方户名,摘要,交易流水号
2026-03-01,14.00,赵某某,谢谢邻居们,U1
2026-03-02,9.00,钱某某,1-101 1-102 改造款,U2
"""
LATER = FILE + "2026-03-03,3.00,孙某某,,U3\n"


@pytest.fixture
async def case(http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection) -> Channels:
    await grant_roles(sql)
    await instalments(sql, rid)
    return Channels(http, sql, rid, "")


async def waiting(case: Channels, who: str = "committee") -> dict[str, dict[str, Any]]:
    listed = (await case.get(SUMS, official(who))).json()
    return {each["reference"]: each for each in listed}


async def balances(case: Channels) -> Mapping[str, tuple[int, int]]:
    rows = await case.sql.fetch(
        "SELECT kind, name, balance_fen, held_fen FROM ledger_account WHERE renovation_id = $1",
        case.rid,
    )
    return {f"{r['kind']}{r['name']}": (r["balance_fen"], r["held_fen"]) for r in rows}


async def test_what_names_no_home_is_kept_once_held_and_sealed(case: Channels) -> None:
    looked = (await sent(case.http, case.rid, FILE, 1, dry_run=True)).json()
    assert await waiting(case) == {}, "a look keeps nothing"
    done = (await sent(case.http, case.rid, FILE, 2)).json()
    assert done["lines"] == looked["lines"]
    assert [each["why"] for each in done["lines"]] == ["no_unit", "several_units"]
    over = (await sent(case.http, case.rid, LATER, 3)).json()
    assert [each["state"] for each in over["lines"]] == ["waiting", "waiting", "unmatched"]
    again = (await sent(case.http, case.rid, LATER, 4)).json()
    assert [each["state"] for each in again["lines"]] == ["waiting"] * 3
    found = await waiting(case)
    assert {name: (each["payer"], each["memo"]) for name, each in found.items()} == {
        "U1": ("赵某某", "谢谢邻居们"),
        "U2": ("钱某某", "1-101 1-102 改造款"),
        "U3": ("孙某某", ""),
    }
    assert await balances(case) == {"escrow": (2_600, 2_600), "suspense": (-2_600, 0)}
    assert "赵某某" not in await case.everything()
    door = await case.sql.fetchval(
        "SELECT count(*) FROM private.access WHERE door LIKE '%unclaimed-sums' AND renovation_id = $1",
        case.rid,
    )
    assert door == 2, "who has read the bank's words is written down"
    assert code(await case.get(SUMS, owner_of(case.rid, UNIT)))[0] in (401, 403)


async def test_two_people_say_for_whom_a_sum_is_and_only_then_it_is_paid(
    case: Channels, database: Database
) -> None:
    await sent(case.http, case.rid, FILE, 1)
    found = (await waiting(case))["U1"]
    body = {"sum_id": found["id"], "unit_numbers": [UNIT, OTHER]}
    made = await case.post(f"{SUMS}/assignments", official("committee"), **body)
    assert made.status_code == 202, made.text
    assert await paid(case.sql, case.rid) == []
    assert code(await confirmed(case, made, "committee")) == (403, "proposal.own")
    done = await confirmed(case, made, "street")
    assert done.json()["kind"] == "cost_sharing.sum_assigned"
    # Each gets what it owes in the order that was said: 10.00 and the rest.
    assert await paid(case.sql, case.rid) == [(OTHER, 400), (UNIT, 1_000)]
    assert await balances(case) == {
        "escrow": (2_300, 900),
        "household1-101": (-1_000, 0),
        "household1-102": (-400, 0),
        "suspense": (-900, 0),
    }
    row = await case.sql.fetchrow(
        "SELECT state, words, (SELECT count(*) FROM person_keys.person_key k WHERE k.id = s.id)"
        " FROM private.unclaimed_sum s WHERE reference = 'U1' AND renovation_id = $1",
        case.rid,
    )
    assert tuple(row) == ("assigned", b"", 0), "the payer's words are needed no more"
    over = (await sent(case.http, case.rid, FILE, 2)).json()
    assert [each["state"] for each in over["lines"]] == ["booked", "waiting"]
    twice = await case.post(f"{SUMS}/assignments", official("committee"), **body)
    assert code(twice) == (409, "statement.sum_decided")
    assert (await check_ledger(database, case.rid)).ok


async def test_a_sum_goes_back_to_whoever_paid_it_out_of_what_was_held(
    case: Channels, database: Database
) -> None:
    await sent(case.http, case.rid, FILE, 1)
    found = (await waiting(case))["U2"]
    body = {"sum_id": found["id"], "reason": "nobody here knows the payer"}
    made = await case.post(f"{SUMS}/returns", official("residents"), **body)
    late = await case.post(
        f"{SUMS}/assignments", official("committee"), sum_id=found["id"], unit_numbers=[UNIT]
    )
    assert (await confirmed(case, made, "street")).json()["kind"] == "cost_sharing.sum_returned"
    assert code(await confirmed(case, late, "street")) == (409, "statement.sum_decided")
    assert await balances(case) == {"escrow": (1_400, 1_400), "suspense": (-1_400, 0)}
    over = (await sent(case.http, case.rid, FILE, 2)).json()
    assert [each["state"] for each in over["lines"]] == ["waiting", "returned"]
    assert (await check_ledger(database, case.rid)).ok


async def test_cash_counts_when_a_second_person_has_counted_it(case: Channels) -> None:
    body: dict[str, Any] = {"unit_number": UNIT, "amount_fen": 700, "receipt": "0017"}
    made = await case.post(CASH, official("committee"), **body)
    assert await paid(case.sql, case.rid) == []
    other = await case.post(CASH, official("residents"), **body)
    assert code(await confirmed(case, made, "committee")) == (403, "proposal.own")
    assert (await confirmed(case, made, "street")).json()["kind"] == "cost_sharing.cash_received"
    assert await paid(case.sql, case.rid) == [(UNIT, 700)]
    # The same receipt is booked once, whoever says it.
    assert code(await confirmed(case, other, "street")) == (409, "cost_sharing.payment_booked")
    late = await case.post(CASH, official("committee"), **body)
    assert code(late) == (409, "cost_sharing.payment_booked")
    assert await paid(case.sql, case.rid) == [(UNIT, 700)]


# carries E13
async def test_cash_that_was_counted_in_time_bears_no_late_fee_however_late_it_is_confirmed(
    case: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked: list[NewPayment] = []

    async def noted(*given: Any, **more: Any) -> Any:
        booked.extend(given[4])
        return await book_payments(*given, **more)

    monkeypatch.setattr("service.ledger.deciding.book_payments", noted)
    body: dict[str, Any] = {"unit_number": UNIT, "amount_fen": 700, "receipt": "0018"}
    made = await case.post(CASH, official("committee"), **body)
    await case.sql.execute(
        "UPDATE proposal SET proposed_at = '2026-03-31T15:59Z' WHERE renovation_id = $1", case.rid
    )
    assert (await confirmed(case, made, "street")).json()["kind"] == "cost_sharing.cash_received"
    assert [each.paid_on for each in booked] == [date(2026, 3, 31)]


@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        ("/assignments", {"sum_id": "u1", "unit_numbers": [UNIT]}, (404, "statement.sum_unknown")),
        ("/returns", {"sum_id": "u1", "reason": "why"}, (404, "statement.sum_unknown")),
        ("/assignments", {"unit_numbers": ["9-9"]}, (422, "cost_sharing.unit_unknown")),
    ],
)
async def test_what_cannot_be_decided_is_refused_at_once(
    case: Channels, path: str, body: dict[str, Any], wanted: tuple[int, str]
) -> None:
    await sent(case.http, case.rid, FILE, 1)
    known = {"sum_id": (await waiting(case))["U1"]["id"]}
    answer = await case.post(f"{SUMS}{path}", official("committee"), **{**known, **body})
    assert code(answer) == wanted
    assigned = await sent(case.http, case.rid, FILE, 2, assign={"U1": [UNIT]})
    assert code(assigned) == (409, "statement.sum_kept")


async def test_a_look_at_a_statement_is_refused_where_its_import_is(
    http: httpx.AsyncClient, rid: str
) -> None:
    for number, dry_run in enumerate((True, False)):
        answer = await sent(http, rid, FILE, number, dry_run=dry_run)
        assert code(answer) == (409, "cost_sharing.nothing_due")


async def test_an_official_decides_on_the_page_and_another_confirms(case: Channels) -> None:
    await sent(case.http, case.rid, FILE, 1)
    desk, page = Desk(case.http, "committee"), f"/office/cases/{case.rid}/unclaimed"
    home = await desk.get(f"/office/cases/{case.rid}")
    assert "Sums without an owner (2)" in home.text
    listed = await desk.get(page)
    assert "赵某某" in listed.text
    assert "谢谢邻居们" in listed.text
    wrong = await desk.send(listed, page, {"decision": "assign", "unit_numbers": ""})
    assert wrong.status == 422
    said = {"decision": "assign", "unit_numbers": f"{UNIT}，{OTHER}"}
    assert "waits for a second person" in (await desk.send(listed, page, said)).text
    other = Desk(case.http, "street")
    queue = f"/office/cases/{case.rid}/proposals"
    read = await other.get(queue)
    for told in ("for whom a sum is", "1-101", "¥10.00", "1-102", "¥4.00"):
        assert told in read.text, told
    (made,) = (await case.get("/proposals", official("street"))).json()
    await confirmed(case, httpx.Response(202, json=made))
    assert await paid(case.sql, case.rid) == [(OTHER, 400), (UNIT, 1_000)]
    assert "Decided: 1" in (await desk.get(page)).text


async def test_the_end_of_the_money_goes_on_when_the_last_sum_has_gone_back(case: Channels) -> None:
    """All other accounts are settled: nothing but sums without an owner keeps the case open."""
    end = f"renovation/{case.rid}/warranty/1"
    await case.sql.execute(
        "UPDATE renovation SET state = 'in_warranty', stage_workflow_id = $2 WHERE id = $1",
        *(case.rid, end),
    )
    await case.sql.execute(
        "INSERT INTO case_wait (workflow_id, renovation_id, what, subject, since, who, consequence, level)"
        " VALUES ($2, $1, 'accounts', '', now(), 'street_office', '', '')",
        *(case.rid, end),
    )
    told = "SELECT count(*) FROM case_wait WHERE renovation_id = $1 AND what = 'accounts_settled'"
    await sent(case.http, case.rid, FILE, 1)
    for number, each in enumerate((await waiting(case)).values(), start=1):
        body = {"sum_id": each["id"], "reason": "nobody here knows the payer"}
        made = await case.post(f"{SUMS}/returns", official("committee"), **body)
        assert (await confirmed(case, made, "street")).status_code == 201
        assert await case.sql.fetchval(told, case.rid) == (number == 2)


async def reported(case: Channels, n: int, **payment: Any) -> httpx.Response:
    body = {"command_id": f"{case.rid}-r{n}", "payments": [payment]}
    return await send(case.http, case.rid, "/payments", official_of_bank("bank"), **body)


async def test_what_the_provider_has_reported_of_a_fund_is_booked_when_the_statement_tells_of_it(
    case: Channels, database: Database
) -> None:
    await case.sql.execute(
        "INSERT INTO ledger_account (renovation_id, kind, name, never_negative)"
        " VALUES ($1, 'subsidy', 'district', false)",
        case.rid,
    )
    answer = await reported(case, 1, payer="subsidy/district", amount_fen=1_400, reference="U1")
    assert answer.status_code == 201, answer.text
    done = (await sent(case.http, case.rid, FILE, 1)).json()
    assert [each["state"] for each in done["lines"]] == ["booked", "unmatched"]
    assert (await balances(case))["escrow"] == (2_300, 900)
    assert (await check_ledger(database, case.rid)).ok


async def test_a_sum_that_waits_for_its_owner_is_not_booked_by_a_report_of_the_provider(
    case: Channels,
) -> None:
    await sent(case.http, case.rid, FILE, 1)
    answer = await reported(case, 1, unit_number=UNIT, amount_fen=1_400, reference="U1")
    assert code(answer) == (409, "cost_sharing.payment_booked")
    assert await paid(case.sql, case.rid) == []
    found = (await waiting(case))["U1"]
    body = {"sum_id": found["id"], "reason": "nobody here knows the payer"}
    await confirmed(
        case, await case.post(f"{SUMS}/returns", official("residents"), **body), "street"
    )
    # It went back and has come again, under the same number.
    answer = await reported(case, 2, unit_number=UNIT, amount_fen=1_400, reference="U1")
    assert answer.status_code == 201, answer.text
    assert await paid(case.sql, case.rid) == [(UNIT, 1_400)]
