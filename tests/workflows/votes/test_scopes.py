from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType

from models.messages import acts as a
from models.messages.ids import stage_workflow_id
from models.values.refusal import Refused
from models.values.scheme import SchemeContent
from models.values.states import Stage
from tests.support.journey import CONTRACTOR, SUPERVISOR, JourneyDriver, codes, inspect
from tests.support.votes.scopes import LIFT_FEN, OCCUPIED, ROOF_FEN, roof_and_lifts
from tests.support.wanderer import assert_agrees

Begin = Callable[..., Awaitable[JourneyDriver]]
UNITS = 24
"""Two buildings of twelve flats and one stairwell each."""


def voting(*answers: tuple[str, str, str]) -> Callable[[JourneyDriver], Awaitable[None]]:
    """Every unit whose number begins so casts this ballot on the motion, once the boxes are open."""

    async def cast(j: JourneyDriver) -> None:
        if await j.now() < (await j.box())["opens_at"]:
            return
        for unit in await j.units():
            for prefix, name, choice in answers:
                if unit.startswith(prefix):
                    await j.told(
                        "/ballots",
                        j.voter(unit),
                        # Of the unit and the box: the same id in another box is another ballot.
                        command_id=f"{unit}-votes",
                        unit_number=unit,
                        choices={name: choice},
                    )

    return cast


THE_FIRST_LIFT_PASSES = voting(("", "roof", "yes"), ("1-", "lift-1", "yes"), ("2-", "lift-2", "no"))


async def latest_scheme(j: JourneyDriver) -> SchemeContent:
    found = await j.value(
        "SELECT content FROM scheme WHERE renovation_id=$1 ORDER BY version DESC LIMIT 1"
    )
    return SchemeContent.model_validate_json(found)


WORKFLOW_TASK = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    }
)


async def kinds_of_history(j: JourneyDriver) -> tuple[Counter[Any], int]:
    """The events of the vote's workflow by their kind, and the bytes of all of them.

    Without the workflow tasks: how many signals one of them takes up is a matter of time.
    """
    name = stage_workflow_id(j.rid, Stage.VOTING, 1)
    history = await j.client.get_workflow_handle(name).fetch_history()
    events = [each for each in history.events if each.event_type not in WORKFLOW_TASK]
    return Counter(each.event_type for each in events), sum(each.ByteSize() for each in events)


async def test_of_two_lifts_beside_a_roof_only_the_one_that_passed_is_built_and_its_stairwell_pays(
    journey: Begin,
) -> None:
    j = await journey(content=roof_and_lifts("1", "2"), units=UNITS)
    j.on("ballots", THE_FIRST_LIFT_PASSES)
    await j.until("objections.vote_result")
    (announced,) = await j.details("voting.box_announced")
    assert [each["box"] for each in (announced, *announced["others"])] == [
        f"{j.rid}.1",
        f"{j.rid}.1.1",
        f"{j.rid}.1.2",
    ]
    assert [each["units"] for each in (announced, *announced["others"])] == [24, 12, 12]
    (closed,) = await j.details("voting.box_closed")
    assert [each["adopted"] for each in (closed, *closed["others"])] == [True, True, False]

    await j.until("sign_contract")
    (declared,) = await j.details("voting.result_declared")
    assert declared["outcome"] == "adopted"
    assert declared["motions"] == {"roof": "passed", "lift-1": "passed", "lift-2": "failed"}
    scheme = await latest_scheme(j)
    assert [item.id for item in scheme.items] == ["roof", "lift-1"]
    assert [work.id for work in scheme.works] == ["roof", "lift-1"]
    assert [motion.id for motion in scheme.motions] == ["roof", "lift-1"]
    ceiling = await j.value("SELECT ceiling_fen FROM tender WHERE renovation_id=$1")
    assert ceiling == ROOF_FEN + LIFT_FEN
    paid = await j.db.fetch(
        "SELECT s.item_id, u.building, sum(s.amount_fen)::bigint AS fen FROM share s"
        " JOIN renovation r ON r.id = s.renovation_id"
        " JOIN unit u ON u.estate_id = r.estate_id AND u.number = s.unit_number"
        " WHERE s.renovation_id = $1 AND s.amount_fen > 0 GROUP BY 1, 2 ORDER BY 1, 2",
        j.rid,
    )
    shares = {(row["item_id"], row["building"]): row["fen"] for row in paid}
    assert shares.keys() == {("lift-1", "1"), ("roof", "1"), ("roof", "2")}
    assert shares["lift-1", "1"] == LIFT_FEN
    assert shares["roof", "1"] + shares["roof", "2"] == ROOF_FEN


