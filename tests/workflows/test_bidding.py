from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from tests.support.journey import (
    BUREAU,
    EVALUATOR,
    STREET,
    JourneyDriver,
    codes,
    first_candidate,
    three_bids,
)

Begin = Callable[..., Awaitable[JourneyDriver]]


async def two_bids(j: JourneyDriver) -> None:
    ceiling = await j.value(
        "SELECT ceiling_fen FROM tender WHERE renovation_id=$1 AND state='open'"
    )
    await j.bid(ceiling * 95 // 100, ceiling * 97 // 100)


# carries E20
async def test_fewer_than_three_bids_are_not_opened_and_the_second_time_the_approval_route_follows(
    journey: Begin,
) -> None:
    j = await journey()
    j.on("bids", two_bids)
    await j.until("approve_direct_award")
    opened = await j.details("bidding.bids_opened")
    assert len(opened) == 2
    states = await j.value(
        "SELECT string_agg(DISTINCT bid.state, ',') FROM bid JOIN tender ON tender.id=tender_id"
        " WHERE renovation_id=$1"
    )
    assert states == "submitted"
    price = await j.value("SELECT max(ceiling_fen) FROM tender WHERE renovation_id=$1") * 9 // 10
    await j.act(
        a.ApproveDirectAward, STREET, bidder_id="b1", price_fen=price, reason="two tenders failed"
    )
    await j.until("works")
    assert await j.value("SELECT value_fen FROM contract WHERE renovation_id=$1") == price


# carries E23
@pytest.mark.slow
async def test_an_objection_suspends_the_clock_of_the_candidates(journey: Begin) -> None:
    j = await journey()
    await j.until("objections.candidates")
    planned = await j.value(
        "SELECT closes_at FROM publication WHERE renovation_id=$1 AND subject='candidates'"
    )
    publication, objection = await j.object_to("candidates")
    await j.until("answers")
    await j.days(5)
    await j.act(
        a.AnswerObjection,
        STREET,
        publication_id=publication,
        objection_id=objection,
        upheld=False,
        answer="the report stands",
    )
    moved = await j.value(
        "SELECT closes_at FROM publication WHERE renovation_id=$1 AND subject='candidates'"
    )
    assert (moved - planned).days >= 5
    await j.until("award_contract")


async def test_an_upheld_objection_strikes_the_first_candidate(journey: Begin) -> None:
    j = await journey()
    await j.until("objections.candidates")
    publication, objection = await j.object_to("candidates")
    await j.act(
        a.AnswerObjection,
        STREET,
        publication_id=publication,
        objection_id=objection,
        upheld=True,
        answer="a conflict of interest",
    )
    await j.until("award_contract")
    assert await first_candidate(j) == "b2"
    subjects = await j.value(
        "SELECT count(*) FROM publication WHERE renovation_id=$1 AND subject='candidates'"
    )
    assert subjects == 2


# carries E24
@pytest.mark.slow
async def test_a_winner_who_withdraws_makes_room_for_the_next(journey: Begin) -> None:
    j = await journey()
    await j.until("award_contract")
    await j.act(a.AwardContract, STREET, bidder_id="b1")
    await j.act(a.WithdrawCandidate, STREET, bidder_id="b1", reason="no capacity")
    await j.until("works")
    assert await j.value("SELECT bidder_id FROM contract WHERE renovation_id=$1") == "b2"


@pytest.mark.slow
async def test_when_every_candidate_has_gone_the_renovation_is_shelved(journey: Begin) -> None:
    j = await journey()
    for bidder in ("b1", "b2", "b3"):
        await j.until("award_contract")
        await j.act(a.WithdrawCandidate, STREET, bidder_id=bidder, reason="no capacity")
    row = await j.until("nothing")
    assert row["state"] == "shelved"
    assert (await j.handle.result()).reason == "no_contractor"


@pytest.mark.slow
async def test_only_the_first_candidate_is_awarded(journey: Begin) -> None:
    j = await journey()
    await j.until("award_contract")
    with pytest.raises(Refused) as refused:
        await j.act(a.AwardContract, STREET, bidder_id="b3")
    assert codes(refused.value) == ["bidding.not_first_candidate"]


async def awarded(j: JourneyDriver) -> datetime:
    """The first candidate has the award, and nobody signs; until when."""
    del j.reactions["sign_contract"]
    await j.until("sign_contract")
    until: datetime = (await j.row())["due_at"]
    return until


# carries E27
async def test_a_contract_that_is_not_signed_in_time_goes_to_the_next_candidate(
    journey: Begin,
) -> None:
    j = await journey()
    until = await awarded(j)
    waits = await j.value(
        "SELECT string_agg(consequence, ',') FROM case_wait"
        " WHERE renovation_id=$1 AND what='sign_contract'"
    )
    assert waits == "next_candidate"
    del j.reactions["award_contract"]
    row = await j.until("award_contract")
    assert await j.now() >= until
    assert row["state"] == "running"
    assert await first_candidate(j) == "b2"
    (missed,) = await j.details("bidding.signature_missed")
    assert (missed["bidder"], missed["next"]) == ("b1", "b2")
    await j.act(
        a.RuleOnSignature, BUREAU, bidder_id="b1", at_fault="candidate", reason="it went away"
    )
    await j.act(a.AwardContract, STREET, bidder_id="b2")
    price = await j.value(
        "SELECT award.price_fen FROM award JOIN tender ON tender.id = award.tender_id"
        " WHERE tender.renovation_id=$1 AND award.state='awarded'"
    )
    await j.act(a.SignContract, STREET, value_fen=price)
    await j.until("works")
    assert await j.value("SELECT bidder_id FROM contract WHERE renovation_id=$1") == "b2"


@pytest.mark.slow
async def test_when_nobody_ever_signs_the_case_ends(journey: Begin) -> None:
    j = await journey()
    await awarded(j)
    row = await j.until("nothing")
    assert row["state"] == "shelved"
    assert len(await j.details("bidding.signature_missed")) == 3


@pytest.mark.slow
async def test_signing_before_the_award_is_refused(journey: Begin) -> None:
    j = await journey()
    del j.reactions["award_contract"]
    await j.until("award_contract")
    with pytest.raises(Refused) as refused:
        await j.act(a.SignContract, STREET, value_fen=1)
    assert codes(refused.value) == ["act.not_now"]


async def test_a_bid_is_rejected_by_its_ground_and_everybody_sees_why(journey: Begin) -> None:
    j = await journey()
    del j.reactions["record_evaluation"]
    await j.until("record_evaluation")
    out = [{"bidder_id": "b1", "ground": "unqualified", "reason": "the licence is of 2009"}]
    with pytest.raises(Refused) as refused:
        await j.act(a.RecordEvaluation, EVALUATOR, rejections=out)
    assert codes(refused.value) == ["bidding.competition_unfound"]
    found = {"real": True, "reason": "two firms of other towns"}
    await j.act(a.RecordEvaluation, EVALUATOR, rejections=out, competition=found)
    await j.until("award_contract")
    assert await first_candidate(j) == "b2"
    shown = (await j.http.get(f"/v1/renovations/{j.rid}")).json()["tender"]
    assert [(bid["bidder_id"], bid["state"], bid["rank"]) for bid in shown["bids"]] == [
        ("b1", "rejected", None),
        ("b2", "evaluated", 1),
        ("b3", "evaluated", 2),
    ]
    assert shown["bids"][0]["grounds"] == [
        {"ground": "unqualified", "reason": "the licence is of 2009"}
    ]


# carries E28
@pytest.mark.slow
async def test_a_late_change_of_the_documents_moves_the_opening(journey: Begin) -> None:
    j = await journey()
    del j.reactions["bids"]
    row = await j.until("bids")
    planned: datetime = row["due_at"]
    await j.days((planned - await j.now()).days - 2)
    await j.act(a.ClarifyTender, STREET, change="the pipes are of 110 mm")
    await three_bids(j)
    moved: datetime = (await j.row())["due_at"]
    assert moved > planned + timedelta(days=10)
    shown = (await j.http.get(f"/v1/renovations/{j.rid}")).json()["tender"]
    assert shown["bids"] == []
    await j.until("record_evaluation")
    assert await j.now() >= moved


async def test_a_contract_is_signed_at_the_price_of_the_bid(journey: Begin) -> None:
    j = await journey()
    await j.until("sign_contract")
    with pytest.raises(Refused):
        await j.act(a.SignContract, STREET, value_fen=1)
    assert "bidding.contract_signed" not in await j.events()
