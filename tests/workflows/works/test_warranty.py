"""The end of the money: what is kept back stays so for its years, then it is released, and the case is completed."""

from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from runtime.database import Database
from runtime.ledger.check import check_ledger
from runtime.record.audit import audit
from tests.support.journey import BUREAU, STREET, JourneyDriver, codes, complain

Begin = Callable[..., Awaitable[JourneyDriver]]
KEPT = (
    "SELECT -sum(balance_fen) FROM ledger_account WHERE renovation_id = $1 AND kind = 'retention'"
)
pytestmark = pytest.mark.slow


async def refused(doing: Awaitable[object]) -> list[str]:
    with pytest.raises(Refused) as error:
        await doing
    return codes(error.value)


async def test_what_is_kept_back_is_returned_after_its_years_and_then_the_case_is_completed(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    row = await j.until("retention")
    (accepted,) = await j.details("inspection.works_accepted")
    assert accepted["passed"]
    assert row["state"] == "in_warranty"
    assert row["closed_at"] is None
    kept = await j.value(KEPT)
    assert kept > 0
    (begun,) = await j.details("warranty.begun")
    assert (begun["retention_fen"], begun["months"]) == (kept, 24)
    assert row["due_at"].isoformat() == begun["liability_until"]
    # Not before its years, and nothing stops a case any more whose works are accepted.
    assert await refused(j.act(a.ReleaseRetention, BUREAU)) == ["act.not_now"]
    assert await refused(j.act(a.CancelRenovation, STREET, reason="too late")) == [
        "renovation.ended"
    ]
    await complain(j)
    row = await j.until("release_retention")
    assert (await j.now()).year == row["opened_at"].year + 2
    above = {"withheld_fen": kept + 1, "reason": "a leak"}
    assert await refused(j.act(a.ReleaseRetention, BUREAU, **above)) == [
        "warranty.withheld_above_kept"
    ]
    without = j.act(a.ReleaseRetention, BUREAU, withheld_fen=1)
    assert await refused(without) == ["warranty.reason_missing"]
    await j.act(a.ReleaseRetention, BUREAU, withheld_fen=40, reason="a leak, repaired by others")
    row = await j.until("nothing")
    assert row["state"] == "completed"
    assert (await j.handle.result()).state == "completed"
    (released,) = await j.details("warranty.retention_released")
    assert (released["kept_fen"], released["withheld_fen"]) == (kept, 40)
    assert released["reason"] == "a leak, repaired by others"
    assert released["released_fen"] == kept - 40
    went = await j.value(
        "SELECT sum(t.amount_fen) FROM ledger_transfer t JOIN ledger_account s ON s.id = t.to_id"
        " WHERE s.renovation_id = $1 AND t.kind = 'retention'"
    )
    assert (went or 0) == released["paid_out_fen"]
    assert (await check_ledger(database, j.rid)).ok
    assert (await audit(database, j.rid)).ok


async def test_a_silent_client_is_reminded_of_what_it_keeps(journey: Begin) -> None:
    j = await journey()
    await j.until("release_retention")
    await j.go_on()
    (late,) = (await j.details("agenda.reminder_ordered"))[-1]["late"]
    assert late["what"] == "release_retention"
    assert (await j.row())["state"] == "in_warranty"


@pytest.mark.parametrize("word", ["retention", "release_retention"])
async def test_a_warranty_that_was_stopped_from_outside_goes_on(
    journey: Begin, database: Database, word: str
) -> None:
    from tests.workflows.healing.test_repair import repaired

    j = await journey()
    row = await j.until(word)
    await j.client.get_workflow_handle(str(row["stage_workflow_id"])).terminate("by a slip")
    await j.handle.terminate("by a slip")
    await repaired(j)
    row = await j.until("nothing")
    assert row["state"] == "completed"
    assert (await j.events()).count("warranty.begun") == 1
    assert (await audit(database, j.rid)).ok
