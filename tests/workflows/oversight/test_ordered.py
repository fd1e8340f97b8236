"""An order of correction: whoever it addresses is awaited beside the procedure, which goes on."""

from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.actor import Role
from models.values.refusal import Refused
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.journey import BUREAU, COMMITTEE, STREET, JourneyDriver, actor, codes
from tests.support.wanderer import assert_agrees, assert_every_wait_has_an_end

Begin = Callable[..., Awaitable[JourneyDriver]]
AWAITED = "SELECT count(*) FROM case_wait WHERE renovation_id=$1 AND what='report_corrected'"


async def order(j: JourneyDriver, days: int = 10) -> str:
    addressed = {"addressee": "owners_committee", "event": 1, "days": days}
    done = await j.act(
        a.OrderCorrection, STREET, **addressed, document="no. 3", reason="the notice was too short"
    )
    assert done.kind == "renovation.correction_ordered"
    return str((await j.details(done.kind))[-1]["order"])


async def test_the_procedure_goes_on_and_who_is_late_is_reminded(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("open_vote")
    name = await order(j)
    await assert_every_wait_has_an_end(j)
    await j.act(a.OpenVote, COMMITTEE)
    await j.until("ballots")
    await j.days(12)
    assert await j.value(AWAITED) == 1, "a step of the engine has not taken it away"
    reminded = await j.details("agenda.reminder_ordered")
    assert [late["what"] for each in reminded for late in each["late"]] == ["report_corrected"]
    await assert_agrees(j)
    other = actor(Role.RESIDENTS_COMMITTEE)
    with pytest.raises(Refused) as refused:
        await j.act(a.ReportCorrected, other, order_id=name, report="done")
    assert codes(refused.value) == ["oversight.other_addressee"]
    await j.act(a.ReportCorrected, COMMITTEE, order_id=name, report="the notice was posted anew")
    assert await j.value(AWAITED) == 0
    (said,) = await j.details("renovation.correction_reported")
    assert said["late_since"]
    with pytest.raises(Refused) as again:
        await j.act(a.LiftCorrection, BUREAU, order_id=name, reason="so")
    assert codes(again.value) == ["oversight.no_order"]
    await j.until("payments")
    await assert_agrees(j)
    assert (await audit(database, j.rid)).ok


async def test_the_time_to_put_it_right_runs_while_the_renovation_stands_still(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("open_vote")
    name = await order(j, 40)
    stops = {"ground": "authority", "reason": "until it is put right"}
    await j.act(a.SuspendRenovation, STREET, **stops)
    until = "SELECT due_at FROM case_wait WHERE renovation_id=$1 AND what='report_corrected'"
    before = await j.value(until)
    await j.days(5)
    await j.act(a.ReportCorrected, COMMITTEE, order_id=name, report="done")
    second = await order(j, 40)
    after = await j.value(until)
    assert after > before
    await j.act(a.ResumeRenovation, BUREAU, reason="it is put right")
    assert await j.value(until) == after
    await j.act(a.LiftCorrection, BUREAU, order_id=second, reason="it was right already")
    await j.parts.clocks.settle(j.rid)
    await assert_agrees(j)
    await j.until("ballots")


@pytest.mark.slow
async def test_an_order_is_about_something_on_record(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    with pytest.raises(Refused) as refused:
        await j.act(
            a.OrderCorrection, STREET, addressee="contractor", event=999, days=3, reason="so"
        )
    assert codes(refused.value) == ["oversight.no_event"]


@pytest.mark.slow
async def test_an_order_outlives_the_works_and_is_answered_in_the_warranty(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("open_vote")
    early = await order(j)
    await j.until("retention")
    late = await order(j)
    assert await j.value(AWAITED) == 2
    await j.act(a.ReportCorrected, COMMITTEE, order_id=early, report="the notice was posted anew")
    await j.act(a.LiftCorrection, BUREAU, order_id=late, reason="it was right")
    assert await j.value(AWAITED) == 0
    await assert_agrees(j)
    assert (await audit(database, j.rid)).ok
