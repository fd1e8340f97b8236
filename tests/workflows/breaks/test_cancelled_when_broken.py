"""While a step of the engine is broken, official acts still go through: the case can be cancelled."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.messages import acts as a
from runtime.database import Database
from tests.support.breaks.branches import (
    Scenario,
    in_default,
    in_taiwan,
    overdue,
    reconvened,
    too_dear,
    without_contractor,
)
from tests.support.breaks.breaking import BreakingDriver, ended_well, left_when, shows_trouble, soon
from tests.support.breaks.faults import Faults, Moment
from tests.support.journey import STREET, JourneyDriver

Begin = Callable[..., Awaitable[BreakingDriver]]
Breaking = Callable[..., Callable[..., BreakingDriver]]


async def ordinary(j: JourneyDriver) -> None:
    await j.until("nothing")


async def default(j: JourneyDriver) -> None:
    await j.until("works")
    await overdue(j)


WAYS: dict[str, Scenario] = {
    "AfterVote.count_objections": reconvened,
    "AfterVote.put_again": reconvened,
    "Ballots.check_turnout": ordinary,
    "Ballots.close_box": ordinary,
    "Ballots.declare_result": ordinary,
    "Evaluations.count_open_tickets": ordinary,
    "Evaluations.evaluate": ordinary,
    "Evaluations.open_survey": ordinary,
    "Publications.close": ordinary,
    "Publications.open": ordinary,
    "Renovations.ask_revision": without_contractor,
    "Renovations.enter_stage": ordinary,
    "Shares.compute": ordinary,
    "Shares.count_collection": ordinary,
    "Shares.finish": ordinary,
    "Shares.next_reminder": ordinary,
    "Shares.plan": ordinary,
    "Tenders.fail": without_contractor,
    "Tenders.open_bids": ordinary,
    "Tenders.strike_first": without_contractor,
    "Terminations.ask": in_default,
    "Terminations.make_safe": in_default,
    "Terminations.notice": in_default,
    "Terminations.notice_standstill": in_default,
    "Terminations.settle": in_default,
    "Works.begin": ordinary,
    "Works.mark_overdue": default,
}
"""Steps of the engine before anything is settled, and a way that comes to each."""
QUICK = ("Ballots.close_box",)


async def cancelled(
    journey: Begin, breaking: Breaking, faults: Faults, database: Database, name: str
) -> None:
    way = WAYS[name]
    given: dict[str, Any] = {"content": too_dear()} if way is without_contractor else {}
    if way is reconvened:
        given = {"content": in_taiwan(), "rule_pack": "TW-2003"}
    j = await journey(breaking(Moment.INSIDE, name), **given)

    async def going() -> None:
        (row,) = await soon(j.troubles)
        await soon(lambda: shows_trouble(j, str(row["workflow_id"])))
        faults.disarm(j.rid, name)

    await left_when(way(j), going())
    await j.act(a.CancelRenovation, STREET, reason="it does not go on")
    await j.until("nothing")
    await ended_well(j, database, "cancelled")
    kinds = await j.events()
    assert "case.needs_attention" in kinds
    assert "settlement.vote_voided" in kinds or name == "Renovations.enter_stage"


@pytest.mark.parametrize("name", QUICK)
async def test_a_renovation_whose_step_is_broken_can_be_cancelled(
    journey: Begin, breaking: Breaking, faults: Faults, database: Database, name: str
) -> None:
    await cancelled(journey, breaking, faults, database, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(WAYS.keys() - set(QUICK)))
async def test_a_renovation_can_be_cancelled_whichever_step_is_broken(
    journey: Begin, breaking: Breaking, faults: Faults, database: Database, name: str
) -> None:
    await cancelled(journey, breaking, faults, database, name)
