"""What a vote chose becomes the scheme: exact sums, and nothing that the vote did not choose."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.cost_sharing import (
    CostItem,
    Funding,
    FundingSource,
    ItemCategory,
    Rounding,
    ShareUnit,
)
from models.values.decisions.menu import (
    BallotForm,
    Menu,
    MenuItem,
    MenuOutcome,
    MenuRule,
    TallyUnit,
    TieRule,
)
from models.values.scheme import PlannedWork, SchemeContent, TenderPlan
from models.values.voting import Motion, MotionKind, MotionOption
from rules.adopted import MotionOutcome, adopted_content, left_out, own_prices
from rules.cost_sharing import share_table, waterfall

MOTIONS = (
    Motion(id="works", title="Works", kind=MotionKind.MAJOR),
    Motion(
        id="colour",
        title="Colour",
        kind=MotionKind.ORDINARY,
        options=(MotionOption(id="red", title="Red"), MotionOption(id="blue", title="Blue")),
    ),
    Motion(
        id="extras",
        title="Extras",
        kind=MotionKind.ORDINARY,
        menu=Menu(
            items=(MenuItem(id="lamp", title="Lamp", cost=3), MenuItem(id="tree", cost=2)),
            budget=5,
            form=BallotForm.APPROVAL,
        ),
    ),
)
ITEMS = (
    ("roof", "", "", 1_000),
    ("lift", "works", "", 500),
    ("red", "colour", "red", 70),
    ("blue", "colour", "blue", 80),
    ("lamp", "extras", "lamp", 30),
    ("tree", "extras", "tree", 20),
    ("plan", "extras", "", 7),
)
ALL = 1_707
PASSED = MotionOutcome(outcome="passed")


def scheme() -> SchemeContent:
    return SchemeContent(
        items=tuple(
            CostItem(
                id=name,
                title=name,
                category=ItemCategory.BASIC,
                cost_fen=cost,
                motion=motion,
                choice=choice,
            )
            for name, motion, choice, cost in ITEMS
        ),
        funding=(
            Funding(id="all", source=FundingSource.SUBSIDY, amount_fen=100),
            Funding(id="red", source=FundingSource.SUBSIDY, amount_fen=10, items=("red",)),
            Funding(id="two", source=FundingSource.SUBSIDY, amount_fen=9, items=("red", "blue")),
        ),
        motions=MOTIONS,
        tender=TenderPlan(estimate_fen=ALL, ceiling_fen=ALL + 100, bid_bond_fen=34),
        works=(
            *(PlannedWork(id=f"w{name}", title="", value_fen=1, item=name) for name, *_ in ITEMS),
            PlannedWork(id="red-2", title="", value_fen=1),
            PlannedWork(id="make-good", title="", value_fen=1),
        ),
    )


def chose(*works: str) -> MotionOutcome:
    menu = MenuOutcome(
        rule=MenuRule.GREEDY,
        unit=TallyUnit.VOTES,
        tie_rule=TieRule.LISTED,
        tally={},
        winners=works,
        cost=0,
        budget=5,
    )
    return MotionOutcome(outcome="passed" if works else "failed", menu=menu)


def won(option: str) -> MotionOutcome:
    return MotionOutcome(outcome="passed", winner=option)


def results(**more: MotionOutcome) -> dict[str, MotionOutcome]:
    return {"works": PASSED, "colour": won("blue"), "extras": chose("lamp"), **more}


def test_what_was_not_chosen_falls_away_with_works_funding_and_money() -> None:
    adopted = adopted_content(scheme(), results())
    assert adopted is not None
    assert [item.id for item in adopted.items] == ["roof", "lift", "blue", "lamp", "plan"]
    assert [work.id for work in adopted.works] == [
        "wroof",
        "wlift",
        "wblue",
        "wlamp",
        "wplan",
        "make-good",
    ]
    assert [(each.id, each.items) for each in adopted.funding] == [("all", ()), ("two", ("blue",))]
    tender = adopted.tender
    assert (tender.estimate_fen, tender.ceiling_fen) == (ALL - 90, ALL + 10)
    assert tender.bid_bond_fen == 34 * (ALL - 90) // ALL


def test_afterwards_the_motions_ask_only_about_what_was_chosen() -> None:
    adopted = adopted_content(scheme(), results(works=MotionOutcome(outcome="failed")))
    assert adopted is not None
    assert [(motion.id, motion.title) for motion in adopted.motions] == [
        ("colour", "Colour: Blue"),
        ("extras", "Extras: Lamp"),
    ]
    assert not any(motion.options or motion.menu for motion in adopted.motions)
    assert [item.id for item in adopted.items if item.choice] == []
    again = {"colour": PASSED, "extras": PASSED}
    assert adopted_content(adopted, again) == adopted
    assert "blue" in left_out(adopted, {"extras": PASSED})


def test_a_plain_scheme_stays_as_it_was_voted_on() -> None:
    plain = scheme().model_copy(
        update={"items": scheme().items[:2], "motions": MOTIONS[:1], "funding": ()}
    )
    assert adopted_content(plain, {"works": PASSED}) == plain


def test_nothing_is_adopted_where_nothing_is_left_to_build() -> None:
    content = scheme().model_copy(update={"items": scheme().items[1:2]})
    assert adopted_content(content, {"works": MotionOutcome(outcome="failed")}) is None


@pytest.mark.parametrize("outcome", ["failed", "lapsed", "tie", "run_off", "annulled"])
def test_only_what_passed_is_built(outcome: str) -> None:
    said = MotionOutcome(outcome=outcome, winner="blue")
    assert {"red", "blue"} <= set(left_out(scheme(), results(colour=said)))


def test_sums_stay_above_zero_where_the_estimate_is_less_than_what_falls_away() -> None:
    """A tender for less than the scheme costs shrinks in proportion when it cannot be lowered."""
    tender = TenderPlan(estimate_fen=100, ceiling_fen=2_000)
    content = scheme().model_copy(update={"tender": tender})
    adopted = adopted_content(content, {"extras": chose("tree")})
    assert adopted is not None
    cost = sum(item.cost_fen for item in adopted.items)
    assert adopted.tender.estimate_fen == 100 * cost // ALL
    assert adopted.tender.ceiling_fen == 2_000 - (ALL - cost)


def test_every_answer_of_a_ballot_has_the_price_of_the_scheme_that_it_brings() -> None:
    units = [
        ShareUnit(number=number, building="1", entrance="1", floor=1, area_dm2=area)
        for number, area in (("a", 100), ("b", 300))
    ]
    content = scheme().model_copy(update={"rounding": Rounding.WHOLE_BILL})
    found = own_prices(content, MOTIONS, units, ("flat",))["b"]
    prices = {(each.motion, each.choice): (each.total_fen, each.own_fen) for each in found}
    # Roof and lift are built in every case, the plan of the menu too; 100 are paid by the city.
    assert prices["works", "yes"] == ((1_000 + 500 + 7 - 100) * 3 // 4, 350)
    red = Fraction((1_000 + 500 + 7 + 70 - 100 - 10 - 9) * 3, 4)
    assert abs(prices["colour", "red"][0] - red) < 1
    assert set(prices) >= {("extras", "lamp"), ("extras", "tree")}
    for motion in MOTIONS:  # what is told before the vote is what cost sharing then computes
        for choice in (option.id for option in motion.options):
            said = {each.id: PASSED for each in MOTIONS} | {motion.id: won(choice)}
            adopted = adopted_content(content, said)
            assert adopted is not None
            funded = waterfall(adopted.items, adopted.funding)
            table = share_table(adopted.items, funded, units, ("flat",), adopted.rounding)
            assert prices[motion.id, choice][0] == table.totals[1].amount_fen


OUTCOMES = st.sampled_from(("passed", "failed", "lapsed"))


@settings(deadline=None)
@given(
    works=OUTCOMES,
    colour=st.sampled_from((None, "red", "blue")),
    extras=st.lists(st.sampled_from(("lamp", "tree")), unique=True),
)
def test_an_oracle_builds_the_same(works: str, colour: str | None, extras: list[str]) -> None:
    """Each item looked at by hand: its sum, and the sums of the tender."""
    built = {"roof"}
    built |= {"lift"} if works == "passed" else set()
    built |= {colour} if colour else set()
    built |= {*extras, "plan"} if extras else set()
    said = {"works": MotionOutcome(outcome=works), "extras": chose(*extras)}
    if colour:
        said["colour"] = won(colour)
    adopted = adopted_content(scheme(), said)
    assert adopted is not None
    assert {item.id for item in adopted.items} == built
    cost = sum(fen for name, _, _, fen in ITEMS if name in built)
    assert sum(item.cost_fen for item in adopted.items) == cost
    assert adopted.tender.estimate_fen == cost
    assert adopted.tender.ceiling_fen == cost + 100
    assert adopted_content(scheme(), dict(reversed(said.items()))) == adopted
