"""What a bill leaves behind for the bill of a later vote, and what comes in between."""

from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.cost_sharing.shares import Shares
from activities.cost_sharing.subsidies import Subsidies
from models.messages.acts import CutSubsidy
from runtime.database import Database
from tests.activities.test_cost_sharing import begun, refused
from tests.support import money
from tests.support.money import START, STREET, details
from tests.support.told import move_clock

DAY = timedelta(days=1)


async def call(database: Database, rid: str, shares: Shares, days: int) -> None:
    await move_clock(database, rid, START + days * DAY)
    await shares.next_reminder(money.command(rid, f"{days}-0"), days, 0)


async def cut(database: Database, rid: str, fen: int, name: str) -> None:
    act = CutSubsidy(
        command_id=f"{rid}#{name}",
        actor=STREET,
        funding="district",
        amount_fen=fen,
        document="(2026) no. 12",
        reason="the budget was cut",
    )
    await Subsidies(money.recorder_of(database)).cut(money.command(rid, name, STREET), act)


# carries E15
async def test_a_cut_after_another_vote_is_measured_by_what_that_vote_has_adopted(
    database: Database,
) -> None:
    shares, rid = await begun(database, "v1"), "v1"
    await call(database, rid, shares, 8)
    await cut(database, rid, 400, "cut-1")
    with pytest.raises(ApplicationError) as error:
        await cut(database, rid, 100, "cut-2")
    assert refused(error) == ["cost_sharing.cut_needs_vote"]
    # The owners vote anew on the scheme as it is now, and are billed by it.
    await shares.compute(money.command(rid, "compute-2"))
    await call(database, rid, shares, 30)
    await cut(database, rid, 100, "cut-3")
    said = await details(database, rid, "cost_sharing.subsidy_cut")
    assert (said["owners_gap_fen"], said["lost_fen"]) == (10_000, 100)
