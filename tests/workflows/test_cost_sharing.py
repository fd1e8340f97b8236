import json
from collections.abc import Awaitable, Callable

import pytest

from models.messages import acts as a
from models.values.cost_sharing import CostItem, ItemCategory
from models.values.refusal import Refused
from models.values.scheme import SchemeContent
from tests.support.estate import scheme_content
from tests.support.journey import (
    COMMITTEE,
    STREET,
    JourneyDriver,
    Reaction,
    codes,
    open_when_allowed,
)
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


# carries E12
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


# carries E12
async def test_a_subsidy_closes_the_gap(journey: Begin) -> None:
    j = await journey(content=too_dear(scheme_content()))
    await j.until("subsidy")
    await j.act(a.GrantSubsidy, STREET, amount_fen=200, reason="district budget")
    assert (await j.row())["waiting_for"] == "subsidy"
    await j.act(a.GrantSubsidy, STREET, amount_fen=300, reason="district budget, second part")
    await j.until("objections.share_table")
    total = await j.value("SELECT sum(amount_fen) FROM share_total WHERE renovation_id=$1")
    assert total == sum(item.cost_fen for item in scheme_content().items) - 500


COST = sum(item.cost_fen for item in scheme_content().items)


def everyone_says(choice: str) -> Reaction:
    async def vote(driver: JourneyDriver) -> None:
        await driver.cast(choice)

    return vote


async def without_money(journey: Begin) -> JourneyDriver:
    """The owners have adopted a scheme, and nobody pays for what they agreed not to carry."""
    j = await journey(content=too_dear(scheme_content()))
    await j.until("subsidy")
    await j.act(a.DeclineSubsidy, STREET, reason="no money this year")
    await j.until("revise_scheme")
    return j


async def latest(j: JourneyDriver) -> SchemeContent:
    content = await j.value(
        "SELECT content FROM scheme WHERE renovation_id=$1 ORDER BY version DESC LIMIT 1"
    )
    return SchemeContent.model_validate_json(content)


@pytest.mark.slow
async def test_without_a_subsidy_the_same_gap_is_not_put_to_the_owners_again(
    journey: Begin,
) -> None:
    j = await without_money(journey)
    (asked,) = await j.details("renovation.revision_asked")
    assert (asked["failed"], asked["missing_fen"]) == (0, 500)
    with pytest.raises(Refused) as refused:
        await j.act(a.ReviseScheme, COMMITTEE, title="once more", reason="no subsidy")
    (only,) = refused.value.problems
    assert (only.code, only.where) == ("renovation.gap_remains", "scheme.owners_limit_fen")
    assert only.params == {"missing": 500, "limit": COST - 500}
    with pytest.raises(Refused) as refused:
        await j.act(a.ReviseScheme, COMMITTEE, owners_limit_fen=COST - 1, reason="a levy")
    (only,) = refused.value.problems
    assert (only.code, only.params) == (
        "renovation.levy_too_small",
        {"have": COST - 1, "need": COST},
    )
    await j.act(a.ReviseScheme, COMMITTEE, owners_limit_fen=COST, reason="a levy")


# carries E12
@pytest.mark.slow
async def test_an_extra_levy_that_is_adopted_closes_the_gap_up_to_the_contract(
    journey: Begin,
) -> None:
    j = await without_money(journey)
    levy = {"owners_limit_fen": 13_500_000, "reason": "no subsidy"}
    await j.act(a.ReviseScheme, COMMITTEE, **levy)
    await j.until("ballots")
    motions = json.loads((await j.box())["motions"])
    assert [(each["id"], each["kind"], each["matter"]) for each in motions] == [
        ("levy", "major", "fund_raise")
    ]
    assert "135,000.00" in motions[0]["title"]
    # Nothing is raised before the owners have said so.
    assert (await latest(j)).owners_limit_fen == COST - 500
    await j.until("objections.share_table")
    after = await latest(j)
    assert (after.owners_limit_fen, after.levy_limit_fen) == (13_500_000, None)
    assert after.motions == scheme_content().motions
    declared = (await j.details("voting.result_declared"))[-1]
    assert declared["outcome"] == "adopted"
    assert declared["scheme"]["owners_limit_before_fen"] == COST - 500
    assert declared["scheme"]["owners_limit_fen"] == 13_500_000
    assert await j.value("SELECT sum(amount_fen) FROM share_total WHERE renovation_id=$1") == COST
    await j.until("works")
    assert "bidding.contract_signed" in await j.events()


