"""The ledger through its doors: accounts, entries with running balances, a journal that hledger balances."""

import subprocess

import asyncpg
import httpx
import pytest

from models.values.ledger import AccountKind, TransferKind, household
from runtime.database import Database
from service.pages.display import Language
from service.pages.wording import text
from tests.service.residents.test_residents_write import UNIT, rid, voter
from tests.support.browser.desk import Desk
from tests.support.channels import Channels, code, grant_roles, official
from tests.support.money.ledger import PROJECT, move, moved, paid
from tests.support.processes.programs import program

__all__ = ["rid"]


@pytest.fixture
async def case(
    http: httpx.AsyncClient, rid: str, sql: asyncpg.Connection, database: Database
) -> Channels:
    await grant_roles(sql)
    charge = moved(f"{rid}.charge", PROJECT, household(UNIT), 1_000)
    await move(database, rid, "charged", charge, paid(f"{rid}.first", UNIT, 300))
    await move(database, rid, "paid", paid(f"{rid}.second", UNIT, 50))
    return Channels(http, sql, rid, "")


async def test_accounts_sum_to_zero_and_each_entry_has_the_balance_after_it(case: Channels) -> None:
    street = official("street")
    accounts = (await case.get("/ledger/accounts", street)).json()
    assert {each["account"]: each["balance_fen"] for each in accounts} == {
        "escrow": 350,
        f"household/{UNIT}": 650,
        "project": -1_000,
    }
    path = f"/ledger/entries?account=household/{UNIT}&limit=2"
    first = await case.get(path, street)
    lines = first.json()
    follows = first.links["next"]["url"].removeprefix("?")
    lines += (await case.get(f"/ledger/entries?{follows}", street)).json()
    told = [(each["kind"], each["other"], each["amount_fen"], each["after_fen"]) for each in lines]
    assert told == [
        ("charge", "project", 1_000, 1_000),
        ("payment", "escrow", -300, 700),
        ("payment", "escrow", -50, 650),
    ]
    assert [each["seq"] for each in lines] == [1, 1, 2]
    unknown = await case.get("/ledger/entries?account=household/9-9", street)
    assert code(unknown) == (404, "ledger.account_unknown")


async def test_hledger_balances_what_the_door_gives(case: Channels) -> None:
    given = await case.get("/ledger/journal", official("street"))
    asked = [
        str(program("hledger")),
        "-f",
        "-",
        "--strict",
        "balance",
        "--flat",
        "-E",
        "-N",
        "-O",
        "csv",
    ]
    said = subprocess.run(asked, input=given.text, capture_output=True, text=True, check=True)
    assert said.stdout.replace('"', "").splitlines()[1:] == [
        "Assets:Escrow,3.50 CNY",
        f"Assets:Household:U{UNIT},6.50 CNY",
        "Equity:Project,-10.00 CNY",
    ]
    other = await case.get("/ledger/journal?form=beancount", official("street"))
    assert "Assets:Escrow" in other.text


async def test_an_office_reads_the_ledger_and_it_is_written_down(case: Channels) -> None:
    desk, page = Desk(case.http, "street"), f"/office/cases/{case.rid}/ledger"
    assert f'href="{page}"' in (await desk.get(f"/office/cases/{case.rid}")).html
    listed = await desk.get(page)
    for told in ("Escrow", "¥3.50", f"Home {UNIT}", "-¥10.00"):
        assert told in listed.text, told
    one = await desk.get(f"{page}?account=household/{UNIT}")
    for told in ("charged", "paid in", "¥10.00", "¥7.00", "¥6.50"):
        assert told in one.text, told
    assert "Escrow" not in (await desk.get(f"{page}?after=escrow")).text
    committee = await Desk(case.http, "committee").get(page)
    assert committee.status == 403
    read = await case.sql.fetch(
        "SELECT subject FROM private.access WHERE renovation_id = $1 AND door LIKE '%/ledger'",
        case.rid,
    )
    assert f"household/{UNIT}" in {row["subject"] for row in read}


async def test_a_home_does_not_read_the_ledger_of_the_others(case: Channels) -> None:
    for path in ("accounts", f"entries?account=household/{UNIT}", "journal"):
        answer = await case.get(f"/ledger/{path}", voter(case.rid))
        assert answer.status_code in (401, 403), path


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_account_and_every_transfer_has_a_name(language: Language) -> None:
    codes = [f"ledger_account.{each}" for each in AccountKind]
    codes += [f"transfer.{each}" for each in TransferKind]
    assert [each for each in codes if text(each, language, {}) == each] == []
