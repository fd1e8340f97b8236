"""Wages first (E41): those who build are paid in a dispute too, while their firm waits for its money."""

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from models.messages import acts as a
from runtime.database import Database
from tests.support.breaks.branches import failed
from tests.support.journey import (
    CONTRACTOR,
    OTHER_SUPERVISOR,
    STREET,
    JourneyDriver,
    builder,
    inspect,
)
from tests.workflows.works.test_default import CONTRACT_FEN, refused
from tests.workflows.works.test_settling import settled
from tests.workflows.works.test_warranty import balances, start_below

Begin = Callable[..., Awaitable[JourneyDriver]]
MOST_FEN = CONTRACT_FEN * 300 // 1000
ASKED_FEN = MOST_FEN - 1_000
pytestmark = pytest.mark.slow


# carries E41
async def test_wages_go_out_first_and_are_taken_off_what_the_firm_is_owed(
    journey: Begin, database: Database
) -> None:
    """A fifth of the homes have paid; an item fails; the firm is paid late."""
    j = await journey()
    j.on("payments", lambda driver: driver.pay(permille=200))
    j.on("decide_collection", start_below)
    await j.until("works")
    item = await failed(j)
    held = (await balances(j))["escrow"]
    month = {"worked_until": date(2025, 12, 31), "document": "payroll of December"}
    firm = await builder(j)
    assert await refused(j.act(a.PayWages, firm, amount_fen=1, **month)) == ["authority.wrong_role"]
    above = j.act(a.PayWages, STREET, amount_fen=MOST_FEN + 1, **month)
    assert await refused(above) == ["inspection.wages_above_part"]
    await j.act(a.PayWages, STREET, amount_fen=ASKED_FEN, **month)
    (paid,) = await j.details("inspection.wages_paid")
    went = paid["paid_out_fen"]
    assert went == min(held, ASKED_FEN) > 0
    assert went + paid["owed_fen"] == ASKED_FEN
    assert (await balances(j))["wages"] == went
    await j.act(a.ReportRectified, firm, item_id=item)
    await inspect(j, item, "PASS", OTHER_SUPERVISOR)
    await j.until("accounts")
    (released,) = await j.details("inspection.payment_released")
    assert released["wages_fen"] == went
    owed = await balances(j)
    assert "wages" not in owed
    net = released["payable_fen"] - went
    assert released["paid_out_fen"] + released["owed_fen"] == net
    assert owed["contractor"] < 0, "the firm waits for its money, those who built do not"
    assert CONTRACTOR.id == firm.id
    late = released["owed_fen"]
    await settled(
        j, database, "completed", "payroll of December", f"{late // 100:,}.{late % 100:02}"
    )
    order = await j.events()
    assert order.index("inspection.wages_paid") < order.index("inspection.payment_released")