@pytest.mark.slow
async def test_an_extra_levy_that_is_rejected_leaves_the_scheme_and_its_limit(
    journey: Begin,
) -> None:
    j = await without_money(journey)
    j.on("ballots", everyone_says("no"))
    j.on("open_vote", open_when_allowed)
    levy = {"owners_limit_fen": COST, "reason": "no subsidy"}
    await j.act(a.ReviseScheme, COMMITTEE, **levy)
    await j.until("revise_scheme")
    after = await latest(j)
    assert (after.owners_limit_fen, after.levy_limit_fen) == (COST - 500, None)
    assert (await j.details("renovation.revision_asked"))[-1]["failed"] == 1
    smaller = scheme_content()
    smaller = smaller.model_copy(
        update={
            "owners_limit_fen": COST - 500,
            "items": (
                smaller.items[0],
                smaller.items[1].model_copy(update={"cost_fen": 4_199_500}),
            ),
        }
    )
    await j.act(a.ReviseScheme, COMMITTEE, scheme=smaller, reason="cheaper pipes")
    (revised, last) = await j.details("voting.scheme_revised")
    assert revised["levy"] is True
    assert last["changes"] == [
        {"what": "items[pipes].cost_fen", "before": 4_200_000, "after": 4_199_500}
    ]
    with pytest.raises(Refused) as refused:
        await j.act(a.ReviseScheme, COMMITTEE, **levy)
    assert codes(refused.value) == ["renovation.revision_not_asked"]
    j.on("ballots", everyone_says("yes"))
    await j.until("objections.share_table")
    closed = (await j.details("voting.box_closed"))[-1]
    assert closed["motions"].keys() == {"works", "costs"}


@pytest.mark.slow
async def test_levies_that_are_rejected_to_the_limit_shelve_the_renovation(journey: Begin) -> None:
    j = await without_money(journey)
    j.on("ballots", everyone_says("no"))
    j.on("open_vote", open_when_allowed)

    async def ask_again(driver: JourneyDriver) -> None:
        await driver.act(a.ReviseScheme, COMMITTEE, owners_limit_fen=COST, reason="asked again")

    j.on("revise_scheme", ask_again)
    row = await j.until("nothing")
    assert row["state"] == "shelved"
    assert (await j.handle.result()).reason == "vote_limit_reached"
    outcomes = [each["outcome"] for each in await j.details("voting.result_declared")]
    assert outcomes == ["adopted", "rejected", "rejected", "rejected"]


# carries E13
async def test_non_payers_are_reminded_and_too_little_is_decided_by_the_committee(
    journey: Begin,
) -> None:
    j = await journey()
    j.on("payments", nobody_pays)
    await j.until("decide_collection")
    reminders = (await j.events()).count("cost_sharing.reminder_ordered")
    assert reminders >= 2
    await j.act(a.DecideCollection, COMMITTEE, decision="wait", reason="harvest time")
    await j.until("payments")
    await j.until("decide_collection")
    await j.act(a.DecideCollection, COMMITTEE, decision="start", reason="the street guarantees")
    await j.until("publish_tender")


@pytest.mark.slow
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
    back = await j.value("SELECT sum(ordered_fen) FROM refund WHERE renovation_id=$1")
    assert paid == back > 0


# carries E14
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


@pytest.mark.slow
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
