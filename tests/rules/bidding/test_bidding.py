from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.bidding import BenchmarkTerms, BondOutcome, CandidateGround, Party
from models.values.refusal import Refused
from models.values.scheme import TenderPlan
from models.values.timetable import (
    Period,
    Timetable,
    WorkCalendar,
    calendar_days,
    working_days,
)
from rules import bidding as law
from rules.bidding import clocks, documents
from rules.time.deadlines import deadline
from rules.time.spans import within
from tests.support.slow import examples

TIMETABLE = Timetable()
ZONE = TIMETABLE.zone
CALENDAR = WorkCalendar(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31))
NOTICE = datetime(2026, 3, 2, 1, tzinfo=UTC)
DEADLINE = deadline(NOTICE, TIMETABLE.bid_preparation, CALENDAR, ZONE)


def submission(**changed: Any) -> list[str]:
    given = {
        "price_fen": 900,
        "bond_fen": 20,
        "ceiling_fen": 1_000,
        "estimate_fen": 1_000,
        "now": NOTICE,
        "notice_at": NOTICE,
        "deadline_at": DEADLINE,
        "timetable": TIMETABLE,
        **changed,
    }
    return [problem.code for problem in law.submission_problems(**given)]


def signed(**changed: Any) -> list[str]:
    given = {
        "value_fen": 1_000,
        "bid_fen": 1_000,
        "performance_bond_fen": 100,
        "retention_permille": 30,
        "awarded_at": NOTICE,
        "signed_at": NOTICE + timedelta(days=1),
        "timetable": TIMETABLE,
        "calendar": CALENDAR,
        **changed,
    }
    return [check.code for check in law.signature(**given).failed]


def test_a_bid_in_time_is_received() -> None:
    assert submission() == []


def test_a_bid_is_late_at_the_deadline_itself() -> None:
    assert submission(now=DEADLINE - timedelta(microseconds=1)) == []
    assert submission(now=DEADLINE) == ["bidding.late"]


def test_a_bid_before_the_notice_is_refused() -> None:
    assert submission(now=NOTICE - timedelta(seconds=1)) == ["bidding.before_notice"]


def test_nothing_is_said_about_the_ceiling_when_a_bid_comes_in_because_it_is_sealed() -> None:
    assert submission(price_fen=1_001) == []


def test_no_bond_above_two_percent_of_the_estimate_is_taken() -> None:
    assert submission(bond_fen=21) == ["bidding.bond_above_limit"]


def test_a_bid_that_is_late_and_without_a_price_hears_both() -> None:
    assert submission(price_fen=0, now=DEADLINE) == ["bidding.price_missing", "bidding.late"]


def test_funds_must_cover_the_estimate_to_the_fen() -> None:
    assert law.funds_secured(600, 400, 1_000).passed
    short = law.funds_secured(600, 399, 1_000)
    assert [(c.have, c.op, c.need) for c in short.failed] == [(999, ">=", 1_000)]


def test_bond_in_the_documents_is_at_most_two_percent() -> None:
    assert documents.bid_bond(20, 1_000, TIMETABLE).passed
    assert documents.bid_bond(21, 1_000, TIMETABLE).failed[0].need == 20


@pytest.mark.parametrize(
    ("bids", "round_number", "route"),
    [(3, 1, "open"), (2, 1, "retender"), (2, 2, "approval"), (0, 1, "retender"), (3, 2, "open")],
)
def test_fewer_than_three_bids_are_not_opened(bids: int, round_number: int, route: str) -> None:
    assert law.may_open(bids, round_number, TIMETABLE).route == route


def test_the_number_of_rounds_is_the_timetables() -> None:
    three = TIMETABLE.model_copy(update={"tender_rounds": 3})
    assert law.may_open(2, 2, three).route == "retender"
    assert law.may_open(2, 3, three).route == "approval"


def test_the_approval_route_needs_failed_rounds_and_stays_below_the_ceiling() -> None:
    early = law.direct_award(
        failed_rounds=1, price_fen=1_001, ceiling_fen=1_000, timetable=TIMETABLE
    )
    assert [check.code for check in early.failed] == ["bidding.failed_rounds", "bidding.ceiling"]
    assert law.direct_award(
        failed_rounds=2, price_fen=1_000, ceiling_fen=1_000, timetable=TIMETABLE
    ).passed


def test_the_clocks_of_a_tender_published_by_the_timetable_are_lawful() -> None:
    decision = law.tender_clocks(
        notice_at=NOTICE,
        documents_from=NOTICE,
        documents_until=deadline(NOTICE, TIMETABLE.document_sale, CALENDAR, ZONE),
        deadline_at=DEADLINE,
        timetable=TIMETABLE,
        calendar=CALENDAR,
    )
    assert decision.passed
    assert [check.have for check in decision.checks] == [0, 8, 21]


