"""The late fee by the rows of a case: from which day it counts, and when none is owed any more."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from activities.cancellation import Cancellations
from models.messages.acts import CancelRenovation
from models.tables import Renovation
from models.values.cost_sharing import LateFeeTerms
from runtime.database import Database
from runtime.ledger.fees import charge_late, fee_today
from runtime.ledger.payments import NewPayment
from tests.activities.test_cost_sharing import begun
from tests.support import money
from tests.support.money import START, details, scheme
from tests.support.told import move_clock

DAY = timedelta(days=1)
CALLED = "cost_sharing.payments_called"
FEE = 8
"""Of the 800 fen of each home, 1 % for a month."""


async def called(database: Database, rid: str) -> tuple[datetime, datetime]:
    """A case with a late fee of 1 % a month whose first round is called; when, and the end that was told."""
    content = scheme(late_fee=LateFeeTerms(permille_a_month=10))
    shares = await begun(database, rid, content=content)
    at = START + 8 * DAY
    await move_clock(database, rid, at)
    await shares.next_reminder(money.command(rid, "1-0"), 1, 0)
    return at, datetime.fromisoformat((await details(database, rid, CALLED))["deadline"])


async def fee(database: Database, rid: str, now: datetime) -> int:
    unit = (await money.units_of(database, rid))[0]
    async with database.session() as session:
        return await fee_today(session, rid, "Asia/Shanghai", now, unit)


async def set_case(database: Database, rid: str, **columns: Any) -> None:
    async with database.session() as session, session.begin():
        await session.execute(update(Renovation).where(Renovation.id == rid).values(columns))


async def test_the_fee_counts_from_the_end_of_the_round_as_a_suspension_has_moved_it(
    database: Database,
) -> None:
    at, end = await called(database, "f1")
    late = end + 5 * DAY
    assert await fee(database, "f1", late) == FEE
    since, until = at + 10 * DAY, at + 40 * DAY
    await set_case(database, "f1", rests=[[since.isoformat(), until.isoformat()]])
    assert await fee(database, "f1", late) == 0
    assert await fee(database, "f1", end + 31 * DAY) == FEE
    # As long as it stands still nobody comes too late.
    await set_case(database, "f1", rests=[], suspended_at=since)
    assert await fee(database, "f1", late) == 0
    assert await fee(database, "f1", late + 90 * DAY) == 0


async def test_a_case_that_was_cancelled_charges_no_fee_before_it_is_settled(
    database: Database,
) -> None:
    _, end = await called(database, "f2")
    late = end + 5 * DAY
    assert await fee(database, "f2", late) == FEE
    await move_clock(database, "f2", late)
    act = CancelRenovation(command_id="f2#cancel", actor=money.STREET, reason="the city says so")
    cancelled = Cancellations(money.recorder_of(database))
    await cancelled.record(money.command("f2", "cancel", money.STREET), act)
    assert await fee(database, "f2", late) == 0
    unit = (await money.units_of(database, "f2"))[0]
    paid = NewPayment(
        id="f2.p", command_id="f2.p", unit_number=unit, amount_fen=800, source="owner"
    )
    async with database.session() as session:
        assert await charge_late(session, "f2", "Asia/Shanghai", late, [paid]) == ()
