"""An act that nobody does alone, with the real engine: proposed, confirmed, and ended by the told clock."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.values.actor import Role
from tests.support.breaks.branches import one_bid
from tests.support.journey import BUREAU, COMMITTEE, STREET, JourneyDriver

Begin = Callable[..., Awaitable[JourneyDriver]]
STOP = "/acts/cancel_renovation"
FOREIGN = "firm-far"
BUREAU_TOO = BUREAU.model_copy(update={"role": Role.STREET_OFFICE})
"""The same person in a second role, which may confirm."""


async def test_a_case_is_cancelled_when_a_second_person_confirms_it(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    street, committee = await j.official(STREET), await j.official(COMMITTEE)
    bureau = await j.official(BUREAU)

    forgotten = await j.post(STOP, bureau, reason="no money")
    assert forgotten.status_code == 202, forgotten.text
    waits = "SELECT count(*) FROM case_wait WHERE renovation_id=$1 AND what='confirmation'"
    assert await j.value(waits) == 1
    # Nobody comes: the clock goes over its end, and nothing has happened.
    await j.days(10)
    assert await j.value(waits) == 0
    line = {"id": forgotten.json()["id"], "content_sha256": forgotten.json()["content_sha256"]}
    late = await j.post("/proposals/confirmations", committee, proposals=[line])
    assert (late.status_code, late.json()["code"]) == (409, "proposal.not_open")
    assert (await j.row())["state"] == "running"

    made = await j.post(STOP, street, reason="the estate will be rebuilt")
    line = {"id": made.json()["id"], "content_sha256": made.json()["content_sha256"]}
    own = await j.post("/proposals/confirmations", street, proposals=[line])
    assert (own.status_code, own.json()["code"]) == (403, "proposal.own")
    done = await j.post("/proposals/confirmations", committee, proposals=[line])
    assert done.status_code == 201, done.text
    row = await j.until("nothing")
    assert row["state"] == "cancelled"
    kinds = await j.events()
    assert kinds.index("proposal.confirmed") + 1 == kinds.index("renovation.cancelled")


AWARD = "/acts/approve_direct_award"


# carries E20
@pytest.mark.slow
async def test_a_contract_without_a_third_tender_is_given_when_a_second_person_confirms_it(
    journey: Begin,
) -> None:
    """Two tenders have failed; over HTTP, as offices and programs do it."""
    j = await journey()
    j.on("bids", one_bid)
    await j.until("approve_direct_award")
    price = await j.value("SELECT max(ceiling_fen) FROM tender WHERE renovation_id=$1") * 9 // 10
    bureau, committee = await j.official(BUREAU), await j.official(COMMITTEE)
    award = {"bidder_id": "b1", "price_fen": price, "reason": "two tenders failed"}
    await foreign_firm(j)

    early = await j.post(AWARD, committee, **award)
    assert (early.status_code, early.json()["code"]) == (403, "authority.wrong_role")
    before = await j.events()
    elsewhere = await proposed(j, bureau, **{**award, "bidder_id": FOREIGN})
    refused = await j.post("/proposals/confirmations", committee, proposals=[elsewhere])
    assert (refused.status_code, refused.json()["code"]) == (422, "bidding.not_confirmed")
    assert "bidding.direct_award_approved" not in await j.events()

    line = await proposed(j, bureau, **award)
    assert (await j.row())["waiting_for"] == "approve_direct_award", "nothing counts yet"
    own = await j.post("/proposals/confirmations", await j.official(BUREAU_TOO), proposals=[line])
    assert (own.status_code, own.json()["code"]) == (403, "proposal.own")
    done = await j.post("/proposals/confirmations", committee, proposals=[line])
    assert done.status_code == 201, done.text
    kinds = (await j.events())[len(before) :]
    assert kinds.index("proposal.confirmed") < kinds.index("bidding.direct_award_approved")
    await j.until("works")
    assert await j.value("SELECT bidder_id FROM contract WHERE renovation_id=$1") == "b1"
    assert await j.value("SELECT value_fen FROM contract WHERE renovation_id=$1") == price


async def proposed(j: JourneyDriver, credential: str, **award: Any) -> dict[str, str]:
    """A line of what was proposed, as a second person confirms it."""
    made = await j.post(AWARD, credential, **award)
    assert made.status_code == 202, made.text
    return {each: made.json()[each] for each in ("id", "content_sha256")}


async def foreign_firm(j: JourneyDriver) -> None:
    """A firm that is registered and confirmed at another place."""
    await j.db.execute(
        "INSERT INTO place (id, kind, name, path) VALUES ('far', 'district', 'far', 'far')"
        " ON CONFLICT DO NOTHING"
    )
    await j.db.execute(
        "INSERT INTO private.firm (id, code, name, form, contact, qualification, place_id,"
        " registered_by, created_at, confirmed_at) VALUES ($1, '91350100M000100Y43', 'Far', 'limited',"
        " 'x', 'y', 'far', 'somebody', now(), now())",
        FOREIGN,
    )
    await j.db.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1, 'Far', 'contractor', 'far')",
        FOREIGN,
    )


DECIDE = "/acts/decide_collection"


# carries E13
@pytest.mark.slow
async def test_works_are_begun_below_the_threshold_when_a_second_person_confirms_it(
    journey: Begin,
) -> None:
    j = await journey()
    j.on("payments", lambda driver: driver.pay(750))
    await j.until("decide_collection")
    committee, street = await j.official(COMMITTEE), await j.official(STREET)
    start = {"decision": "start", "reason": "the street guarantees"}
    made = await j.post(DECIDE, committee, **start)
    assert made.status_code == 202, made.text
    line = {each: made.json()[each] for each in ("id", "content_sha256")}
    own = await j.post("/proposals/confirmations", committee, proposals=[line])
    assert (own.status_code, own.json()["code"]) == (403, "proposal.own")
    assert "cost_sharing.collection_decided" not in await j.events()
    done = await j.post("/proposals/confirmations", street, proposals=[line])
    assert done.status_code == 201, done.text
    await j.until("publish_tender")
    (decided,) = await j.details("cost_sharing.collection_decided")
    assert decided["reason"] == start["reason"]
    assert 0 < decided["collected_fen"] * 10 < decided["due_fen"] * 9
    (finished,) = await j.details("cost_sharing.finished")
    assert finished["outcome"] == "started_below"
