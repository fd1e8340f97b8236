"""An act that nobody does alone, with the real engine: proposed, confirmed, and ended by the told clock."""

from collections.abc import Awaitable, Callable

from tests.support.journey import BUREAU, COMMITTEE, STREET, JourneyDriver

Begin = Callable[..., Awaitable[JourneyDriver]]
STOP = "/acts/cancel_renovation"


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
