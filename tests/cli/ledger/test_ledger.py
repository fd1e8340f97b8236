import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from runtime.database import Database
from tests.support.estate import make_renovation
from tests.support.money import START, pay
from tests.support.money.ledger import move, paid

RUNNER = CliRunner()


@pytest.fixture(scope="module", autouse=True)
async def booked(database: Database) -> None:
    for rid in ("sound", "faulty"):
        await make_renovation(database, rid=rid, units=2, told_at=START)
        await move(database, rid, "pay", paid(f"{rid}.a", "1", 123_456))
    await pay(database, "faulty", "1", fen=5)


@pytest.fixture(autouse=True)
def at_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("GONGJIAN_CREDENTIAL_KEY", "ab" * 32)
    monkeypatch.setenv("GONGJIAN_RECEIPT_KEY", "ab" * 32)


def test_a_sound_ledger_is_said_in_one_line_and_in_figures() -> None:
    said = RUNNER.invoke(app, ["ledger", "check", "sound"])
    assert said.exit_code == 0
    assert said.stdout == (
        "1 renovation, 2 accounts, 1 transfer; 1,234.56 yuan in escrow: every balance is right\n"
    )
    shown = json.loads(RUNNER.invoke(app, ["ledger", "check", "sound", "--json"]).stdout)
    assert (shown["ok"], shown["held_fen"], shown["faults"]) == (True, 123_456, [])


def test_every_fault_is_a_line_and_the_exit_says_so() -> None:
    said = RUNNER.invoke(app, ["ledger", "check"])
    assert said.exit_code == 1
    assert said.stdout.splitlines()[0] == "faulty.owner.1.5: this payment is not in the ledger."
    assert said.stdout.splitlines()[1].endswith(": 1 fault")


def test_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    said = RUNNER.invoke(app, ["ledger", "check", "sound"]).stdout
    assert said == "1 项改造，2 个账户，1 笔转账；专户存款 1,234.56 元：各账户余额无误\n"


def test_the_export_is_a_journal_and_in_json_the_transfers() -> None:
    said = RUNNER.invoke(app, ["ledger", "export", "sound"]).stdout.splitlines()
    assert "  Assets:Escrow  1234.56 CNY  ; payment" in said
    (line,) = json.loads(RUNNER.invoke(app, ["ledger", "export", "sound", "--json"]).stdout)
    assert (line["kind"], line["transfer"]["amount_fen"]) == ("test.moved", 123_456)
