from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.actor import Actor, Role
from models.values.inspection import ItemFacts, ItemState, PastInspection
from models.values.refusal import Refused
from models.values.timetable import Timetable, WorkCalendar
from rules import inspection as law
from tests.support.cases import worked
from tests.support.slow import examples

CASES = worked("construction")
MONDAY = datetime(2026, 3, 2, 4, tzinfo=UTC)
CALENDAR = WorkCalendar(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31))
TIMETABLE = Timetable()
SUPERVISOR = Actor(id="s1", role=Role.SUPERVISOR, label="supervisor")
OTHER = Actor(id="s2", role=Role.SUPERVISOR, label="supervisor")
CHIEF = Actor(id="chief", role=Role.CHIEF_SUPERVISOR, label="chief")
OFFICE = Actor(id="street", role=Role.STREET_OFFICE, label="office")
CONTRACTOR = Actor(id="b1", role=Role.CONTRACTOR, label="contractor")


def cents(amount: str) -> int:
    return int(Fraction(amount) * 100)


def past(outcome: str, kind: str = "stage", who: str = "s1", number: int = 1) -> PastInspection:
    return PastInspection.model_validate(
        {
            "round": number,
            "kind": kind,
            "outcome": outcome,
            "inspector_id": who,
            "recorded_at": MONDAY,
        }
    )


def item(state: str = "reported", *history: PastInspection, **more: object) -> ItemFacts:
    fields = {"id": "roof", "state": state, "value_fen": 100, "history": history}
    return ItemFacts.model_validate({**fields, **more})


def codes(
    facts: ItemFacts,
    who: Actor = SUPERVISOR,
    kind: str = "stage",
    outcome: str = "PASS",
    defects: tuple[str, ...] = (),
) -> list[str]:
    found = law.inspection_problems(facts, kind, outcome, defects, who, "b1")  # type: ignore[arg-type]
    return [problem.code for problem in found]


def test_a_published_certificate_keeps_a_tenth_back() -> None:
    case = CASES["hk-wf-certificate-1"]
    certified = case["input"]["certified_hkd"]
    kept = law.retention_fen(certified, case["input"]["retention_pct"] * 10)
    assert kept == case["expected"]["retention"]
    assert law.payable_fen(certified, kept) == case["expected"]["pay"]


@pytest.mark.parametrize("case_id", ["hk-wf-omission-1", "hk-wf-omission-2b"])
def test_a_published_omission_credits_the_price_less_what_is_lost(case_id: str) -> None:
    case = CASES[case_id]
    given = case["input"]
    credit = law.omission_credit_fen(
        given["item"], given.get("work_done", 0), given.get("deposit_paid_to_supplier", 0)
    )
    assert credit == case["expected"]["credit"]


def test_two_failures_and_a_pass_take_two_rectification_rounds() -> None:
    facts = item()
    states = []
    for number, outcome in enumerate(CASES["syn-rectify-loop"]["input"], start=1):
        ruling = law.rule_inspection(facts, "stage", outcome, TIMETABLE)
        states.append(ruling.state)
        facts = item("reported", *facts.history, past(outcome, number=number))
    assert states == [ItemState.REJECTED, ItemState.REJECTED, ItemState.PASSED]
    assert facts.failed_rounds == 2


@pytest.mark.parametrize("state", ["rejected", "reported", "default"])
def test_no_item_is_paid_before_it_passes(state: str) -> None:
    payment = law.works_payment([item(state)], 1_000, 0, 30, TIMETABLE)
    assert (payment.certified_fen, payment.payable_fen) == (0, 0)


def test_concealed_works_are_not_covered_without_their_inspection() -> None:
    assert CASES["syn-concealed-skip"]["input"]["notice_given"] is False
    trench = item(concealed=True)
    assert not law.may_cover(trench).passed
    assert codes(trench) == ["inspection.concealed_first"]
    assert codes(trench, kind="concealed") == []


def test_after_the_concealed_inspection_the_stage_may_be_inspected() -> None:
    assert codes(item("reported", past("PASS", "concealed"), concealed=True)) == []


def test_a_later_failure_of_the_concealed_works_closes_the_way_again() -> None:
    seen = (past("PASS", "concealed"), past("FAIL", "concealed", "s2", 2))
    assert codes(item("reported", *seen, concealed=True)) == ["inspection.concealed_first"]


def test_a_concealed_pass_does_not_pass_the_item() -> None:
    ruling = law.rule_inspection(item(concealed=True), "concealed", "PASS", TIMETABLE)
    assert ruling.state is ItemState.REPORTED


