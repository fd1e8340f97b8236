"""A journal is read by the programs that it is for; hledger is the foreign proof, in its own process."""

import subprocess
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.journals import Booked, account_name, journal, yuan
from models.values.ledger import (
    ESCROW,
    PROJECT,
    AccountKind,
    LedgerAccount,
    Transfer,
    TransferKind,
    household,
)
from rules.ledger import posted
from tests.support.processes.programs import program

ACCOUNTS = (PROJECT, ESCROW, household("3-2-501"), household("东:1；'x"), household("x3b"))
BOOKED = tuple(
    Booked(
        on=date(2026, 3, 2 + number),
        seq=number // 2 + 1,
        kind="cost_sharing.payments_received",
        transfer=Transfer(
            id=str(number),
            source=source,
            target=target,
            amount_fen=10**number + 7,
            kind=TransferKind.CHARGE,
        ),
    )
    for number, (source, target) in enumerate(pairwise((*ACCOUNTS, PROJECT)))
)


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=20))
def test_no_two_accounts_have_one_name_and_none_breaks_a_line(names: list[str]) -> None:
    given_names = {account_name(household(name)) for name in names}
    assert len(given_names) == len(names)
    assert all(each.isascii() and each.isprintable() and " " not in each for each in given_names)


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (-5, "-0.05"), (123_456, "1234.56")])
def test_sums_are_exact(fen: int, text: str) -> None:
    assert yuan(fen) == text


def test_beancount_opens_every_account_on_the_first_day() -> None:
    lines = journal(BOOKED, "beancount").splitlines()
    assert "2026-03-02 open Assets:Household:U3-2-501 CNY" in lines
    assert sum(" open " in line for line in lines) == len(ACCOUNTS)
    assert '2026-03-02 * "cost_sharing.payments_received" "event 1"' in lines


def test_nothing_booked_is_an_empty_journal() -> None:
    assert journal((), "hledger") == ""


def test_kinds_that_are_owed_by_the_case_are_liabilities() -> None:
    names = {kind: account_name(LedgerAccount(kind=kind)) for kind in AccountKind}
    assert names[AccountKind.SOCIAL_CAPITAL] == "Assets:SocialCapital"
    assert names[AccountKind.RETENTION] == "Liabilities:Retention"
    assert names[AccountKind.PROJECT] == "Equity:Project"


def test_hledger_balances_the_journal_and_finds_the_balances_of_the_rules() -> None:
    asked = [
        str(program("hledger")),
        "-f",
        "-",
        "--strict",
        "balance",
        "--flat",
        "-E",
        "-O",
        "csv",
        "-N",
    ]
    said = subprocess.run(
        asked, input=journal(BOOKED, "hledger"), capture_output=True, text=True, check=True
    )
    found = dict(line.replace('"', "").split(",") for line in said.stdout.splitlines()[1:])
    balances = posted([each.transfer for each in BOOKED])
    assert found == {
        account_name(account): f"{yuan(each.balance_fen)} CNY" for account, each in balances.items()
    }
