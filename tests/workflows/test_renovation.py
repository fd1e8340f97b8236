from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from models.values.states import Stage
from tests.support.journey import BUREAU, COMMITTEE, STREET, JourneyDriver, codes
from tests.support.slow import some_are_slow

Begin = Callable[..., Awaitable[JourneyDriver]]


async def test_the_straight_way_ends_with_an_evaluation(journey: Begin) -> None:
    j = await journey()
    row = await j.until("nothing")
    assert row["state"] == "completed"
    entered = [d["stage"] for d in await j.details("renovation.stage_entered")]
    assert entered == list(Stage)
    assert (await j.handle.result()).state == "completed"
    paid = await j.value("SELECT sum(payable_fen) FROM certificate WHERE renovation_id=$1")
    assert paid > 0


# carries E42
@pytest.mark.parametrize(
    "word",
    [
        *("open_vote", "payments", "works"),
        *some_are_slow(
            "ballots",
            "objections.vote_result",
            "objections.share_table",
            "bids",
            "award_contract",
            "approve_payment",
            "survey",
        ),
    ],
)
async def test_a_renovation_may_be_cancelled_at_every_stage(journey: Begin, word: str) -> None:
    j = await journey()
    await j.until(word)
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    row = await j.until("nothing")
    assert row["state"] == "cancelled"
    assert (await j.handle.result()).state == "cancelled"
    events = await j.events()
    assert events[-1] == "renovation.closed"
    assert "settlement.vote_voided" in events
    paid = await j.value("SELECT coalesce(sum(amount_fen), 0) FROM payment WHERE renovation_id=$1")
    back = await j.value("SELECT coalesce(sum(ordered_fen), 0) FROM refund WHERE renovation_id=$1")
    if word in ("payments", "bids", "award_contract"):
        assert back == paid


@pytest.mark.slow
async def test_a_renovation_is_cancelled_once(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    with pytest.raises(Refused) as refused:
        await j.act(a.CancelRenovation, STREET, reason="again")
    assert codes(refused.value) == ["renovation.ended"]


async def test_a_scheme_is_revised_only_when_asked_for(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    with pytest.raises(Refused) as refused:
        await j.act(a.ReviseScheme, STREET, reason="just so")
    assert codes(refused.value) == ["renovation.revision_not_asked"]


@pytest.mark.parametrize(
    "word", ["ballots", *some_are_slow("open_vote", "bids", "works", "survey")]
)
async def test_a_small_thing_is_corrected_at_every_stage_and_nothing_waits_for_it(
    journey: Begin, word: str
) -> None:
    j = await journey()
    await j.until(word)
    bank = {
        "id": f"bank-{j.rid}"[:32],
        "label": "Bank",
        "role": "payment_provider",
        "place": "district",
    }
    fields = {"title": "Corrected", "officials": [bank], "reason": "the bank was chosen"}
    waits = "SELECT string_agg(what, ',' ORDER BY workflow_id, what) FROM case_wait"
    before = await j.value(f"{waits} WHERE renovation_id=$1")
    done = await j.act(a.CorrectRenovation, BUREAU, **fields)
    assert done.kind == "renovation.corrected"
    assert await j.value(f"{waits} WHERE renovation_id=$1") == before
    assert (await j.row())["title"] == "Corrected"
    (told,) = await j.details("renovation.corrected")
    assert [each["what"] for each in told["changes"]] == ["title", f"officials.{bank['id']}"]
    with pytest.raises(Refused) as refused:
        await j.act(a.CorrectRenovation, COMMITTEE, title="Mine", reason="so")
    assert codes(refused.value) == ["authority.wrong_role"]


@pytest.mark.slow
async def test_the_end_is_not_corrected(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    await j.act(a.CancelRenovation, STREET, reason="the estate will be rebuilt")
    with pytest.raises(Refused) as refused:
        await j.act(a.CorrectRenovation, BUREAU, title="Late", reason="so")
    assert codes(refused.value) == ["renovation.ended"]