@pytest.mark.parametrize("outcome", ["PASS", "PASS_WITH_MINOR"])
def test_a_pass_of_the_stage_passes_the_item(outcome: str) -> None:
    ruling = law.rule_inspection(item(), "stage", outcome, TIMETABLE)  # type: ignore[arg-type]
    assert ruling.state is ItemState.PASSED


def test_the_contractor_does_not_inspect_in_any_role() -> None:
    disguised = CONTRACTOR.model_copy(update={"role": Role.SUPERVISOR})
    assert codes(item(), CONTRACTOR) == ["inspection.own_work"]
    assert codes(item(), disguised) == ["inspection.own_work"]


def test_only_a_supervising_engineer_inspects() -> None:
    assert codes(item(), OFFICE) == ["inspection.not_a_supervisor"]


def test_who_failed_an_item_does_not_inspect_it_again() -> None:
    failed = item("reported", past("FAIL"))
    assert codes(failed, SUPERVISOR) == ["inspection.same_inspector"]
    assert codes(failed, OTHER) == []


def test_a_failure_names_its_defects() -> None:
    assert codes(item(), outcome="FAIL", defects=(" ",)) == ["inspection.defects_missing"]


def test_every_problem_is_named_at_once() -> None:
    found = codes(item("planned", concealed=True), CONTRACTOR, outcome="FAIL")
    assert found == [
        "inspection.own_work",
        "inspection.not_reported",
        "inspection.concealed_first",
        "inspection.defects_missing",
    ]


def test_one_failure_more_than_the_limit_is_a_default() -> None:
    limit = TIMETABLE.rectification_limit
    history = tuple(past("FAIL", number=number) for number in range(1, limit + 1))
    last = law.rule_inspection(item("reported", *history), "stage", "FAIL", TIMETABLE)
    before = law.rule_inspection(item("reported", *history[1:]), "stage", "FAIL", TIMETABLE)
    assert (before.state, last.state) == (ItemState.REJECTED, ItemState.DEFAULT)
    check = last.decision.failed[0]
    assert (check.have, check.need) == (limit + 1, limit)


def test_only_the_chief_supervising_engineer_accepts_finished_works() -> None:
    assert CASES["syn-no-pay-without-chief-engineer"]
    passed, default, rejected = ItemState.PASSED, ItemState.DEFAULT, ItemState.REJECTED
    assert law.acceptance_problems({"a": passed, "b": ItemState.CANCELLED}, CHIEF) == ()
    refused = law.acceptance_problems({"a": passed, "b": rejected}, SUPERVISOR)
    assert [problem.code for problem in refused] == [
        "inspection.not_chief_supervisor",
        "inspection.works_open",
    ]
    (unfinished,) = law.acceptance_problems({"a": passed, "c": default, "b": default}, CHIEF)
    assert (unfinished.code, unfinished.params) == (
        "inspection.items_in_default",
        {"items": "b, c"},
    )


def test_nobody_accepts_works_that_they_have_built() -> None:
    (own,) = law.acceptance_problems({"a": ItemState.PASSED}, CHIEF, ["builder", CHIEF.id])
    assert own.code == "inspection.accepted_by_contractor"
    assert law.acceptance_problems({"a": ItemState.PASSED}, CHIEF, ["builder"]) == ()


@pytest.mark.parametrize("states", [{}, {"a": ItemState.CANCELLED}])
def test_works_of_which_nothing_passed_are_not_accepted(states: dict[str, ItemState]) -> None:
    (nothing,) = law.acceptance_problems(states, CHIEF)
    assert nothing.code == "inspection.nothing_passed"


@pytest.mark.parametrize(
    ("who", "accepted_by", "code"),
    [
        (OFFICE, None, "inspection.not_accepted"),
        (CHIEF, "chief", "inspection.payment_by_acceptor"),
        (CONTRACTOR, "chief", "inspection.payment_by_contractor"),
    ],
)
def test_money_is_released_after_acceptance_and_by_somebody_else(
    who: Actor, accepted_by: str | None, code: str
) -> None:
    assert [p.code for p in law.payment_problems(who, accepted_by, "b1")] == [code]
    assert law.payment_problems(OFFICE, "chief", "b1") == ()


def test_planned_values_are_scaled_to_the_contract_and_defaults_are_not_certified() -> None:
    items = [
        item("passed", id="a", value_fen=1),
        item("passed", id="b", value_fen=1),
        item("default", id="c", value_fen=1),
    ]
    payment = law.works_payment(items, 100, 5, 30, TIMETABLE)
    assert (payment.passed_fen, payment.default_fen) == (67, 33)
    assert (payment.certified_fen, payment.retention_fen, payment.payable_fen) == (62, 1, 61)


