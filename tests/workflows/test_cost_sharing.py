from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.cost_sharing import CostItem, ItemCategory
from models.values.refusal import Refused
from tests.support.estate import scheme_content
from tests.support.journey import COMMITTEE, STREET, JourneyDriver, codes, open_when_allowed
from tests.support.waiting import eventually
from tests.support.wanderer import too_dear

Begin = Callable[..., Awaitable[JourneyDriver]]


async def nobody_pays(_: JourneyDriver) -> None:
    """Silence at the till."""


def with_optional_items() -> object:
    """The sample scheme and two optional extras that the owners cannot all carry."""
    content = scheme_content()
    extras = tuple(
        CostItem(
            id=name,
            title=name,
            category=ItemCategory.IMPROVEMENT,
            cost_fen=1_000_000,
            optional=True,
            priority=priority,
        )
        for name, priority in (("pergola", 1), ("fountain", 2))
    )
    gap = sum(item.cost_fen for item in content.items)
    return content.model_copy(
        update={"items": content.items + extras, "owners_limit_fen": gap + 1_000_000}
    )


async def test_a_shortfall_first_drops_the_optional_item_of_lowest_need(journey: Begin) -> None:
    j = await journey(content=with_optional_items())
    await j.until("objections.share_table")
    items = await j.value(
        "SELECT string_agg(i->>'id', ',') FROM scheme, jsonb_array_elements(content->'items') i"
        " WHERE renovation_id=$1 AND version=(SELECT max(version) FROM scheme"
        " WHERE renovation_id=$1)"
    )
    assert "pergola" in items
    assert "fountain" not in items


async def test_a_subsidy_closes_the_gap(journey: Begin) -> None:
    j = await journey(content=too_dear(scheme_content()))
    await j.until("subsidy")
    await j.act(a.GrantSubsidy, STREET, amount_fen=200, reason="district budget")
    assert (await j.row())["waiting_for"] == "subsidy"
    await j.act(a.GrantSubsidy, STREET, amount_fen=300, reason="district budget, second part")
    await j.until("objections.share_table")
    total = await j.value("SELECT sum(amount_fen) FROM share_total WHERE renovation_id=$1")
    assert total == sum(item.cost_fen for item in scheme_content().items) - 500


async def test_without_a_subsidy_the_owners_vote_again(journey: Begin) -> None:
    j = await journey(content=too_dear(scheme_content()))
    j.on("open_vote", open_when_allowed)
    await j.until("subsidy")
    await j.act(a.DeclineSubsidy, STREET, reason="no money this year")
    await j.until("revise_scheme")
    assert "cost_sharing.subsidy_declined" in await j.events()
    await j.act(a.ReviseScheme, COMMITTEE, title="once more", reason="no subsidy")
    await j.until("objections.vote_result")
    assert len(await j.details("voting.box_closed")) == 2


async def test_non_payers_are_reminded_and_too_little_is_decided_by_the_committee(
    journey: Begin,
) -> None:
    j = await journey()
    j.on("payments", nobody_pays)
    await j.until("decide_collection")
    reminders = (await j.events()).count("cost_sharing.reminder_sent")
    assert reminders >= 2
    await j.act(a.DecideCollection, COMMITTEE, decision="wait", reason="harvest time")
    await j.until("payments")
    await j.until("decide_collection")
    await j.act(a.DecideCollection, COMMITTEE, decision="start", reason="the street guarantees")
    await j.until("publish_tender")


async def test_enough_is_enough_though_not_all_have_paid(journey: Begin) -> None:
    j = await journey(units=40)
    j.on("payments", lambda driver: driver.pay(950))
    await j.until("publish_tender")
    (counted,) = await j.details("cost_sharing.collection_counted")
    assert counted["checks"][0]["passed"] is True


async def test_too_little_and_no_hope_is_shelved_and_refunded(journey: Begin) -> None:
    j = await journey(units=40)
    j.on("payments", lambda driver: driver.pay(300))
    await j.until("decide_collection")
    await j.act(a.DecideCollection, COMMITTEE, decision="shelve", reason="not wanted")
    row = await j.until("nothing")
    assert row["state"] == "shelved"
    paid = await j.value("SELECT sum(amount_fen) FROM payment WHERE renovation_id=$1")
    back = await j.value("SELECT sum(amount_fen) FROM refund WHERE renovation_id=$1 AND paid")
    assert paid == back > 0


async def test_relief_pays_in_a_households_place_and_not_more_than_it_owes(journey: Begin) -> None:
    j = await journey()
    j.on("payments", nobody_pays)
    await j.until("payments")
    unit, due = await j.db.fetchrow(
        "SELECT unit_number, sum(amount_fen)::bigint FROM instalment WHERE renovation_id=$1"
        " GROUP BY 1 ORDER BY 1 LIMIT 1",
        j.rid,
    )
    with pytest.raises(Refused):
        await j.act(a.ApproveRelief, STREET, unit_number=unit, amount_fen=due + 1, funded_by="pool")
    await j.act(a.ApproveRelief, STREET, unit_number=unit, amount_fen=due, funded_by="pool")
    others = await j.value(
        "SELECT count(DISTINCT amount_fen) FROM share_total WHERE renovation_id=$1"
    )
    assert others >= 1
    assert "cost_sharing.relief_approved" in await j.events()


async def test_a_relief_that_pays_the_last_open_share_wakes_the_collection(journey: Begin) -> None:
    j = await journey()
    j.on("payments", nobody_pays)
    await j.until("payments")
    units = await j.db.fetch(
        "SELECT unit_number, sum(amount_fen)::bigint AS due FROM instalment WHERE renovation_id=$1"
        " GROUP BY 1 ORDER BY 1",
        j.rid,
    )
    await j.pay(1000 * (len(units) - 1) // len(units) + 1)
    unit, due = units[-1]
    await j.act(a.ApproveRelief, STREET, unit_number=unit, amount_fen=due, funded_by="pool")

    async def counted() -> bool:
        return "cost_sharing.collection_counted" in await j.events()

    # Nobody moves or settles the clock: the workflow itself goes on.
    await eventually(counted)


async def test_an_act_of_a_later_step_is_refused_now(journey: Begin) -> None:
    j = await journey()
    await j.until("objections.share_table")
    with pytest.raises(Refused) as refused:
        await j.act(a.DecideCollection, COMMITTEE, decision="start", reason="in a hurry")
    assert codes(refused.value) == ["cost_sharing.collection_running"]
