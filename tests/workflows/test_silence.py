"""Nobody does anything: whoever is awaited is reminded, the levels above hear of it, nothing is decided."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from models.messages import acts as a
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.journey import COMMITTEE, JourneyDriver

Begin = Callable[..., Awaitable[JourneyDriver]]


async def late(j: JourneyDriver) -> list[dict[str, Any]]:
    """What the record says of whoever was late, in order."""
    kinds = ("agenda.reminded", "agenda.escalated")
    found = [each for kind in kinds for each in await j.details(kind)]
    return [line for details in found for line in details["late"]]


async def waits(j: JourneyDriver, what: str) -> list[dict[str, Any]]:
    rows = await j.db.fetch(
        "SELECT * FROM case_wait WHERE renovation_id=$1 AND what=$2", j.rid, what
    )
    return [dict(row) for row in rows]


async def audiences(j: JourneyDriver, template: str) -> list[str]:
    rows = await j.db.fetch(
        "SELECT audience FROM notice WHERE renovation_id=$1 AND template=$2 ORDER BY created_at",
        j.rid,
        template,
    )
    return [str(row["audience"]) for row in rows]


async def test_a_vote_that_nobody_opens_is_reminded_of_and_goes_up_to_the_district(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("open_vote")
    (first,) = await waits(j, "open_vote")
    assert (first["consequence"], first["late_since"], first["level"]) == ("reminded", None, "")
    moved = await j.days(200)
    said = await late(j)
    assert [line["told"] for line in said] == [
        ["owners_committee"],
        ["residents_committee"],
        ["street_office"],
        ["district_bureau"],
    ]
    assert {line["late_since"] for line in said} == {first["due_at"].isoformat()}
    assert [step.to for step in moved.moves][:4] == [
        first["due_at"],
        *(datetime.fromisoformat(line["next_at"]) for line in said[:3]),
    ]
    assert await audiences(j, "act_reminded") == ["owners_committee"]
    assert await audiences(j, "act_escalated") == [
        "residents_committee",
        "street_office",
        "district_bureau",
    ]
    (last,) = await waits(j, "open_vote")
    assert (last["due_at"], last["consequence"]) == (None, "")
    assert (last["late_since"], last["level"]) == (first["due_at"], "district_bureau")
    assert (await audit(database, j.rid)).ok


async def test_whoever_comes_late_still_comes(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    await j.days(40)
    assert await late(j)
    await j.act(a.OpenVote, COMMITTEE)
    assert (await j.until("ballots"))["waiting_for"] == "ballots"
    assert not await waits(j, "open_vote")
    before = await late(j)
    await j.days(14)
    assert await late(j) == before, "nobody is reminded of what is done"