def test_the_retention_never_exceeds_the_cap_of_the_timetable() -> None:
    payment = law.works_payment([item("passed")], 100_000, 0, 100, TIMETABLE)
    assert (payment.retention_permille, payment.retention_fen) == (30, 3_000)
    (agreed,) = payment.decision.failed
    assert (agreed.code, agreed.have, agreed.need) == ("inspection.retention_agreed", 100, 30)
    assert law.works_payment([item("passed")], 100_000, 0, 30, TIMETABLE).decision.passed


def test_a_variation_above_a_tenth_goes_back_to_the_owners() -> None:
    with pytest.raises(Refused) as refused:
        law.works_payment([item("passed")], 1_000, 101, 30, TIMETABLE)
    assert refused.value.problems[0].code == "inspection.variation_needs_decision"
    assert law.works_payment([item("passed")], 1_000, 100, 30, TIMETABLE).certified_fen == 900


def test_omissions_above_the_value_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        law.works_payment([item("default")], 1_000, 1, 30, TIMETABLE)
    assert refused.value.problems[0].code == "inspection.omissions_above_value"


def test_more_deductions_than_value_are_refused() -> None:
    with pytest.raises(Refused):
        law.payable_fen(100, 3, deductions_fen=98)
    with pytest.raises(Refused):
        law.omission_credit_fen(100, 60, 50)


@settings(max_examples=examples(150), deadline=timedelta(seconds=2))
@given(
    planned=st.lists(
        st.tuples(st.sampled_from(["passed", "default", "cancelled"]), st.integers(0, 10**12)),
        max_size=12,
    ),
    contract=st.integers(0, 10**13),
    omitted=st.integers(0, 100),
    kept=st.integers(0, 1_000),
)
def test_the_account_sums_exactly_over_its_items(
    planned: list[tuple[str, int]], contract: int, omitted: int, kept: int
) -> None:
    items = [
        item(state, id=f"i{number}", value_fen=value)
        for number, (state, value) in enumerate(planned)
    ]
    prices = law.contract_prices(items, contract)
    passed = sum(prices[each.id] for each in items if each.state is ItemState.PASSED)
    payment = law.works_payment(items, contract, passed * omitted // 1_000, kept, TIMETABLE)
    undone = sum(prices[each.id] for each in items if each.state is ItemState.CANCELLED)
    assert payment.passed_fen + payment.default_fen + undone == (contract if items else 0)
    assert sum(row.payable_fen for row in payment.items) == payment.payable_fen
    assert all(row.payable_fen <= prices[row.item_id] for row in payment.items)


def test_a_contract_that_ends_early_owes_its_passed_items_at_its_own_prices() -> None:
    # Planned at 100 each, contracted at 270 for the three: the one that passed is worth 90.
    items = [item("passed", id="a"), item("cancelled", id="b"), item("rejected", id="c")]
    assert law.certified_at_the_end_fen(items, 270, 0) == 90
    assert law.certified_at_the_end_fen(items, 270, 120) == 120
    assert law.certified_at_the_end_fen([], 270, 0) == 0


def test_cancelling_what_is_open_does_not_change_what_is_owed() -> None:
    open_items = [item("passed", id="a", value_fen=7), item("reported", id="b", value_fen=5)]
    cancelled = [open_items[0], item("cancelled", id="b", value_fen=5)]
    owed = law.certified_at_the_end_fen(open_items, 1_000, 0)
    assert owed == law.certified_at_the_end_fen(cancelled, 1_000, 0) == 583


@settings(max_examples=examples(60), deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 10**7), min_size=1),
    st.integers(0, 10**7),
)
def test_wages_are_taken_off_what_is_payable_and_no_item_goes_below_zero(
    worth: dict[str, int], ahead: int
) -> None:
    items = law.item_payments(worth, 0, sum(worth.values()) * 3 // 100)
    less, back = law.less_wages(items, ahead)
    payable = sum(each.payable_fen for each in items)
    assert back == min(ahead, payable)
    assert sum(each.payable_fen for each in less) == payable - back
    assert all(each.payable_fen >= 0 and each.deductions_fen >= 0 for each in less)
    assert [each.certified_fen for each in less] == [each.certified_fen for each in items]


def test_wages_stay_within_the_part_of_the_price_that_is_labour() -> None:
    assert law.wage_part(300, 1_000, TIMETABLE).passed
    assert not law.wage_part(301, 1_000, TIMETABLE).passed
