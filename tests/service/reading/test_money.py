"""Shares with their reasons, the lists for the bank, reliefs: for whom each is, exact to the fen."""

import csv
import io
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import asyncpg
import httpx
import pytest

from proof.shares import faults
from runtime.database import Database
from tests.service.reading.conftest import CASE, OTHER, RID, UNIT, Ask, who
from tests.support.money import computed, pay

PAID, RELIEVED = 100_000, 70_000


@pytest.fixture(scope="module")
async def shares(case: str, database: Database, sql: asyncpg.Connection) -> str:
    """The shares as the engine computes them; a unit has paid a part, and was relieved of another one."""
    await computed(database, RID)
    await sql.execute(
        "UPDATE instalment SET due_at = now() - interval '1 day' WHERE renovation_id = $1 AND number = 1",
        RID,
    )
    await pay(database, RID, UNIT, fen=PAID)
    await pay(database, RID, OTHER, fen=RELIEVED, source="relief")
    await sql.execute(
        "INSERT INTO relief VALUES ($1, $2, 'subsistence', $3, 'read-street_office', '=cmd()')",
        *(RID, OTHER, RELIEVED),
    )
    await sql.execute("INSERT INTO refund VALUES ($1, $2, 5)", RID, UNIT)
    return case


async def test_a_home_reads_its_share_with_the_reasons_that_sum_to_it(
    shares: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    home = await ask("/household", UNIT)
    area = await sql.fetchrow(
        "SELECT sum(area_dm2)::bigint AS whole, sum(area_dm2) FILTER (WHERE number = $2) AS own FROM unit"
        " WHERE estate_id = $1",
        *(f"{RID}.estate", UNIT),
    )
    roof, pipes = home["reasons"]
    assert (roof["key"], roof["weight"], roof["weights"]) == ("area", area["own"], area["whole"])
    assert (pipes["key"], pipes["payers"], pipes["amount_fen"]) == ("household", 2, 2_100_000)
    exact = Fraction(roof["gap_fen"] * area["own"], area["whole"])
    assert abs(roof["amount_fen"] - exact) < 1
    assert sum(each["amount_fen"] for each in home["reasons"]) == home["share_fen"]
    assert sum(each["amount_fen"] for each in home["items"]) == home["share_fen"]
    assert home["unit"]["area_dm2"] == area["own"]


async def test_a_home_reads_its_instalments_and_what_of_each_is_open(shares: str, ask: Ask) -> None:
    home = await ask("/household", UNIT)
    first, second = home["instalments"]
    assert first["open_fen"] == first["amount_fen"] - PAID == home["overdue_fen"]
    assert (second["open_fen"], second["due"]) == (second["amount_fen"], False)
    assert [each["amount_fen"] for each in home["payments"]] == [PAID]
    assert (home["refund_fen"], home["refund"]["paid"]) == (5, False)


async def test_everybody_may_count_a_share_again_from_what_is_published(
    shares: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    bill = await ask("/shares/published")
    told = await ask("/shares/why", UNIT)
    assert faults(told, bill) == ()
    assert told == (await ask("/household", UNIT))["why"]
    assert told == await ask("/shares/why", "auditor", unit=UNIT)
    totals = await sql.fetch(
        "SELECT amount_fen FROM share_total WHERE renovation_id = $1 AND basis = $2",
        *(RID, told["basis"]),
    )
    assert (bill["units"], bill["total_fen"]) == (len(totals), sum(each[0] for each in totals))
    assert (bill["rounding"], bill["passed_over"]) == ("whole_bill", 0)
    paid = sum(each["gap_fen"] for each in bill["items"])
    assert paid == bill["total_fen"]


async def test_reasons_that_do_not_sum_to_the_share_are_not_told(
    shares: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    change = "UPDATE unit SET area_dm2 = area_dm2 + $2 WHERE id = $1"
    await sql.execute(change, f"{RID}.{UNIT}", 1_000)
    try:
        assert (await ask("/household", UNIT))["reasons"] == []
    finally:
        await sql.execute(change, f"{RID}.{UNIT}", -1_000)


@pytest.mark.parametrize("reader", [UNIT, "payment_provider", "owners_committee", "auditor"])
async def test_the_share_table_is_for_owners_officials_and_the_bank(
    shares: str, ask: Ask, sql: asyncpg.Connection, reader: str
) -> None:
    found = await ask("/shares", reader)
    total = await sql.fetchval(
        "SELECT sum(amount_fen)::bigint FROM share_total WHERE renovation_id = $1", RID
    )
    assert sum(each["amount_fen"] for each in found) == total
    for each in found:
        assert sum(part["amount_fen"] for part in each["items"]) == each["amount_fen"]


@pytest.mark.parametrize(
    ("path", "readers"),
    [
        ("/shares", {"street_office", "owners_committee", "auditor", "payment_provider", UNIT}),
        ("/instalments", {"street_office", "owners_committee", "auditor", "payment_provider"}),
        ("/payments", {"street_office", "owners_committee", "auditor", "payment_provider"}),
        ("/refunds", {"street_office", "owners_committee", "auditor", "payment_provider"}),
        ("/reliefs", {"street_office", "auditor"}),
    ],
)
async def test_money_of_homes_is_for_no_others(
    shares: str, ask: Ask, path: str, readers: set[str]
) -> None:
    told = {
        name: await ask(path, name)
        for name in (
            *("street_office", "owners_committee", "auditor", "payment_provider", "grid_worker"),
            *("contractor", "evaluator", "supervisor", "stranger", UNIT, "nobody"),
        )
    }
    assert {name for name, answer in told.items() if not isinstance(answer, int)} == readers
    assert told["nobody"] == 401
    assert told["stranger"] == 403


async def test_hardship_shows_to_the_home_and_who_decides_on_it_and_in_no_list(
    shares: str, ask: Ask
) -> None:
    (relief,) = await ask("/reliefs", "street_office")
    assert (relief["unit_number"], relief["kind"]) == (OTHER, "subsistence")
    assert (await ask("/household", OTHER))["reliefs"] == [relief]
    assert (await ask("/household", UNIT))["reliefs"] == []
    for reader, sources in (
        ("street_office", {"owner", "relief"}),
        ("auditor", {"owner", "relief"}),
        ("owners_committee", {"owner"}),
        ("payment_provider", {"owner"}),
    ):
        assert {each["source"] for each in await ask("/payments", reader)} == sources


async def test_the_bank_reads_what_is_owed_now(shares: str, ask: Ask) -> None:
    whole = await ask("/instalments", "payment_provider")
    owed = await ask("/instalments", "payment_provider", owed="true")
    assert {each["number"] for each in owed} == {1}
    assert len(owed) == len({each["unit_number"] for each in whole}) == len(whole) / 2


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1"])
async def test_a_list_as_a_file_runs_nothing_in_a_spreadsheet(
    shares: str, http: httpx.AsyncClient, sql: asyncpg.Connection, name: str
) -> None:
    given = "INSERT INTO refund VALUES ($1, $2, 7, 7, 7)"
    await sql.execute(given, RID, name)
    try:
        answer = await http.get(
            f"{CASE}/refunds", params={"form": "csv"}, headers=who("payment_provider")
        )
    finally:
        await sql.execute("DELETE FROM refund WHERE unit_number = $1", name)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert {(row["unit_number"], row["amount_fen"], row["paid"]) for row in rows} == {
        (f"'{name}", "7", "true"),
        (UNIT, "5", "false"),
    }


@pytest.mark.parametrize("path", ["shares", "instalments", "payments", "refunds"])
async def test_the_pages_of_a_list_are_the_list(
    shares: str, http: httpx.AsyncClient, path: str
) -> None:
    bank = who("street_office")
    whole = (await http.get(f"{CASE}/{path}", headers=bank)).json()
    found, address = [], httpx.URL(f"http://test{CASE}/{path}?limit=1")
    while True:
        answer = await http.get(address, headers=bank)
        found += answer.json()
        if "next" not in answer.links:
            break
        address = answer.url.join(answer.links["next"]["url"])
    assert found == whole


async def test_a_file_is_whole_whatever_page_is_asked_for(
    shares: str, http: httpx.AsyncClient, ask: Ask
) -> None:
    whole = await ask("/instalments", "payment_provider")
    answer = await http.get(
        f"{CASE}/instalments",
        params={"form": "csv", "limit": "1"},
        headers=who("payment_provider"),
    )
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [int(row["open_fen"]) for row in rows] == [each["open_fen"] for each in whole]
    assert datetime.fromisoformat(rows[0]["due_at"]) < datetime.now(UTC) + timedelta(days=90)


async def test_the_settlement_is_told_in_sums(
    shares: str, ask: Ask, sql: asyncpg.Connection
) -> None:
    assert (await ask("/settlement"))["units"] == 0
    await sql.execute(
        "INSERT INTO share_total VALUES ($1::varchar, 'settlement', $2, 99000), ($1::varchar, 'settlement', '1-201', 40)",
        *(RID, UNIT),
    )
    found = await ask("/settlement")
    assert (found["units"], found["charged_fen"], found["paid_fen"]) == (2, 99_040, PAID)
    assert (found["debtors"], found["debts_fen"], found["refunds_fen"]) == (1, 40, 5)
    home = await ask("/household", UNIT)
    assert (home["basis"], home["share_fen"], home["reasons"]) == ("settlement", 99_000, [])