def test_documents_before_the_notice_and_a_short_sale_are_found() -> None:
    decision = law.tender_clocks(
        notice_at=NOTICE,
        documents_from=NOTICE - timedelta(seconds=1),
        documents_until=NOTICE + timedelta(days=3),
        deadline_at=NOTICE + timedelta(days=19),
        timetable=TIMETABLE,
        calendar=CALENDAR,
    )
    assert [(check.code, check.have, check.need) for check in decision.failed] == [
        ("bidding.notice_before_documents", -1, 0),
        ("bidding.document_sale", 4, 5),
        ("bidding.preparation", 19, 20),
    ]


def test_a_change_too_late_moves_the_deadline() -> None:
    last = law.clarify_until(DEADLINE, TIMETABLE, CALENDAR)
    assert clocks.clarification(last, DEADLINE, TIMETABLE, CALENDAR).passed
    assert clocks.deadline_after_clarification(last, DEADLINE, TIMETABLE, CALENDAR) == DEADLINE
    late = last + timedelta(seconds=1)
    assert not clocks.clarification(late, DEADLINE, TIMETABLE, CALENDAR).passed
    moved = clocks.deadline_after_clarification(late, DEADLINE, TIMETABLE, CALENDAR)
    assert moved > DEADLINE
    assert clocks.clarification(late, moved, TIMETABLE, CALENDAR).passed


def test_an_objection_to_the_documents_comes_ten_days_before_the_deadline() -> None:
    last = law.object_until(DEADLINE, TIMETABLE, CALENDAR)
    assert clocks.document_objection(last, DEADLINE, TIMETABLE, CALENDAR).passed
    after = last + timedelta(seconds=1)
    assert not clocks.document_objection(after, DEADLINE, TIMETABLE, CALENDAR).passed


def test_an_objection_is_answered_and_the_candidates_are_published_within_three_days() -> None:
    on_time, late = NOTICE + timedelta(days=3), NOTICE + timedelta(days=4)
    for rule in (clocks.objection_answer, clocks.candidates_published):
        assert rule(NOTICE, on_time, TIMETABLE, CALENDAR).passed
        assert not rule(NOTICE, late, TIMETABLE, CALENDAR).passed


ANSWERS = (calendar_days(0), calendar_days(3), working_days(1), working_days(3))
HOURS = st.integers(0, 24 * 18)


@settings(max_examples=examples(400))
@given(HOURS, HOURS, st.sampled_from(ANSWERS))
def test_what_is_within_a_period_is_what_its_deadline_says(
    start: int, later: int, period: Period
) -> None:
    # Half of these hours lie in the spring holiday, where counted days and the deadline differed.
    calendar = WorkCalendar(
        first_on=date(2026, 1, 1),
        last_on=date(2026, 12, 31),
        holidays=tuple(date(2026, 2, day) for day in range(16, 24)),
        make_up=(date(2026, 2, 28),),
    )
    begins = datetime(2026, 2, 10, tzinfo=UTC) + timedelta(hours=start)
    ends = begins + timedelta(hours=later)
    found = within("x", "art. 1", (begins, ends), period, calendar, ZONE)
    assert found.passed is (ends <= deadline(begins, period, calendar, ZONE))


def test_working_days_are_counted_without_weekends() -> None:
    friday = datetime(2026, 3, 6, 1, tzinfo=UTC)
    monday = friday + timedelta(days=3)
    assert clocks.days_between(friday, monday, working_days(1), CALENDAR, ZONE) == 1


def test_a_contract_on_the_terms_of_the_bid_may_be_signed() -> None:
    assert signed() == []


def test_a_contract_at_another_price_late_with_too_high_a_bond_fails_three_times() -> None:
    assert signed(
        value_fen=1_001, performance_bond_fen=101, signed_at=NOTICE + timedelta(days=31)
    ) == ["bidding.contract_value", "bidding.contract_signing", "bidding.performance_bond"]


def test_the_last_day_for_the_signature_counts_to_its_end() -> None:
    end = deadline(NOTICE, TIMETABLE.contract_signing, CALENDAR, ZONE)
    assert signed(signed_at=end) == []
    assert signed(signed_at=end + timedelta(seconds=1)) == ["bidding.contract_signing"]


def test_nothing_is_signed_before_the_award() -> None:
    assert signed(signed_at=NOTICE) == []
    early = signed(signed_at=NOTICE - timedelta(microseconds=1))
    assert early == ["bidding.signed_after_award"]


def test_a_time_to_sign_in_working_days_ends_with_its_deadline() -> None:
    # Five working days from Monday 2 March end with Monday 9 March; the weekend is not signed away.
    timetable = TIMETABLE.model_copy(update={"contract_signing": working_days(5)})
    end = datetime(2026, 3, 9, 16, tzinfo=UTC)
    assert signed(signed_at=end, timetable=timetable) == []
    late = signed(signed_at=end + timedelta(microseconds=1), timetable=timetable)
    assert late == ["bidding.contract_signing"]


def test_a_retention_above_the_cap_names_its_term() -> None:
    assert signed(retention_permille=31) == ["bidding.retention"]


