"""The check finds whatever was changed, even by whoever may change everything."""

import pytest

from models.values.ledger import household
from models.values.refusal import Refused
from runtime.database import Database
from runtime.ledger.check import check_ledger
from runtime.record.audit import audit
from tests.support.estate import make_renovation
from tests.support.money import START, pay
from tests.support.money.ledger import PROJECT, hand, move, moved, paid

OFF = "ALTER TABLE {} DISABLE TRIGGER USER"
ON = """
ALTER TABLE {0} ENABLE TRIGGER USER;
DO $$ DECLARE t record; BEGIN
  FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = '{0}'::regclass AND NOT tgisinternal LOOP
    EXECUTE 'ALTER TABLE {0} ENABLE ALWAYS TRIGGER ' || t.tgname;
  END LOOP; END $$
"""


async def booked(database: Database, rid: str) -> None:
    await make_renovation(database, rid=rid, units=2, told_at=START)
    await move(database, rid, "charge", moved(f"{rid}.charge", PROJECT, household("1"), 1_000))
    await move(database, rid, "pay", paid(f"{rid}.a", "1", 300), paid(f"{rid}.b", "2", 200))


async def forge(owner: str, table: str, statement: str) -> None:
    """As whoever owns the schema: switch the guards off, change something, switch them on again."""
    async with hand(owner) as connection:
        await connection.execute(OFF.format(table))
        await connection.execute(statement)
        await connection.execute(ON.format(table))


async def test_a_sound_ledger_has_no_fault(database: Database) -> None:
    await booked(database, "c1")
    report = await check_ledger(database, "c1")
    assert (report.faults, report.cases, report.accounts, report.transfers) == ((), 1, 4, 3)
    assert report.held_fen == 500
    assert (await audit(database, "c1")).ok


async def test_an_unknown_case_is_refused(database: Database) -> None:
    with pytest.raises(Refused) as refused:
        await check_ledger(database, "nowhere")
    assert refused.value.problems[0].code == "renovation.unknown"


@pytest.mark.parametrize(
    ("table", "statement", "codes", "audited"),
    [
        (
            "ledger_account",
            "UPDATE ledger_account SET balance_fen = 9 WHERE renovation_id = '{0}' AND kind = 'escrow'",
            {"ledger.balance_other", "ledger.sum_not_zero"},
            False,
        ),
        (
            "ledger_entry",
            "UPDATE ledger_entry SET amount_fen = 7, after_fen = before_fen + 7 WHERE transfer_id = '{0}.a'",
            {"ledger.entries_other"},
            False,
        ),
        (
            "ledger_transfer",
            "UPDATE ledger_transfer SET amount_fen = 299 WHERE id = '{0}.a'",
            {"ledger.balance_other", "ledger.entries_other", "ledger.group_other"},
            True,
        ),
        (
            "ledger_transfer",
            "UPDATE ledger_transfer SET kind = 'taken_over' WHERE id = '{0}.a'",
            {"ledger.group_other"},
            True,
        ),
    ],
    ids=["balance", "entry", "amount", "kind"],
)
async def test_what_is_changed_by_hand_is_found(
    database: Database, owner: str, table: str, statement: str, codes: set[str], *, audited: bool
) -> None:
    rid = f"c2-{table[7:]}-{len(codes)}"
    await booked(database, rid)
    await forge(owner, table, statement.format(rid))
    report = await check_ledger(database, rid)
    assert {fault.code for fault in report.faults} == codes
    assert ["ledger"] * audited == [bad.reason for bad in (await audit(database, rid)).bad]


async def test_a_payment_past_the_ledger_is_found(database: Database) -> None:
    await booked(database, "c3")
    await pay(database, "c3", "1", fen=5)
    report = await check_ledger(database, "c3")
    assert [fault.code for fault in report.faults] == ["ledger.payment_unbooked"]
