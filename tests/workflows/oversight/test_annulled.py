"""A court or an authority annuls what the owners have adopted: rolled back to another vote, or settled (E6)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.estate import scheme_content
from tests.support.journey import BUREAU, COMMITTEE, STREET, JourneyDriver, codes
from tests.support.wanderer import assert_agrees, assert_every_wait_has_an_end, too_dear

Begin = Callable[..., Awaitable[JourneyDriver]]
BY: dict[str, Any] = {
    "annulled_by": "official_decision",
    "document": "(2025) no. 9",
    "reason": "the notice was too short",
}
OWED = (
    "SELECT coalesce(sum(abs(balance_fen)), 0)::bigint FROM ledger_account WHERE renovation_id=$1"
)


async def annul(j: JourneyDriver, **by: Any) -> dict[str, Any]:
    done = await j.act(a.AnnulVote, BUREAU, **{**BY, **by})
    assert done.kind == "renovation.vote_annulled"
    (said,) = await j.details(done.kind)
    return said


async def standing(j: JourneyDriver) -> dict[str, Any]:
    """Where the case stands by its record alone, for an office: everybody else waits until bids are opened."""
    office = {"Authorization": f"Bearer {await j.official(STREET)}"}
    return dict((await j.http.get(f"/v1/renovations/{j.rid}/standing", headers=office)).json())


# carries E6
@pytest.mark.slow
async def test_before_money_has_come_in_a_revised_scheme_is_put_to_another_vote(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("objections.share_table")
    assert await j.value(OWED)
    said = await annul(j)
    assert (said["attempts"], said["ends"], said["stage"]) == ([1], False, "cost_sharing")
    assert len(said["withdrawn"]) == 1
    assert (await j.until("revise_scheme"))["state"] == "running"
    for table in ("share_total", "instalment"):
        assert not await j.value(f"SELECT count(*) FROM {table} WHERE renovation_id=$1"), table
    assert not await j.value(OWED)
    (asked,) = await j.details("renovation.revision_asked")
    assert (asked["failed"], asked["wanted"]) == (0, True)
    await assert_every_wait_has_an_end(j)
    await assert_agrees(j)
    assert (await standing(j))["vote_outcome"] == "annulled"
    shown = await j.http.get(f"/cases/{j.rid}/vote", headers={"accept-language": "en"})
    assert "it carries nothing any more" in shown.text
    with pytest.raises(Refused) as again:
        await annul(j)
    assert codes(again.value) == ["oversight.nothing_adopted"]
    await j.act(a.ReviseScheme, COMMITTEE, title="with a longer notice", reason="as ordered")
    await j.until("award_contract")
    assert (await j.box())["attempt"] == 2
    await assert_agrees(j)
    assert (await audit(database, j.rid)).ok


@pytest.mark.slow
async def test_a_judgment_ends_the_halt_that_waited_for_it(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("payments")
    await j.act(a.SuspendRenovation, STREET, ground="court", reason="a suit was filed")
    await j.days(30)
    said = await annul(j, annulled_by="judgment")
    assert said["article"].startswith("Civil Code art. 280(2)")
    row = await j.until("revise_scheme")
    assert row["suspended_at"] is None
    await assert_agrees(j)
    assert not await j.value("SELECT count(*) FROM case_trouble WHERE renovation_id=$1")
    await j.act(a.ReviseScheme, COMMITTEE, title="lawful", reason="as it was ruled")
    await j.until("ballots")
    assert (await audit(database, j.rid)).ok


@pytest.mark.slow
async def test_what_was_paid_goes_back_and_the_renovation_ends(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("bids")
    said = await annul(j)
    assert said["ends"] is True
    assert (await standing(j))["state"] == "cancelling"
    with pytest.raises(Refused):
        await j.act(a.CancelRenovation, STREET, reason="so")
    row = await j.until("nothing")
    assert row["state"] == "cancelled"
    paid = await j.value("SELECT sum(amount_fen)::bigint FROM payment WHERE renovation_id=$1")
    back = (
        "SELECT sum(amount_fen)::bigint, sum(paid_fen)::bigint FROM refund WHERE renovation_id=$1"
    )
    assert tuple(await j.db.fetchrow(back, j.rid)) == (paid, paid)
    assert (await audit(database, j.rid)).ok


@pytest.mark.slow
async def test_after_an_annulled_levy_the_owners_carry_what_they_did_before(
    journey: Begin, database: Database
) -> None:
    j = await journey(content=too_dear(scheme_content()))
    await j.until("subsidy")
    limit = "SELECT content->>'owners_limit_fen' FROM scheme WHERE renovation_id=$1 ORDER BY version DESC LIMIT 1"
    before = await j.value(limit)
    await j.act(a.DeclineSubsidy, STREET, reason="no money this year")
    await j.until("revise_scheme")
    cost = sum(item.cost_fen for item in scheme_content().items)
    await j.act(a.ReviseScheme, COMMITTEE, owners_limit_fen=cost, reason="a levy")
    await j.until("objections.share_table")
    assert await j.value(limit) == str(cost)
    await annul(j)
    await j.until("revise_scheme")
    assert await j.value(limit) == before
    await assert_agrees(j)
    assert (await audit(database, j.rid)).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "code"), [("open_vote", "nothing_adopted"), ("works", "contract_signed")]
)
async def test_what_is_not_adopted_or_is_under_contract_is_not_annulled(
    journey: Begin, word: str, code: str
) -> None:
    j = await journey()
    await j.until(word)
    with pytest.raises(Refused) as refused:
        await annul(j)
    assert codes(refused.value) == [f"oversight.{code}"]
