"""A bank statement is looked at, booked once, and what names no unit waits until somebody assigns it."""

import asyncio
import base64
from typing import Any

import asyncpg
import httpx
import pytest

from tests.service.residents.test_residents_write import UNIT, instalments, rid, send
from tests.support.people import bearer as official

__all__ = ["rid"]
OTHER = "1-102"
FIRST = """交易日期,贷方发生额,借方发生额,对方户名,摘要,交易流水号
2026-03-01,600.00,,张三,1号楼101室 首期款,A1
2026-03-01,,3.00,工商银行,手续费,A2
2026-03-02,50.00,,王五,改造款,A3
"""
LATER = FIRST + "2026-03-03,400.00,,张三,1-101 余款,A4\n2026-03-04,1.00,,赵六,,A5\n"


async def sent(
    http: httpx.AsyncClient, rid: str, text: str, n: int, encoding: str = "gb18030", **more: object
) -> httpx.Response:
    content = base64.b64encode(text.encode(encoding)).decode()
    body = {"command_id": f"{rid}-s{n}", "name": "流水.csv", "content": content, **more}
    return await send(http, rid, "/statements", official("bank"), **body)


async def paid(sql: asyncpg.Connection, rid: str) -> list[tuple[str, int]]:
    rows = await sql.fetch(
        "SELECT unit_number, amount_fen FROM payment WHERE renovation_id = $1 ORDER BY amount_fen",
        rid,
    )
    return [(row["unit_number"], row["amount_fen"]) for row in rows]


async def test_what_is_looked_at_is_what_is_booked_and_the_same_file_twice_changes_nothing(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection
) -> None:
    await instalments(sql, rid)
    looked = (await sent(http, rid, FIRST, 1, dry_run=True)).json()
    assert (looked["booked"], looked["matched_fen"], looked["unmatched"]) == (False, 60_000, 1)
    assert await paid(sql, rid) == []
    done = (await sent(http, rid, FIRST, 2)).json()
    assert (done["booked"], done["lines"]) == (True, looked["lines"])
    again = (await sent(http, rid, FIRST, 3)).json()
    assert [each["state"] for each in again["lines"]] == ["booked", "outgoing", "waiting"]
    assert await paid(sql, rid) == [(UNIT, 60_000)]
    over = (await sent(http, rid, LATER, 4, "utf-8", assign={"A5": [OTHER]})).json()
    assert [each["state"] for each in over["lines"]] == [
        "booked",
        "outgoing",
        "waiting",
        "matched",
        "assigned",
    ]
    assert await paid(sql, rid) == [(OTHER, 100), (UNIT, 40_000), (UNIT, 60_000)]
    held = await sql.fetchval(
        "SELECT sum(balance_fen) FROM ledger_account WHERE renovation_id = $1 AND kind = 'escrow'",
        rid,
    )
    assert held == 105_100


async def test_split_and_joined_payments_are_booked_as_they_were_looked_at(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection
) -> None:
    await instalments(sql, rid)  # 10.00 of each of two homes
    text = """交易日期,贷方发生额,对方户名,摘要,交易流水号
2026-03-01,3.00,张三,1-101 第一笔,B1
2026-03-02,7.01,张三,1号楼101室与1-102 两户,B2
2026-03-02,17.00,李四,1-101、1-102 两户余款,B3
"""
    looked = (await sent(http, rid, text, 1, dry_run=True)).json()
    first, wrong, joined = looked["lines"]
    assert (first["state"], joined["state"]) == ("matched", "matched")
    assert (wrong["state"], wrong["why"]) == ("unmatched", "several_units"), (
        "they owe 17.00 together"
    )
    parts = [(each["unit_number"], each["amount_fen"]) for each in joined["parts"]]
    assert parts == [(UNIT, 700), (OTHER, 1_000)]
    done = (await sent(http, rid, text, 2)).json()
    assert done["lines"] == looked["lines"]
    assert await paid(sql, rid) == [(UNIT, 300), (UNIT, 700), (OTHER, 1_000)]


@pytest.mark.parametrize(
    ("more", "code", "where"),
    [
        ({"content": "?"}, "statement.not_base64", "content"),
        ({"name": "s.xls"}, "spreadsheet.wrong_suffix", "s.xls"),
        ({"assign": {"ZZ": [UNIT]}}, "statement.assigned_unknown", "assign.ZZ"),
        ({"assign": {"A3": ["9-9"]}}, "cost_sharing.unit_unknown", "assign.A3"),
    ],
)
async def test_what_is_wrong_with_a_statement_is_said(
    http: httpx.AsyncClient,
    rid: str,
    sql: asyncpg.Connection,
    more: dict[str, Any],
    code: str,
    where: str,
) -> None:
    await instalments(sql, rid)
    answer = await sent(http, rid, FIRST, 1, **more)
    assert answer.status_code == 422
    found = answer.json()["problems"][0]
    assert (found["code"], found["where"]) == (code, where)


@pytest.mark.slow
async def test_the_same_report_of_a_provider_a_hundred_times_at_once_is_booked_once(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection
) -> None:
    await instalments(sql, rid)
    payment = {"unit_number": UNIT, "amount_fen": 700, "reference": "W1"}
    body = {"command_id": f"{rid}-hook", "payments": [payment]}
    answers = await asyncio.gather(
        *(send(http, rid, "/payments", official("bank"), **body) for _ in range(100))
    )
    assert {each.status_code for each in answers} == {201}
    assert len({each.text for each in answers}) == 1
    others = await asyncio.gather(
        *(
            send(http, rid, "/payments", official("bank"), **{**body, "command_id": f"{rid}-{n}"})
            for n in range(20)
        )
    )
    # Another report of the same money: refused, not booked.
    assert {each.json()["code"] for each in others} == {"cost_sharing.payment_booked"}
    assert await paid(sql, rid) == [(UNIT, 700)]
    balances = await sql.fetch(
        "SELECT kind, balance_fen FROM ledger_account WHERE renovation_id = $1 ORDER BY kind", rid
    )
    assert [tuple(row) for row in balances] == [("escrow", 700), ("household", -700)]
