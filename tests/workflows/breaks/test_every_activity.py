"""Every activity breaks once, for a reason that nobody foresaw: nothing jams, and the case ends as ever."""

from collections.abc import Awaitable, Callable

import pytest

from activities.registry import CLASSES
from runtime.database import Database
from tests.support.breaks.branches import (
    OPTIONS,
    Scenario,
    cut_short,
    in_default,
    never_revised,
    reconvened,
    round_about,
    straight_on,
    without_contractor,
)
from tests.support.breaks.breaking import STEPS, BreakingDriver, ended_well
from tests.support.breaks.faults import Moment

Begin = Callable[..., Awaitable[BreakingDriver]]

TAKEN_BY: dict[Scenario, frozenset[str]] = {
    straight_on: frozenset(
        {
            "Accounts.draw",
            "Accounts.end",
            "Accounts.order_refunds",
            "Agenda.remind",
            "Ballots.check_turnout",
            "Ballots.close_box",
            "Ballots.declare_result",
            "Ballots.open_box",
            "Evaluations.count_open_tickets",
            "Evaluations.evaluate",
            "Evaluations.open_survey",
            "Publications.answer",
            "Publications.close",
            "Publications.open",
            "Renovations.begin_warranty",
            "Renovations.close",
            "Renovations.enter_stage",
            "Shares.approve_relief",
            "Shares.compute",
            "Shares.count_collection",
            "Shares.finish",
            "Shares.next_reminder",
            "Shares.plan",
            "Tenders.award",
            "Tenders.evaluate",
            "Tenders.open_bids",
            "Tenders.publish",
            "Tenders.sign",
            "Tickets.close_satisfied",
            "Tickets.reopen",
            "Tickets.resolve",
            "Tickets.take_in",
            "Warranties.begin",
            "Warranties.end_liability",
            "Warranties.release",
            "Works.accept",
            "Wages.pay",
            "Works.approve_payment",
            "Works.begin",
            "Works.record_inspection",
            "Works.report_item",
            "Works.report_progress",
            "Works.report_rectified",
        }
    ),
    round_about: frozenset(
        {
            "Cancellations.draw_refund_sheet",
            "Cancellations.make_safe",
            "Cancellations.pay_refunds",
            "Cancellations.record",
            "Cancellations.settle_contract",
            "Cancellations.void_vote",
            "Instalments.look",
            "OfficialResults.import_one",
            "Renovations.ask_revision",
            "Renovations.begin_settling",
            "Renovations.revise_scheme",
            "Shares.decide_collection",
            "Shares.grant_subsidy",
            "Tenders.approve_direct",
            "Tickets.close_silent",
            "Tickets.escalate",
            "Works.mark_overdue",
        }
    ),
    in_default: frozenset(
        {
            "Terminations.ask",
            "Terminations.make_safe",
            "Terminations.measure",
            "Terminations.notice",
            "Terminations.notice_standstill",
            "Terminations.settle",
            "Terminations.terminate",
        }
    ),
    cut_short: frozenset({"Blocks.begin", "Blocks.end", "Joinings.join", "Subsidies.cut"}),
    reconvened: frozenset({"AfterVote.count_objections", "AfterVote.put_again"}),
    never_revised: frozenset(
        {
            "Extensions.extend",
            "Orders.lift",
            "Orders.order",
            "Orders.report",
            "Oversight.resume",
            "Oversight.suspend",
            "Reassignments.reassign",
            "Renovations.end_votes",
        }
    ),
    without_contractor: frozenset(
        {
            "Annulments.annul",
            "Renovations.correct",
            "Shares.decline_subsidy",
            "Signatures.miss",
            "Signatures.rule_on",
            "Tenders.clarify",
            "Tenders.fail",
            "Tenders.strike_first",
            "Tenders.withdraw",
        }
    ),
}
"""Which journey is answerable for which activities."""
NO_STEPS = {
    "Anchoring.anchor": "tests/runtime/anchors/test_daily.py",
    "Healing.give_up": "tests/workflows/breaks/test_healing_breaks.py",
    "Healing.note": "tests/workflows/breaks/test_healing_breaks.py",
    "Healing.cured": "tests/workflows/breaks/test_healing_breaks.py",
    "Restoring.restored": "tests/workflows/breaks/test_healing_breaks.py",
    "Suspecting.page": "tests/workflows/breaks/test_healing_breaks.py",
    "Reconciling.mend": "tests/workflows/breaks/test_healing_breaks.py",
}
"""Activities that are no step of a workflow, and where they are broken instead."""
ENDS: dict[Scenario, str] = {
    straight_on: "completed",
    in_default: "completed",
    round_about: "cancelled",
    cut_short: "cancelled",
    reconvened: "cancelled",
    without_contractor: "shelved",
    never_revised: "shelved",
}


Breaking = Callable[..., Callable[..., BreakingDriver]]


async def everything_breaks_once(j: BreakingDriver, database: Database, scenario: Scenario) -> None:
    async def to_its_end() -> None:
        # The very last step may break when nobody waits for anything any more.
        await scenario(j)
        await j.client.get_workflow_handle(j.handle.id).result()

    await j.attended(to_its_end())
    assert TAKEN_BY[scenario] <= set(j.faults.broke[j.rid])
    await ended_well(j, database, ENDS[scenario])


def test_every_activity_is_broken_by_some_test() -> None:
    names = {
        vars(method)["__temporal_activity_definition"].name
        for kind in CLASSES
        for method in vars(kind).values()
        if "__temporal_activity_definition" in getattr(method, "__dict__", {})
    }
    assert set(STEPS) == frozenset().union(*TAKEN_BY.values())
    assert names == set(STEPS) | set(NO_STEPS)


async def test_every_step_of_the_straight_way_breaks_once_and_the_case_is_completed(
    journey: Begin, database: Database, breaking: Breaking
) -> None:
    j = await journey(breaking())
    await everything_breaks_once(j, database, straight_on)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [each for each in TAKEN_BY if each is not straight_on])
async def test_every_step_of_the_other_ways_breaks_once(
    journey: Begin, database: Database, breaking: Breaking, scenario: Scenario
) -> None:
    j = await journey(breaking(), **OPTIONS.get(scenario, {}))
    await everything_breaks_once(j, database, scenario)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", list(TAKEN_BY))
async def test_every_step_breaks_once_when_it_is_committed_already(
    journey: Begin, database: Database, breaking: Breaking, scenario: Scenario
) -> None:
    j = await journey(breaking(Moment.AFTER), **OPTIONS.get(scenario, {}))
    await everything_breaks_once(j, database, scenario)
