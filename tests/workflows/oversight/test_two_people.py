"""Each act of oversight: one proposes, another confirms, its article is on record, the periods follow, and it is undone.

Over HTTP, as offices do it; what each does further is in the other tests of this folder.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from rules.authority import ROLES_OF_ACT
from rules.four_eyes import ACTS_OF_TWO
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.journey import BUREAU, COMMITTEE, STREET, JourneyDriver
from tests.support.wanderer import assert_agrees, assert_every_wait_has_an_end

pytestmark = pytest.mark.slow
Begin = Callable[..., Awaitable[JourneyDriver]]
WAITS = "SELECT what, who, due_at FROM case_wait WHERE renovation_id=$1 AND what <> 'confirmation'"
OWNERS, RESIDENTS = "owners_committee", "residents_committee"


class Wait(NamedTuple):
    """Who is awaited until when."""

    who: str
    due_at: datetime | None


Waits = Mapping[str, Wait]


async def waits(j: JourneyDriver) -> dict[str, Wait]:
    await j.parts.clocks.settle(j.rid)
    rows = await j.db.fetch(WAITS, j.rid)
    return {row["what"]: Wait(row["who"], row["due_at"]) for row in rows}


async def by_two(j: JourneyDriver, name: str, kind: str, **body: Any) -> dict[str, Any]:
    """Proposed by the street office, refused to itself, confirmed by the committee; what the event says."""
    assert name in ACTS_OF_TWO
    street, committee = await j.official(STREET), await j.official(COMMITTEE)
    before, awaited = (await j.events()).count(kind), await waits(j)
    made = await j.post(f"/acts/{name}", street, **body)
    assert made.status_code == 202, made.text
    assert (await j.events()).count(kind) == before, "nothing counts yet"
    assert await waits(j) == awaited
    line = {each: made.json()[each] for each in ("id", "content_sha256")}
    own = await j.post("/proposals/confirmations", street, proposals=[line])
    assert (own.status_code, own.json()["code"]) == (403, "proposal.own")
    done = await j.post("/proposals/confirmations", committee, proposals=[line])
    assert done.status_code == 201, done.text
    details = await j.details(kind)
    assert len(details) == before + 1
    await assert_told(j, kind, body)
    return details[-1]


async def assert_told(j: JourneyDriver, kind: str, body: Mapping[str, Any]) -> None:
    """An office reads who, why and under which article, in both languages."""
    office = {"Authorization": f"Bearer {await j.official(STREET)}"}
    for language, under in (("en", "under "), ("zh-CN", "依据")):
        answer = await j.http.get(
            f"/v1/renovations/{j.rid}/history?level=all&limit=500",
            headers={**office, "Accept-Language": language},
        )
        line = [each for each in answer.json() if each["kind"] == kind][-1]
        assert body["reason"] in line["sentence"]
        assert STREET.label in line["who"]
        assert under in line["sentence"], line["sentence"]


# carries E6
async def test_each_act_of_oversight_takes_two_people_has_its_article_and_its_undo(
    journey: Begin, database: Database
) -> None:
    j = await journey()
    await j.until("open_vote")
    ordinary = (await waits(j))["open_vote"]

    said = await by_two(
        *(j, "extend_period", "renovation.period_extended"),
        what="open_vote",
        days=5,
        reason="the hall burned down",
    )
    later = (await waits(j))["open_vote"]
    assert said["article"]
    assert ordinary.due_at is not None
    assert later.due_at is not None
    assert (said["before"], said["until"]) == (
        ordinary.due_at.isoformat(),
        later.due_at.isoformat(),
    )
    assert later.due_at >= ordinary.due_at + timedelta(days=5)

    for to, was in ((RESIDENTS, later.who), (OWNERS, RESIDENTS)):
        said = await by_two(
            *(j, "reassign_act", "renovation.act_reassigned"),
            act="open_vote",
            role=to,
            reason="the chair is ill",
        )
        assert said["article"] == ROLES_OF_ACT["open_vote"].article
        assert said["was_with"] == was.split(", ")
        assert (await waits(j))["open_vote"].who == to
    before = await waits(j)

    said = await by_two(
        *(j, "order_correction", "renovation.correction_ordered"),
        addressee=OWNERS,
        event=1,
        days=9,
        reason="no notice was posted",
    )
    assert said["article"]
    ordered = await waits(j)
    assert {**before, "report_corrected": ordered["report_corrected"]} == ordered
    lifted = await by_two(
        *(j, "lift_correction", "renovation.correction_lifted"),
        order_id=said["order"],
        reason="it was posted after all",
    )
    assert lifted["article"] == said["article"]
    assert await waits(j) == before

    said = await by_two(
        *(j, "suspend_renovation", "renovation.suspended"),
        ground="court",
        document="no. 7",
        reason="a suit was filed",
    )
    since = await j.now()
    assert said["article"]
    assert list(await waits(j)) == ["resume_renovation"]
    await j.days(20)
    await assert_every_wait_has_an_end(j)
    back = await by_two(
        *(j, "resume_renovation", "renovation.resumed"), reason="the suit was withdrawn"
    )
    assert back["article"] == said["article"]
    rested = await j.now() - since
    assert await waits(j) == {
        name: Wait(each.who, each.due_at and each.due_at + rested) for name, each in before.items()
    }

    await j.until("objections.share_table")
    said = await by_two(
        *(j, "annul_vote", "renovation.vote_annulled"),
        annulled_by="judgment",
        document="no. 9",
        reason="the notice was too short",
    )
    assert said["article"]
    assert (await j.until("revise_scheme"))["state"] == "running"
    await assert_agrees(j)
    assert (await audit(database, j.rid)).ok


async def test_the_bureau_above_may_propose_each_of_them_and_no_committee_may(
    journey: Begin,
) -> None:
    j = await journey()
    await j.until("open_vote")
    bodies: dict[str, dict[str, Any]] = {
        "extend_period": {"what": "open_vote", "days": 5},
        "reassign_act": {"act": "open_vote", "role": RESIDENTS},
        "order_correction": {"addressee": OWNERS, "event": 1, "days": 9},
        "suspend_renovation": {"ground": "court"},
    }
    bureau, committee = await j.official(BUREAU), await j.official(COMMITTEE)
    for name, body in bodies.items():
        refused = await j.post(f"/acts/{name}", committee, **body, reason="so")
        assert (refused.status_code, refused.json()["code"]) == (403, "authority.wrong_role")
        made = await j.post(f"/acts/{name}", bureau, **body, reason="so")
        assert made.status_code == 202, made.text
