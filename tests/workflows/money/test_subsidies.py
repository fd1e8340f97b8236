"""A subsidy is cut (E15): within what the vote allows the owners carry it, and the case ends settled."""

from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.cost_sharing import PERMILLE
from runtime.database import Database
from tests.support.breaks.branches import with_subsidy
from tests.support.journey import COMMITTEE, STREET, JourneyDriver
from tests.workflows.works.test_default import refused
from tests.workflows.works.test_settling import settled
from tests.workflows.works.test_warranty import balances

Begin = Callable[..., Awaitable[JourneyDriver]]
SUBSIDY_FEN, TENTH_FEN, CUT_FEN = 2_000_000, 200_000, 12_000
WHY = {"funding": "district", "document": "(2026) no. 12", "reason": "the budget was cut"}
pytestmark = pytest.mark.slow


async def share_sum(j: JourneyDriver) -> int:
    """What the owners carry now."""
    found = await j.value(
        "SELECT sum(amount_fen) FROM share_total WHERE renovation_id = $1 AND basis = ("
        " SELECT basis FROM share_total WHERE renovation_id = $1"
        " ORDER BY array_position(ARRAY['final', 'award', 'estimate'], basis::text) LIMIT 1)"
    )
    return int(found)


# carries E15
@pytest.mark.parametrize("moment", ["payments", "works", "retention"])
async def test_a_subsidy_that_is_cut_by_a_tenth_is_carried_by_the_owners(
    journey: Begin, database: Database, moment: str
) -> None:
    j = await journey(content=with_subsidy(SUBSIDY_FEN))
    early = {**WHY, "amount_fen": TENTH_FEN}
    assert await refused(j.act(a.CutSubsidy, STREET, **early)) == ["cost_sharing.not_called"]
    await j.until(moment)
    before = await share_sum(j)
    assert await refused(j.act(a.CutSubsidy, COMMITTEE, **early)) == ["authority.wrong_role"]
    unknown = {**early, "funding": "province"}
    assert await refused(j.act(a.CutSubsidy, STREET, **unknown)) == ["cost_sharing.subsidy_unknown"]
    await j.act(a.CutSubsidy, STREET, **early)
    (cut,) = await j.details("cost_sharing.subsidy_cut")
    assert (cut["amount_fen"], cut["lost_fen"], cut["document"]) == (
        TENTH_FEN,
        TENTH_FEN,
        WHY["document"],
    )
    assert await share_sum(j) == before + TENTH_FEN == cut["total_fen"]
    # What is more than a twentieth of the owners' part is a new vote, however often it is cut.
    most = cut["owners_gap_fen"] * 50 // PERMILLE
    rest = {**early, "amount_fen": most - TENTH_FEN + 1}
    assert await refused(j.act(a.CutSubsidy, STREET, **rest)) == ["cost_sharing.cut_needs_vote"]
    row = await j.until("accounts")
    assert row["state"] == "in_warranty"
    owed = await balances(j)
    assert owed["subsidy"] == SUBSIDY_FEN - TENTH_FEN
    assert "project" not in owed
    await settled(j, database, "completed", WHY["reason"], "2,000.00")


# carries E15, E16
async def test_a_refund_that_is_ordered_stays_so_when_a_subsidy_is_cut(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=with_subsidy(SUBSIDY_FEN))
    await j.until("publish_tender")
    await j.act(a.BlockPayments, STREET, ground="signatories", reason="a new committee")
    await j.until("works")
    (signed,) = await j.details("bidding.contract_signed")
    assert signed["refunds"]["refunds_fen"] == signed["refunds"]["owed_fen"] > CUT_FEN
    assert await refund_sums(j) == (signed["refunds"]["refunds_fen"],) * 2 + (0,)
    await j.act(a.CutSubsidy, STREET, **WHY, amount_fen=CUT_FEN)
    owed, ordered, went = await refund_sums(j)
    assert owed == signed["refunds"]["refunds_fen"] - CUT_FEN
    assert (ordered, went) == (owed, 0), "nothing is posted that would order it anew"
    await j.act(a.UnblockPayments, STREET, document="mandate", reason="both have signed")
    assert await refund_sums(j) == (owed, owed, owed)
    await settled(j, database, "completed")


async def refund_sums(j: JourneyDriver) -> tuple[int, int, int]:
    """What of refunds is owed, ordered and gone out, in fen."""
    row = await j.db.fetchrow(
        "SELECT sum(amount_fen)::bigint, sum(ordered_fen)::bigint, sum(paid_fen)::bigint FROM refund"
        " WHERE renovation_id = $1",
        j.rid,
    )
    return row[0], row[1], row[2]