# carries E9
async def test_a_lift_in_somebodys_flat_is_not_inspected_before_the_owner_consents(
    journey: Begin,
) -> None:
    j = await journey(content=roof_and_lifts("1"), units=UNITS)
    j.on("ballots", voting(("", "roof", "yes"), ("1-", "lift-1", "yes")))
    await j.until("works")
    with pytest.raises(Refused) as refused:
        await j.act(a.ReportItem, CONTRACTOR, item_id="lift-1")
    assert codes(refused.value) == ["inspection.consent_missing"]
    assert await consents_awaited(j) == [(f"lift-1 {OCCUPIED}", "owners")]
    view = (await j.http.get(f"/v1/renovations/{j.rid}")).json()
    assert [each["work_id"] for each in view["consents_missing"]] == ["lift-1"]
    assert OCCUPIED not in str(
        view["consents_missing"]
    )  # whose flat it is, is for its neighbours' officials

    neighbour = "1-102"
    other = await j.post(
        "/part-consents", j.voter(neighbour), work_id="lift-1", unit_number=neighbour
    )
    assert other.json()["problems"][0]["code"] == "consent.not_occupied"
    stranger = await j.post(
        "/part-consents", j.voter(neighbour), work_id="lift-1", unit_number=OCCUPIED
    )
    assert stranger.status_code == 403
    await j.told("/part-consents", j.voter(OCCUPIED), work_id="lift-1", unit_number=OCCUPIED)
    again = await j.post(
        "/part-consents", j.voter(OCCUPIED), work_id="lift-1", unit_number=OCCUPIED
    )
    assert again.json()["problems"][0]["code"] == "consent.given"

    view = (await j.http.get(f"/v1/renovations/{j.rid}")).json()
    assert view["consents_missing"] == []
    assert await consents_awaited(j) == []
    back = {"work_id": "lift-1", "unit_number": OCCUPIED}
    await j.told("/part-consents/withdrawals", j.voter(OCCUPIED), command_id="back", **back)
    assert await consents_awaited(j) == [(f"lift-1 {OCCUPIED}", "owners")]
    with pytest.raises(Refused) as refused:
        await j.act(a.ReportItem, CONTRACTOR, item_id="lift-1")
    assert codes(refused.value) == ["inspection.consent_missing"]
    await j.told("/part-consents", j.voter(OCCUPIED), command_id="again", **back)
    await j.act(a.ReportItem, CONTRACTOR, item_id="lift-1")
    begun = await j.post("/part-consents/withdrawals", j.voter(OCCUPIED), **back)
    assert begun.json()["problems"][0]["code"] == "consent.works_begun"
    await inspect(j, "lift-1", "PASS", SUPERVISOR)
    assert await j.value("SELECT state FROM work_item WHERE renovation_id=$1 AND id LIKE '%lift-1'")


async def test_a_consent_that_nobody_gives_is_reminded_of_and_told_to_the_level_above(
    journey: Begin,
) -> None:
    j = await journey(content=roof_and_lifts("1"), units=UNITS)
    j.on("ballots", voting(("", "roof", "yes"), ("1-", "lift-1", "yes")))
    await j.until("works")
    assert await consents_awaited(j) == [(f"lift-1 {OCCUPIED}", "owners")]
    told: list[str] = []
    while not {"owners", "residents_committee"}.issubset(told):
        await j.go_on()
        await j.parts.clocks.settle(j.rid)
        late = [
            line
            for kind in ("agenda.reminder_ordered", "agenda.escalated")
            for event in await j.details(kind)
            for line in event["late"]
            if line["what"] == "part_consent"
        ]
        told = [audience for line in late for audience in line["told"]]
    before = len(await j.events())
    given = {"work_id": "lift-1", "unit_number": OCCUPIED}
    await j.told("/part-consents", j.voter(OCCUPIED), **given)
    assert await consents_awaited(j) == []
    await assert_agrees(j)
    assert (await j.events())[before:] == ["inspection.part_consented"]


async def consents_awaited(j: JourneyDriver) -> list[tuple[str, str]]:
    rows = await j.db.fetch(
        "SELECT subject, who FROM case_wait WHERE renovation_id=$1 AND what='part_consent'", j.rid
    )
    return [(row["subject"], row["who"]) for row in rows]


async def test_where_no_part_adopts_the_vote_has_failed(journey: Begin) -> None:
    j = await journey(content=roof_and_lifts("1", "2"), units=UNITS)
    j.on("ballots", voting(("", "roof", "no"), ("1-", "lift-1", "no"), ("2-", "lift-2", "no")))
    await j.until("revise_scheme")
    (declared,) = await j.details("voting.result_declared")
    assert declared["outcome"] == "rejected"
    assert await j.value("SELECT max(version) FROM scheme WHERE renovation_id=$1") == 1


@pytest.mark.slow
async def test_the_history_of_a_vote_does_not_grow_with_its_boxes(journey: Begin) -> None:
    one = await journey(content=roof_and_lifts(), units=UNITS)
    one.on("ballots", voting(("", "roof", "yes")))
    many = await journey(content=roof_and_lifts("1", "2"), units=UNITS)
    many.on("ballots", THE_FIRST_LIFT_PASSES)
    for j in (one, many):
        await j.until("objections.share_table")
    boxes = "SELECT count(*) FROM ballot_box WHERE renovation_id=$1"
    assert [await j.value(boxes) for j in (one, many)] == [1, 3]
    (kinds, size), (kinds_of_many, size_of_many) = [await kinds_of_history(j) for j in (one, many)]
    assert kinds_of_many == kinds
    assert size_of_many < size * 1.05


@pytest.mark.slow
async def test_a_scoped_box_of_nobody_is_not_announced(journey: Begin) -> None:
    content = roof_and_lifts("1", "9")
    j = await journey(content=content, units=UNITS)

    with pytest.raises(Refused) as refused:
        await j.until("ballots")
    assert codes(refused.value) == ["voting.roll_empty"]
    assert not await j.details("voting.box_announced")