@pytest.mark.parametrize(
    ("at_fault", "outcome"),
    [
        (Party.CANDIDATE, BondOutcome(forfeited_fen=21)),
        (Party.TENDERER, BondOutcome(back_fen=42)),
        (None, BondOutcome(held_fen=21)),
    ],
)
def test_the_responsible_party_pays_for_a_missing_signature(
    at_fault: Party | None, outcome: BondOutcome
) -> None:
    assert law.unsigned_bond(21, at_fault, TIMETABLE) == outcome


def test_what_nobody_is_to_blame_for_costs_nobody_the_bond() -> None:
    forfeited = {
        ground: law.next_candidate(["B"], ground).bond_forfeited for ground in CandidateGround
    }
    assert [ground for ground, lost in forfeited.items() if not lost] == [
        CandidateGround.FORCE_MAJEURE,
        CandidateGround.TOO_DEAR,
    ]


def terms(**changed: Any) -> list[str]:
    plan = TenderPlan.model_validate({"estimate_fen": 1_000, "ceiling_fen": 1_000, **changed})
    return [check.code for check in law.document_terms(plan, TIMETABLE).failed]


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({}, []),
        ({"bid_bond_fen": 20, "retention_permille": 30}, []),
        ({"bid_bond_fen": 21}, ["bidding.bid_bond"]),
        ({"retention_permille": 31}, ["bidding.retention"]),
        ({"ties": ("price", "price")}, ["bidding.ties_once"]),
        ({"ties": ()}, []),
        # A benchmark is looked at where the method takes one.
        ({"benchmark": {"above": 1, "below": 2}}, []),
    ],
)
def test_terms_above_their_limit_are_named(changed: dict[str, Any], failed: list[str]) -> None:
    assert terms(**changed) == failed


@pytest.mark.parametrize(
    ("benchmark", "failed"),
    [
        (None, ["bidding.benchmark_given"]),
        ({}, []),
        ({"price_fen": 900, "above": "3/2", "below": "4/3"}, []),
        ({"above": 1, "below": 1}, ["bidding.benchmark_above"]),
        ({"above": 1, "below": 2}, ["bidding.benchmark_above"]),
        ({"price_fen": 0}, ["bidding.benchmark_price"]),
        ({"below": -1}, ["bidding.benchmark_below"]),
        ({"below": 0}, []),
    ],
)
def test_the_benchmark_method_takes_more_off_above_than_below(
    benchmark: dict[str, Any] | None, failed: list[str]
) -> None:
    assert terms(method="comprehensive_benchmark", benchmark=benchmark) == failed


@pytest.mark.parametrize(("named", "left"), [(None, None), (900, 300), (901, 300), (2, 1)])
def test_a_named_benchmark_shrinks_with_what_is_built(named: int | None, left: int | None) -> None:
    terms = BenchmarkTerms(price_fen=named)
    assert terms.in_proportion(1_000, 3_000).price_fen == left


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        law.method_named("nearest_to_the_mean")
    assert refused.value.problems[0].code == "bidding.method_unknown"


def test_a_late_change_of_the_documents_moves_the_deadline() -> None:
    last = law.clarify_until(DEADLINE, TIMETABLE, CALENDAR)
    assert law.deadline_after_clarification(last, DEADLINE, TIMETABLE, CALENDAR) == DEADLINE
    late = last + timedelta(microseconds=1)
    moved = law.deadline_after_clarification(late, DEADLINE, TIMETABLE, CALENDAR)
    assert moved > DEADLINE
    assert law.clarify_until(moved, TIMETABLE, CALENDAR) >= late


def test_the_next_candidate_follows_or_it_is_tendered_again() -> None:
    assert law.next_candidate(["B", "C"]).bidder_id == "B"
    assert law.next_candidate([]).retender


@given(days=st.integers(20, 365), hour=st.integers(0, 23), offset=st.integers(0, 300))
@settings(max_examples=examples(60))
def test_every_deadline_of_the_law_leaves_at_least_the_days_it_promises(
    days: int, hour: int, offset: int
) -> None:
    start = NOTICE + timedelta(days=offset, hours=hour)
    period = TIMETABLE.bid_preparation.model_copy(update={"days": days})
    end = deadline(start, period, CALENDAR, ZONE)
    assert clocks.days_between(start, end, period, CALENDAR, ZONE) >= days


@given(estimate=st.integers(1, 10**15), permille=st.integers(0, 1000))
@settings(max_examples=examples(60))
def test_the_bond_that_is_taken_is_the_highest_that_documents_may_ask_for(
    estimate: int, permille: int
) -> None:
    timetable = TIMETABLE.model_copy(update={"bid_bond_permille": permille})
    limit = law.bond_limit_fen(estimate, timetable)
    assert limit <= Fraction(estimate * permille, 1000) < limit + 1
    assert documents.bid_bond(limit, estimate, timetable).passed
    assert not documents.bid_bond(limit + 1, estimate, timetable).passed
