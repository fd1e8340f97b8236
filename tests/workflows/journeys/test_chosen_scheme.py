"""What a vote chose is what is shared, tendered and built: from the ballots to the signed contract."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest

from models.messages import acts as a
from models.values.cost_sharing import CostItem, Funding, FundingSource, ItemCategory
from models.values.decisions.menu import Approval, BallotForm, Menu, MenuItem, MenuRule
from models.values.scheme import PlannedWork, SchemeContent
from models.values.voting import Motion, MotionKind, MotionOption
from rules.voting.motions import WHOLE_WORDS
from tests.support.estate import scheme_content
from tests.support.journey import COMMITTEE, JourneyDriver, open_when_allowed

Begin = Callable[..., Awaitable[JourneyDriver]]
WORKS = {"bench": 1_000_000, "lamp": 600_000, "tree": 300_000}
COLOURS = {"red": 500_000, "green": 700_000}
CORE = 8_400_000 + 4_200_000
EVERYTHING = CORE + sum(WORKS.values()) + sum(COLOURS.values())


def optional(item: str, cost_fen: int, motion: str, choice: str) -> CostItem:
    fields = {"title": item, "category": ItemCategory.IMPROVEMENT, "cost_fen": cost_fen}
    return CostItem.model_validate({"id": item, "motion": motion, "choice": choice, **fields})


def content(approval: Approval = Approval.EACH, rule: MenuRule = MenuRule.GREEDY) -> SchemeContent:
    """Roof and pipes for sure; works from a menu for 17,000 yuan, and one of two colours."""
    base = scheme_content()
    extras = Motion(
        id="extras",
        title="Extras",
        kind=MotionKind.ORDINARY,
        menu=Menu(
            items=tuple(MenuItem(id=name, cost=cost) for name, cost in WORKS.items()),
            budget=1_700_000,
            form=BallotForm.APPROVAL,
            scale=100,
        ),
        menu_rule=rule,
        approval=approval,
    )
    colour = Motion(
        id="colour",
        title="Colour",
        kind=MotionKind.ORDINARY,
        options=tuple(MotionOption(id=name, title=name) for name in COLOURS),
    )
    items = [
        *(optional(f"x-{name}", cost, "extras", name) for name, cost in WORKS.items()),
        *(optional(f"c-{name}", cost, "colour", name) for name, cost in COLOURS.items()),
    ]
    tender = base.tender.model_copy(
        update={"estimate_fen": EVERYTHING, "ceiling_fen": EVERYTHING + 100_000}
    )
    return base.model_copy(
        update={
            "items": (*base.items, *items),
            "funding": (
                Funding(
                    id="trees",
                    source=FundingSource.SUBSIDY,
                    amount_fen=200_000,
                    items=("x-tree",),
                ),
            ),
            "motions": (*base.motions, extras, colour),
            "tender": tender,
            "works": (
                *base.works,
                *(
                    PlannedWork(id=f"w-{each.id}", title=each.title, value_fen=1, item=each.id)
                    for each in items
                ),
            ),
        }
    )


def ballots(menu: Sequence[Any], colours: Sequence[str], **more: str) -> list[Mapping[str, Any]]:
    """Everybody is for the works and for sharing their costs."""
    both = zip(menu, colours, strict=True)
    yes = {"works": "yes", "costs": "yes", **more}
    return [{**yes, "extras": works, "colour": colour} for works, colour in both]


async def cast(j: JourneyDriver, said: Sequence[Mapping[str, Any]]) -> None:
    box = await j.box()
    if await j.now() < box["opens_at"]:
        return
    for unit, choices in zip(await j.units(), said, strict=True):
        command = f"{box['id']}-{unit}"
        await j.told(
            "/ballots", j.voter(unit), command_id=command, unit_number=unit, choices=choices
        )


def vote_with(said: Sequence[Mapping[str, Any]]) -> Callable[[JourneyDriver], Awaitable[None]]:
    async def vote(driver: JourneyDriver) -> None:
        await cast(driver, said)

    return vote


async def test_a_menu_and_an_option_are_followed_to_the_signed_contract(journey: Begin) -> None:
    j = await journey(content=content())
    menu = [["bench", "lamp"]] * 7 + [["lamp"]] * 2 + [["tree"]] * 2 + ["abstain"]
    j.on("ballots", vote_with(ballots(menu, ["green"] * 8 + ["red"] * 4)))
    await j.until("works")

    (closed,) = await j.details("voting.box_closed")
    assert closed["motions"]["extras"]["menu"]["winners"] == ["lamp", "bench"]
    assert closed["motions"]["colour"]["winner"] == "green"
    kept = CORE + 1_000_000 + 600_000 + 700_000
    left_out = EVERYTHING - kept
    (declared,) = await j.details("voting.result_declared")
    assert declared["scheme"] == {
        "version": 2,
        "left_out": {
            "items": ["x-tree", "c-red"],
            "works": ["w-x-tree", "w-c-red"],
            "motions": [],
        },
        "cost_fen": kept,
        "estimate_fen": EVERYTHING - left_out,
        "ceiling_fen": EVERYTHING + 100_000 - left_out,
    }
    budgets = "SELECT array_agg(budget_fen ORDER BY version) FROM scheme WHERE renovation_id=$1"
    assert await j.value(budgets) == [EVERYTHING, kept]

    (computed,) = await j.details("cost_sharing.shares_computed")
    assert (computed["scheme_version"], computed["total_fen"]) == (2, kept)
    assert set(computed["gaps_fen"]) == {
        "roof",
        "pipes",
        "x-bench",
        "x-lamp",
        "c-green",
    }
    (tendered,) = await j.details("bidding.tender_published")
    assert tendered["ceiling_fen"] == kept + 100_000
    assert tendered["estimate_fen"] == kept
    price = (kept + 100_000) * 90 // 100
    signed = "SELECT value_fen FROM contract WHERE renovation_id=$1"
    assert await j.value(signed) == price
    items = "SELECT array_agg(id ORDER BY id) FROM work_item WHERE renovation_id=$1"
    built = [str(name).removeprefix(f"{j.rid}.") for name in await j.value(items)]
    assert built == ["paint", "risers", "roof", "w-c-green", "w-x-bench", "w-x-lamp"]


async def test_one_ballot_for_a_work_changes_nothing_of_the_scheme(journey: Begin) -> None:
    """Everybody took part, one owner alone wants the works: the vote on them fails, so it is revised."""
    j = await journey(content=content())
    menu = [["bench", "lamp", "tree"]] + ["abstain"] * 11
    j.on("ballots", vote_with(ballots(menu, ["green"] * 12)))
    await j.until("revise_scheme")
    (declared,) = await j.details("voting.result_declared")
    assert (declared["outcome"], declared["motions"]["extras"]) == ("rejected", "failed")
    assert await j.value("SELECT max(version) FROM scheme WHERE renovation_id=$1") == 1


@pytest.mark.slow
async def test_a_tie_of_options_is_not_adopted_and_the_scheme_is_revised(journey: Begin) -> None:
    """Two owners of the same area, one for each colour, decide nothing; afterwards one wins."""
    j = await journey(content=content())
    units = "UPDATE unit SET area_dm2 = 6000 WHERE estate_id = $1 || '.estate'"
    await j.db.execute(units, j.rid)
    menu = [["bench"]] * 12
    j.on("ballots", vote_with(ballots(menu, ["green"] * 6 + ["red"] * 6)))
    await j.until("revise_scheme")
    (declared,) = await j.details("voting.result_declared")
    assert (declared["outcome"], declared["motions"]["colour"]) == ("rejected", "tie")
    await j.act(a.ReviseScheme, COMMITTEE, title="once more", reason="a tie")
    j.on("open_vote", open_when_allowed)
    j.on("ballots", vote_with(ballots(menu, ["green"] * 5 + ["red"] * 7)))
    await j.until("objections.share_table")
    declared = (await j.details("voting.result_declared"))[-1]
    assert declared["scheme"]["left_out"]["items"] == ["x-lamp", "x-tree", "c-green"]


async def test_the_owners_approve_whatever_the_method_chooses(journey: Begin) -> None:
    """By its own supporters no work would have the bar; the question on the same ballot has it."""
    j = await journey(content=content(Approval.WHOLE, MenuRule.EQUAL_SHARES))
    menu = [["bench"]] * 5 + [["lamp"]] * 4 + [["tree"]] * 3
    j.on("ballots", vote_with(ballots(menu, ["red"] * 12, **{"extras.whole": "yes"})))
    await j.until("ballots")
    shown = (await j.http.get(f"/v1/renovations/{j.rid}", headers=await staff(j))).json()
    asked = {each["id"]: each["title"] for each in shown["box"]["motions"]}
    assert asked["extras.whole"] == f"Extras: {WHOLE_WORDS}"
    await j.until("objections.share_table")
    (declared,) = await j.details("voting.result_declared")
    assert declared["motions"]["extras.whole"] == declared["motions"]["extras"] == "passed"
    (closed,) = await j.details("voting.box_closed")
    chosen = closed["motions"]["extras"]["menu"]["winners"]
    assert declared["scheme"]["left_out"]["items"] == [
        *(f"x-{name}" for name in WORKS if name not in chosen),
        "c-green",
    ]
    assert declared["scheme"]["cost_fen"] == CORE + 500_000 + sum(WORKS[name] for name in chosen)


@pytest.mark.slow
async def test_without_that_approval_the_method_chooses_nothing(journey: Begin) -> None:
    j = await journey(content=content(Approval.WHOLE))
    said = ballots([["bench"]] * 12, ["red"] * 12, **{"extras.whole": "no"})
    j.on("ballots", vote_with(said))
    await j.until("revise_scheme")
    (declared,) = await j.details("voting.result_declared")
    assert (declared["outcome"], declared["motions"]["extras"]) == ("rejected", "lapsed")


async def staff(j: JourneyDriver) -> dict[str, str]:
    return {"Authorization": f"Bearer {await j.official(COMMITTEE)}"}
