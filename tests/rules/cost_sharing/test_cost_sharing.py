"""Properties of the arithmetic, and every way in which a scheme is refused."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.bidding import BenchmarkTerms
from models.values.cost_sharing import (
    Contribution,
    CostItem,
    CostKey,
    FloorWeight,
    FundedItem,
    Funding,
    FundingSource,
    GapStep,
    Instalment,
    ItemCategory,
    Paid,
    PayerSet,
    Rounding,
    ShareTotal,
    ShareUnit,
)
from models.values.refusal import Refused
from models.values.scheme import PlannedWork, SchemeContent, TenderPlan
from models.values.timetable import Timetable
from rules import cost_sharing as law
from tests.support.slow import examples

FEW = settings(max_examples=examples(80), deadline=None)
WEIGHTS = st.dictionaries(
    st.text("0123456789", min_size=1, max_size=4), st.fractions(0, 50), min_size=1, max_size=12
).filter(lambda weights: any(weights.values()))
PAID_BY_OTHERS = (Contribution(funding_id="district", source=FundingSource.SUBSIDY, amount_fen=7),)
MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


def item(name: str = "roof", cost: int = 1000, **more: object) -> CostItem:
    fields = {"id": name, "title": name, "category": ItemCategory.BASIC, "cost_fen": cost}
    return CostItem.model_validate({**fields, **more})


def money(name: str, source: FundingSource, amount: int, **more: object) -> Funding:
    return Funding.model_validate({"id": name, "source": source, "amount_fen": amount, **more})


def unit(number: str, **more: object) -> ShareUnit:
    fields = {"number": number, "building": "1", "entrance": "1", "floor": 1, "area_dm2": 5000}
    return ShareUnit.model_validate({**fields, **more})


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.code for problem in refused.value.problems]


@FEW
@given(st.integers(0, 10**12), WEIGHTS)
def test_parts_sum_exactly_and_stay_within_one_fen(
    total: int, weights: dict[str, Fraction]
) -> None:
    parts = law.largest_remainder(total, weights)
    everything = sum(weights.values())
    assert sum(parts.values()) == total
    for key, weight in weights.items():
        assert abs(parts[key] - total * weight / everything) < 1
        assert weight or parts[key] == 0


@FEW
@given(st.integers(0, 10**9), WEIGHTS)
def test_equal_weights_differ_by_one_fen_at_most(total: int, weights: dict[str, Fraction]) -> None:
    parts = law.largest_remainder(total, weights)
    for weight in set(weights.values()):
        same = [parts[key] for key in weights if weights[key] == weight]
        assert max(same) - min(same) <= 1


@FEW
@given(st.integers(0, 10**9), WEIGHTS)
def test_the_order_of_the_input_does_not_matter(total: int, weights: dict[str, Fraction]) -> None:
    turned = dict(reversed(weights.items()))
    assert law.largest_remainder(total, weights) == law.largest_remainder(total, turned)


@FEW
@given(st.integers(0, 10**9), WEIGHTS, st.fractions(Fraction(1, 1000), 1000))
def test_the_unit_of_the_weights_is_irrelevant(
    total: int, weights: dict[str, Fraction], unit: Fraction
) -> None:
    others = {key: weight * unit for key, weight in weights.items()}
    assert law.largest_remainder(total, others) == law.largest_remainder(total, weights)


@FEW
@given(st.integers(0, 10**9), WEIGHTS, st.sampled_from("0123456789"))
def test_whoever_weighs_more_pays_no_less_than_before(
    total: int, weights: dict[str, Fraction], key: str
) -> None:
    heavier = {**weights, key: weights.get(key, Fraction(0)) + 1}
    before, after = (law.largest_remainder(total, each) for each in (weights, heavier))
    # Largest remainders may take the last fen away where all the others gain less (Alabama, population).
    assert after[key] >= before.get(key, 0) - 1


def test_a_tie_goes_to_the_lowest_id() -> None:
    assert law.largest_remainder(1, {"b": 1, "a": 1, "c": 1}) == {"b": 0, "a": 1, "c": 0}


def test_money_without_anyone_to_carry_it_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        law.largest_remainder(1, {"a": 0})
    assert codes(refused) == ["cost_sharing.nobody_pays"]


def test_a_weight_below_zero_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        law.largest_remainder(1, {"a": 2, "b": -1})
    assert codes(refused) == ["cost_sharing.weight_below_zero"]


ITEMS = st.lists(
    st.builds(
        item,
        st.uuids().map(str),
        st.integers(0, 10**8),
        category=st.sampled_from(list(ItemCategory)),
        operator_line=st.booleans(),
        optional=st.booleans(),
        priority=st.integers(0, 9),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda entry: entry.id,
)
FUNDING = st.lists(
    st.builds(
        money,
        st.uuids().map(str),
        st.sampled_from(list(FundingSource)),
        st.integers(0, 10**8),
        permille=st.integers(0, 1000),
        item_cap_fen=st.none() | st.integers(0, 10**7),
        categories=st.lists(st.sampled_from(list(ItemCategory)), max_size=2),
        voted=st.booleans(),
    ),
    max_size=5,
)


@FEW
@given(ITEMS, FUNDING)
def test_nobody_pays_more_than_promised_and_no_item_gets_more_than_it_costs(
    items: list[CostItem], funding: list[Funding]
) -> None:
    funded = law.waterfall(items, funding)
    for source in funding:
        parts = [
            (entry, part.amount_fen)
            for entry in funded
            for part in entry.contributions
            if part.funding_id == source.id
        ]
        assert sum(amount for _, amount in parts) <= source.amount_fen
        for entry, amount in parts:
            assert amount * 1000 <= entry.cost_fen * source.permille
            assert source.item_cap_fen is None or amount <= source.item_cap_fen
    for entry in funded:
        assert sum(part.amount_fen for part in entry.contributions) + entry.gap_fen == (
            entry.cost_fen
        )


@FEW
@given(ITEMS, st.integers(0, 10**9))
def test_the_fund_pays_nothing_without_a_vote_and_nothing_for_an_operators_line(
    items: list[CostItem], amount: int
) -> None:
    unvoted = money("fund", FundingSource.MAINTENANCE_FUND, amount)
    assert law.gap_fen(law.waterfall(items, [unvoted])) == sum(i.cost_fen for i in items)
    voted = unvoted.model_copy(update={"voted": True})
    for entry, given_item in zip(law.waterfall(items, [voted]), items, strict=True):
        assert not (given_item.operator_line and entry.contributions)


def test_the_operator_pays_before_the_subsidy_and_the_fund_after_both() -> None:
    funded = law.waterfall(
        [item(cost=100)],
        [
            money("fund", FundingSource.MAINTENANCE_FUND, 100, voted=True),
            money("subsidy", FundingSource.SUBSIDY, 50),
            money("grid", FundingSource.OPERATOR, 30),
        ],
    )
    paid = [(part.funding_id, part.amount_fen) for part in funded[0].contributions]
    assert paid == [("grid", 30), ("subsidy", 50), ("fund", 20)]


def test_a_funding_for_an_unknown_item_and_ids_given_twice_are_refused_together() -> None:
    stray = money("s", FundingSource.SUBSIDY, 1, items=["tower"])
    with pytest.raises(Refused) as refused:
        law.waterfall([item("roof"), item("roof")], [stray, stray])
    assert codes(refused) == [
        "cost_sharing.item_twice",
        "cost_sharing.funding_twice",
        "cost_sharing.item_unknown",
    ]


def test_optional_items_go_by_priority_until_the_gap_fits() -> None:
    items = [
        item("roof", 500),
        item("green", 200, optional=True, priority=1),
        item("gate", 100, optional=True, priority=9),
    ]
    assert law.gap_plan(items, [], 700).dropped == ("gate",)
    assert law.gap_plan(items, [], 500).dropped == ("gate", "green")
    assert law.gap_plan(items, [], 800).step is GapStep.NONE
    assert law.gap_plan(items, [], None).step is GapStep.NONE


def test_what_optional_items_cannot_close_asks_for_a_subsidy() -> None:
    plan = law.gap_plan([item("roof", 500), item("green", 200, optional=True)], [], 400)
    assert (plan.step, plan.dropped, plan.missing_fen) == (
        GapStep.EXTRA_SUBSIDY,
        ("green",),
        100,
    )


def test_an_optional_item_that_others_pay_for_is_not_given_up_in_vain() -> None:
    paid = money("care", FundingSource.SOCIAL_CAPITAL, 200, items=["care"])
    plan = law.gap_plan([item("roof", 500), item("care", 200, optional=True)], [paid], 400)
    assert plan.dropped == ()


@FEW
@given(ITEMS, FUNDING, st.integers(0, 10**8))
def test_an_extra_subsidy_lowers_the_gap_by_its_whole_amount(
    items: list[CostItem], funding: list[Funding], amount: int
) -> None:
    scheme = content(items, funding)
    before = law.gap_fen(law.waterfall(scheme.items, scheme.funding))
    richer = law.with_subsidy(scheme, "extra", amount)
    after = law.gap_fen(law.waterfall(richer.items, richer.funding))
    assert after == max(before - amount, 0)


@FEW
@given(ITEMS, FUNDING, st.integers(0, 10**8), st.integers(0, 10**8))
def test_a_cut_raises_the_gap_by_at_most_what_is_cut_and_touches_no_other_source(
    items: list[CostItem], funding: list[Funding], pays: int, cut: int
) -> None:
    cut = min(cut, pays)
    scheme = law.with_subsidy(content(items, funding), "extra", pays)
    less = law.with_cut(scheme, "extra", cut)
    before, after = (
        law.gap_fen(law.waterfall(each.items, each.funding)) for each in (scheme, less)
    )
    assert before <= after <= before + cut
    assert less.funding[:-1] == scheme.funding[:-1]
    assert less.funding[-1].amount_fen == pays - cut


def test_only_a_public_subsidy_is_cut_and_by_no_more_than_it_pays() -> None:
    scheme = content(
        [item()], [money("lift", FundingSource.OPERATOR, 9), money("d", FundingSource.SUBSIDY, 5)]
    )
    for name, cut, code in (
        ("lift", 1, "cost_sharing.subsidy_unknown"),
        ("d", 6, "cost_sharing.cut_above_subsidy"),
    ):
        with pytest.raises(Refused) as refused:
            law.with_cut(scheme, name, cut)
        assert codes(refused) == [code]


def content(items: list[CostItem], funding: list[Funding] | None = None) -> SchemeContent:
    return SchemeContent(
        items=tuple(items),
        funding=tuple(funding or ()),
        motions=(),
        tender=TenderPlan(
            estimate_fen=10_000,
            ceiling_fen=12_000,
            bid_bond_fen=200,
            benchmark=BenchmarkTerms(price_fen=8_000),
        ),
        works=tuple(PlannedWork(id=f"{entry.id}-1", title="work", value_fen=1) for entry in items),
    )


def test_giving_up_an_item_takes_its_funding_its_works_and_its_part_of_the_tender() -> None:
    scheme = content(
        [item("roof", 750), item("roof-garden", 250)],
        [money("plants", FundingSource.SUBSIDY, 10, items=["roof-garden"])],
    )
    smaller = law.without_items(scheme, ["roof-garden"])
    assert [work.id for work in smaller.works] == ["roof-1"]
    assert smaller.funding == ()
    tender = smaller.tender
    assert (tender.estimate_fen, tender.ceiling_fen, tender.bid_bond_fen) == (7_500, 9_000, 150)
    assert tender.benchmark == BenchmarkTerms(price_fen=6_000)


def test_giving_up_everything_or_what_is_not_there_is_refused() -> None:
    scheme = content([item("roof")])
    with pytest.raises(Refused) as refused:
        law.without_items(scheme, ["roof"])
    assert codes(refused) == ["cost_sharing.no_items_left"]
    with pytest.raises(Refused) as refused:
        law.without_items(scheme, ["moat"])
    assert codes(refused) == ["cost_sharing.item_unknown"]


def test_payers_are_the_estate_a_building_a_stairwell_or_a_list_without_exempt_floors() -> None:
    units = (
        unit("a", floor=1),
        unit("b", floor=2),
        unit("c", entrance="2"),
        unit("d", building="2"),
        unit("p", kind="parking"),
    )

    def paying(**who: object) -> list[str]:
        rule = item(payers=PayerSet.model_validate(who))
        return [entry.number for entry in law.payers(rule, units)]

    assert paying() == ["a", "b", "c", "d"]
    assert paying(scope="building", building="1") == ["a", "b", "c"]
    assert paying(scope="entrance", building="1", entrance="1", exempt_floors=[1]) == ["b"]
    assert paying(scope="listed", units=["d", "p"]) == ["d", "p"]


def table(rule: CostItem, *units: ShareUnit) -> list[tuple[str, int]]:
    funded = FundedItem(item_id=rule.id, cost_fen=rule.cost_fen, gap_fen=rule.cost_fen)
    totals = law.share_table((rule,), (funded,), units).totals
    return [(total.unit_number, total.amount_fen) for total in totals]


def test_an_exempt_floor_by_coefficient_zero_has_a_row_of_zero() -> None:
    rule = item(
        cost=99,
        key=CostKey.FLOOR_COEFFICIENT,
        floors=(FloorWeight(floor=1, weight=0), FloorWeight(floor=2, weight=1)),
    )
    assert table(rule, unit("a"), unit("b", floor=2)) == [("a", 0), ("b", 99)]


@pytest.mark.parametrize(
    ("rule", "units", "code"),
    [
        (item(payers=PayerSet(scope="listed", units=("x",))), [unit("a")], "payer_unknown"),
        (item(payers=PayerSet(scope="building", building="9")), [unit("a")], "item_without_payers"),
        (item(key=CostKey.SHARE), [unit("a")], "shares_unknown"),
        (item(key=CostKey.FLOOR_COEFFICIENT), [unit("a")], "floor_without_weight"),
        (
            item(
                key=CostKey.FLOOR_PERCENT,
                floors=(FloorWeight(floor=1, weight=60), FloorWeight(floor=2, weight=40)),
            ),
            [unit("a")],
            "floor_without_payers",
        ),
        (
            item(key=CostKey.FLOOR_PERCENT, floors=(FloorWeight(floor=1, weight=99),)),
            [unit("a")],
            "floor_percent_sum",
        ),
        (
            item(
                key=CostKey.COEFFICIENT_AREA,
                floors=(FloorWeight(floor=1, weight=1), FloorWeight(floor=1, weight=2)),
            ),
            [unit("a")],
            "floor_twice",
        ),
        (item(), [unit("a"), unit("a")], "unit_twice"),
    ],
)
def test_a_key_that_cannot_be_applied_is_refused(
    rule: CostItem, units: list[ShareUnit], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        table(rule, *units)
    assert codes(refused) == [f"cost_sharing.{code}"]


def test_an_extension_above_the_most_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        law.unit_price_fen(8000, 135_000, extension_dm2=2001, extension_max_dm2=2000)
    assert codes(refused) == ["cost_sharing.extension_too_large"]


TOTALS = st.dictionaries(
    st.text("0123456789", min_size=1, max_size=4), st.integers(0, 10**8), min_size=1, max_size=8
)


@FEW
@given(TOTALS, st.sampled_from([(1000,), (200, 200, 150, 150, 150, 150), (333, 333, 334)]))
def test_instalments_sum_by_row_and_by_column(
    totals: dict[str, int], permilles: tuple[int, ...]
) -> None:
    rows = tuple(ShareTotal(unit_number=n, amount_fen=a) for n, a in totals.items())
    parts = law.instalments(rows, permilles)
    for number, amount in totals.items():
        assert sum(p.amount_fen for p in parts if p.unit_number == number) == amount
    columns = [
        sum(p.amount_fen for p in parts if p.number == number)
        for number in range(1, len(permilles) + 1)
    ]
    assert sum(columns) == sum(totals.values())
    for column, permille in zip(columns, permilles, strict=True):
        assert abs(column - Fraction(sum(totals.values()) * permille, 1000)) < len(totals)


def test_instalments_that_are_not_the_whole_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        law.instalments((), (500, 400))
    assert codes(refused) == ["cost_sharing.instalments_sum"]


def test_the_threshold_is_met_at_exactly_ninety_percent() -> None:
    assert law.collected(90, 100, Timetable()).passed
    decision = law.collected(89, 100, Timetable())
    assert not decision.passed
    assert (decision.checks[0].have, decision.checks[0].need) == (89, 90)


def test_a_lost_subsidy_above_five_percent_of_the_gap_needs_a_vote() -> None:
    assert law.subsidy_loss(50, 1000, Timetable()).passed
    assert not law.subsidy_loss(51, 1000, Timetable()).passed


def test_a_sale_leaves_what_was_due_with_the_seller() -> None:
    plan = [
        (Instalment(unit_number="a", number=n, amount_fen=100), MOMENT + timedelta(days=60 * n))
        for n in (1, 2, 3)
    ]
    sold = law.balance("a", plan, 250, MOMENT + timedelta(days=120))
    assert (sold.due_fen, sold.overdue_fen, sold.credit_fen, sold.later_fen) == (200, 0, 50, 100)
    assert law.due_by(plan, MOMENT) == (ShareTotal(unit_number="a", amount_fen=0),)


def test_relief_needs_a_fund_and_covers_no_more_than_is_owed() -> None:
    assert law.relief_room_fen(100, 130) == 0
    with pytest.raises(Refused) as refused:
        law.relieve("a", 100, 800, {}, "waiver")
    assert codes(refused) == ["cost_sharing.relief_without_fund"]


def test_the_award_spreads_contract_and_contingency_over_the_items() -> None:
    scheme = content([item("roof", 2000), item("pipes", 1000)])
    award = law.award_totals(scheme, [unit("a"), unit("b")], 1000)
    assert award.total_fen == 1050
    assert [entry.cost_fen for entry in law.award_items(scheme, 1000)] == [700, 350]


def test_a_cheaper_award_is_credited_on_the_next_instalments_then_refunded() -> None:
    open_parts = [
        Instalment(unit_number="a", number=3, amount_fen=40),
        Instalment(unit_number="a", number=2, amount_fen=50),
    ]
    parts, rest = law.credited(open_parts, 70)
    assert [(part.number, part.amount_fen) for part in parts] == [(2, 0), (3, 20)]
    assert law.credited(open_parts, 100)[1] == 10
    assert rest == 0


def test_adjustments_know_debts_and_credits() -> None:
    changes = law.adjustments(
        [ShareTotal(unit_number="a", amount_fen=100), ShareTotal(unit_number="b", amount_fen=10)],
        [ShareTotal(unit_number="a", amount_fen=90), ShareTotal(unit_number="c", amount_fen=5)],
    )
    assert [change.difference_fen for change in changes] == [-10, -10, 5]


def test_the_owners_limit_binds_the_award() -> None:
    assert law.within_limit(100, 100).passed
    assert not law.within_limit(101, 100).passed
    assert law.within_limit(10**12, None).passed


@FEW
@given(TOTALS, TOTALS, st.integers(0, 10**8))
def test_refunds_sum_to_what_was_paid_less_the_sunk_cost(
    paid: dict[str, int], shares: dict[str, int], sunk: int
) -> None:
    weights = {**shares, "owner": 1}
    sheet = law.refunds(
        tuple(Paid(unit_number=n, amount_fen=a) for n, a in paid.items()), weights, sunk
    )
    assert sum(entry.amount_fen for entry in sheet) == sum(paid.values()) - sunk
    for entry in sheet:
        split = law.paid_back(entry, entry.paid_fen // 3)
        assert split.household_fen + split.sources_fen == max(entry.amount_fen, 0)


def test_whoever_is_in_arrears_at_a_cancellation_owes_a_full_part() -> None:
    sheet = law.refunds((Paid(unit_number="a", amount_fen=100),), {"a": 1, "b": 1}, 60)
    assert [entry.amount_fen for entry in sheet] == [70, -30]


def test_a_subsidy_that_comes_after_acceptance_does_not_come_when_the_works_stop() -> None:
    later = date(2027, 1, 1)
    funding = (
        money("cash", FundingSource.SUBSIDY, 300),
        money("after", FundingSource.SUBSIDY, 300, receivable_on=later),
    )
    funded = law.waterfall([item(cost=1000)], funding)
    assert law.owners_part_fen(100, funded, funding, date(2026, 6, 1)) == 70
    assert law.owners_part_fen(100, funded, funding, later) == 40


@FEW
@given(
    st.lists(st.integers(1, 9_000), min_size=1, max_size=9),
    st.integers(1, 10**9),
    st.sampled_from([CostKey.AREA, CostKey.HOUSEHOLD]),
)
def test_the_reasons_of_a_share_are_those_of_the_table(
    areas: list[int], cost: int, key: CostKey
) -> None:
    units = [unit(f"1-{number}", area_dm2=area) for number, area in enumerate(areas)]
    parking = unit("p-1", kind="parking")
    items = (item(cost=cost, key=key), item("free", 7, key=key))
    funded = (
        FundedItem(item_id="roof", cost_fen=cost, gap_fen=cost),
        FundedItem(item_id="free", cost_fen=7, gap_fen=0, contributions=PAID_BY_OTHERS),
    )
    table = law.share_table(items, funded, [*units, parking])
    whole = Rounding.WHOLE_BILL
    bill = law.share_bill(items, funded, [*units, parking], law.COUNTED_KINDS, whole)
    for total in table.totals:
        told = law.explained(
            items, funded, [*units, parking], bill, total.unit_number, ("estimate", 1, whole)
        )
        assert told
        (why,) = told.items
        assert why.factors[0].value == why.weight
        assert why.amount_fen == total.amount_fen
        assert abs(why.amount_fen - why.gap_fen * why.weight / why.weights) < 1
        assert (why.payers, why.others_fen) == (len(areas), 0)
    basis = ("estimate", 1, whole)
    assert law.explained(items, funded, [*units, parking], bill, "p-1", basis) is None


@FEW
@given(st.lists(st.integers(0, 1_000), max_size=6), st.integers(0, 5_000))
def test_money_covers_instalments_in_their_order(amounts: list[int], paid: int) -> None:
    parts = [
        Instalment(unit_number="1", number=number, amount_fen=amount)
        for number, amount in enumerate(amounts, start=1)
    ]
    covered = law.paid_in_order(parts, paid)
    assert sum(covered) == min(paid, sum(amounts))
    for place, (amount, part) in enumerate(zip(amounts, covered, strict=True)):
        assert part == amount or not any(covered[place + 1 :])


@FEW
@given(st.integers(0, 10**9), st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_instalments_are_the_largest_remainder_of_each_total(fen: int, drawn: list[int]) -> None:
    permilles = [*drawn[:2], 1000 - sum(drawn[:2])]
    total = ShareTotal(unit_number="a", amount_fen=fen)
    found = [each.amount_fen for each in law.instalments([total], permilles)]
    named = {f"{number:02}": part for number, part in enumerate(permilles)}
    assert found == list(law.largest_remainder(fen, named).values())
