from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.cost_sharing import CostItem, Funding, FundingSource, ItemCategory
from rules import cost_sharing as law
from rules.cost_sharing.sources import most_fen
from tests.support.slow import examples

NAMES = ("a", "b", "c", "d", "e")
ITEMS = st.lists(
    st.builds(
        CostItem,
        id=st.sampled_from(NAMES),
        title=st.just("x"),
        category=st.sampled_from(ItemCategory),
        cost_fen=st.integers(0, 40),
        optional=st.booleans(),
        priority=st.integers(0, 2),
        operator_line=st.booleans(),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda each: each.id,
)


@st.composite
def schemes(draw: st.DrawFn) -> tuple[list[CostItem], list[Funding]]:
    """Items, and fundings that may pay for some of them, for a category, or for all."""
    items = draw(ITEMS)
    funding = st.builds(
        Funding,
        id=st.sampled_from([f"f{number}" for number in range(6)]),
        source=st.sampled_from(FundingSource),
        amount_fen=st.integers(0, 60),
        permille=st.sampled_from([1000, 500, 333, 0]),
        item_cap_fen=st.none() | st.integers(0, 30),
        items=st.lists(st.sampled_from([each.id for each in items]), unique=True).map(tuple),
        categories=st.lists(st.sampled_from(ItemCategory), max_size=1).map(tuple),
        voted=st.booleans(),
    )
    return items, draw(st.lists(funding, max_size=6, unique_by=lambda each: each.id))


def least_gap(items: list[CostItem], funding: list[Funding]) -> int:
    """What must stay with the owners: no set of items can get more than its sources hold (a cut)."""

    def paid_at_most(full: set[str]) -> int:
        others = [each for each in items if each.id not in full]
        reached = (min(f.amount_fen, sum(most_fen(f, each) for each in others)) for f in funding)
        return sum(each.cost_fen for each in items if each.id in full) + sum(reached)

    ids = [each.id for each in items]
    subsets = chain.from_iterable(combinations(ids, size) for size in range(len(ids) + 1))
    return sum(each.cost_fen for each in items) - min(paid_at_most(set(each)) for each in subsets)


def by_item(items: list[CostItem], funding: list[Funding]) -> dict[str, object]:
    return {each.item_id: each for each in law.waterfall(items, funding)}


@settings(max_examples=examples(400))
@given(schemes(), st.randoms(use_true_random=False))
def test_any_order_of_lines_gives_every_item_the_same(given_scheme, rng) -> None:
    items, funding = given_scheme
    before, plan = by_item(items, funding), law.gap_plan(items, funding, 20)
    mixed, sources = items[:], funding[:]
    rng.shuffle(mixed)
    rng.shuffle(sources)
    assert by_item(mixed, sources) == before
    assert law.gap_plan(mixed, sources, 20) == plan


@settings(max_examples=examples(400))
@given(schemes())
def test_the_owners_gap_is_the_least_that_the_sources_allow(given_scheme) -> None:
    items, funding = given_scheme
    assert law.gap_fen(law.waterfall(items, funding)) == least_gap(items, funding)


@pytest.mark.slow
@settings(max_examples=examples(400))
@given(schemes())
def test_no_source_pays_beyond_its_sum_or_what_it_may_pay_for_an_item(given_scheme) -> None:
    items, funding = given_scheme
    funded = by_item(items, funding)
    for source in funding:
        parts = [
            (item, part.amount_fen)
            for item in items
            for part in funded[item.id].contributions  # type: ignore[attr-defined]
            if part.funding_id == source.id
        ]
        assert sum(fen for _, fen in parts) <= source.amount_fen
        assert all(fen <= most_fen(source, item) for item, fen in parts)


@settings(max_examples=examples(200))
@given(schemes(), st.integers(0, 60))
def test_what_was_given_up_and_still_fits_is_given_back(given_scheme, limit) -> None:
    items, funding = given_scheme
    plan = law.gap_plan(items, funding, limit)

    def gap(without: set[str]) -> int:
        kept = [each for each in items if each.id not in without]
        meant = [
            each.model_copy(update={"items": tuple(i for i in each.items if i not in without)})
            for each in funding
            if each.categories or not each.items or set(each.items) - without
        ]
        return law.gap_fen(law.waterfall(kept, meant))

    dropped = set(plan.dropped)
    assert gap(dropped) - limit <= plan.missing_fen
    for item in dropped:
        assert gap(dropped - {item}) > max(limit, gap(dropped))


def test_restricted_money_goes_first_and_general_money_pays_what_only_it_can() -> None:
    items = [
        CostItem(id="lift", title="x", category=ItemCategory.IMPROVEMENT, cost_fen=50_000),
        CostItem(id="roof", title="x", category=ItemCategory.BASIC, cost_fen=50_000),
    ]
    general = Funding(id="a", source=FundingSource.SUBSIDY, amount_fen=50_000)
    lift = Funding(id="b", source=FundingSource.SUBSIDY, amount_fen=50_000, items=("lift",))
    for funding in ([general, lift], [lift, general]):
        assert law.gap_fen(law.waterfall(items, funding)) == 0


def test_an_earlier_source_makes_way_for_a_later_one_that_may_pay_less() -> None:
    items = [
        CostItem(id="lift", title="x", category=ItemCategory.IMPROVEMENT, cost_fen=40),
        CostItem(id="roof", title="x", category=ItemCategory.BASIC, cost_fen=60),
    ]
    operator = Funding(id="o", source=FundingSource.OPERATOR, amount_fen=50)
    grant = Funding(id="g", source=FundingSource.SUBSIDY, amount_fen=40, items=("lift",))
    funded = by_item(items, [operator, grant])
    paid = {
        (item, part.funding_id): part.amount_fen
        for item, entry in funded.items()
        for part in entry.contributions  # type: ignore[attr-defined]
    }
    assert paid == {("roof", "o"): 50, ("lift", "g"): 40}


def test_a_dear_extra_that_closes_the_gap_alone_gives_the_cheap_one_back() -> None:
    items = [
        CostItem(id="roof", title="x", category=ItemCategory.BASIC, cost_fen=500),
        *(
            CostItem(
                id=name,
                title="x",
                category=ItemCategory.IMPROVEMENT,
                cost_fen=cost,
                optional=True,
                priority=priority,
            )
            for name, cost, priority in (("lamp", 10, 2), ("fountain", 300, 1))
        ),
    ]
    assert law.gap_plan(items, [], 520).dropped == ("fountain",)
