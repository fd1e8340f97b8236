from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.actor import Actor, Role
from models.values.feedback import EvaluationFacts, GradeStep, Level, Measurement
from models.values.refusal import Refused
from models.values.scheme import Target
from models.values.timetable import Timetable, WorkCalendar
from rules import feedback as law
from tests.support.cases import worked
from tests.support.slow import examples

CASES = worked("evaluation")
CALENDAR = WorkCalendar(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31))
TIMETABLE = Timetable()
MONDAY = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""Noon in Shanghai, where days end at 16:00 UTC."""


def who(role: Role) -> Actor:
    return Actor(id=role.value, role=role, label=role.value)


def due(level: Level, now: datetime, opened: datetime = MONDAY) -> datetime:
    return law.ticket_due(level, opened, now, TIMETABLE, CALENDAR)


def test_the_grid_worker_has_a_day_from_moment_to_moment() -> None:
    assert due("grid", MONDAY) == MONDAY + timedelta(hours=24)


def test_the_community_has_two_working_days() -> None:
    assert due("community", MONDAY) == datetime(2026, 3, 4, 16, tzinfo=UTC)


def test_a_weekend_does_not_count() -> None:
    friday = MONDAY + timedelta(days=4)
    assert due("community", friday, friday) == datetime(2026, 3, 10, 16, tzinfo=UTC)


def test_every_level_up_to_the_district_stays_within_the_total() -> None:
    total = law.total_due(MONDAY, TIMETABLE, CALENDAR)
    thursday = MONDAY + timedelta(days=3)
    assert total == datetime(2026, 3, 9, 16, tzinfo=UTC)
    assert due("street", thursday) == due("district", thursday) == total


def test_when_the_total_is_over_a_level_still_gets_its_own_time() -> None:
    total = law.total_due(MONDAY, TIMETABLE, CALENDAR)
    assert due("district", total) > total + timedelta(days=4)


def test_the_city_has_its_own_time_after_the_levels_below_failed() -> None:
    thursday = MONDAY + timedelta(days=3)
    assert due("city", thursday) > law.total_due(MONDAY, TIMETABLE, CALENDAR)


def test_the_ladder_ends_at_the_city() -> None:
    assert [law.level_above(level) for level in ("grid", "district", "city")] == [
        "community",
        "city",
        None,
    ]


@pytest.mark.parametrize(
    ("role", "level", "may"),
    [
        (Role.GRID_WORKER, "grid", True),
        (Role.GRID_WORKER, "community", False),
        (Role.RESIDENTS_COMMITTEE, "community", True),
        (Role.RESIDENTS_COMMITTEE, "street", False),
        (Role.STREET_OFFICE, "grid", True),
        (Role.STREET_OFFICE, "district", False),
        (Role.DISTRICT_BUREAU, "city", True),
        (Role.CONTRACTOR, "grid", False),
        (Role.OWNER, "grid", False),
    ],
)
def test_the_level_that_holds_a_ticket_answers_it_or_one_above(
    role: Role, level: Level, may: bool
) -> None:
    assert (law.answer_problems(level, who(role)) == ()) is may


def test_a_ticket_is_in_time_until_the_total_is_over() -> None:
    total = law.total_due(MONDAY, TIMETABLE, CALENDAR)
    late = total + timedelta(microseconds=1)
    assert law.resolved_in_time(MONDAY, total, TIMETABLE, CALENDAR).passed
    missed = law.resolved_in_time(MONDAY, late, TIMETABLE, CALENDAR).failed[0]
    assert missed.have is not None
    assert missed.need is not None
    assert missed.have - missed.need == Fraction(1, 1_000_000)


def reopen(level: Level, times: int, after_days: int = 1) -> tuple[Level, int]:
    now = MONDAY + timedelta(days=after_days)
    again = law.reopening(level, times, MONDAY, now, TIMETABLE, CALENDAR)
    return again.level, again.reopened


def test_the_first_reopening_stays_and_the_second_goes_one_level_up() -> None:
    assert reopen("community", 0) == ("community", 1)
    assert reopen("community", 1) == ("street", 2)


def test_a_ticket_is_not_reopened_after_the_period() -> None:
    with pytest.raises(Refused) as refused:
        reopen("grid", 0, after_days=20)
    assert refused.value.problems[0].code == "feedback.reopen_too_late"


def test_above_the_highest_level_only_the_legal_ways_are_left() -> None:
    assert reopen("city", 0) == ("city", 1)
    with pytest.raises(Refused) as refused:
        reopen("city", 1)
    assert refused.value.problems[0].code == "feedback.reopen_exhausted"


def test_open_tickets_are_looked_at_every_working_day_until_their_limit() -> None:
    now, looks = MONDAY, []
    while (again := law.next_look(now, MONDAY, 1, TIMETABLE, CALENDAR)) is not None:
        looks.append(again)
        now = again
    assert looks[-1] == law.tickets_limit(MONDAY, TIMETABLE, CALENDAR)
    # Monday to Friday and the next Monday, on which the five working days are over.
    assert [look.day for look in looks] == [2, 3, 4, 5, 6, 9]
    assert law.next_look(MONDAY, MONDAY, 0, TIMETABLE, CALENDAR) is None


def test_the_hash_of_a_text_is_bound_to_its_ticket() -> None:
    assert law.text_hash("t1", "dark") == law.text_hash("t1", "dark")
    assert law.text_hash("t1", "dark") != law.text_hash("t2", "dark")


def measured(name: str, part: int, whole: int) -> tuple[Measurement, ...]:
    return (Measurement(indicator=name, numerator=part, denominator=whole),)


def test_a_target_is_met_exactly_at_the_fraction() -> None:
    target = Target(indicator="satisfaction", numerator=85, denominator=100)
    assert law.compare_with_target(measured("satisfaction", 17, 20), target).met
    assert not law.compare_with_target(measured("satisfaction", 849, 1_000), target).met


def test_fewer_reopened_tickets_are_better() -> None:
    target = Target(indicator="reopen_rate", numerator=1, denominator=10)
    assert law.compare_with_target(measured("reopen_rate", 1, 10), target).met
    assert not law.compare_with_target(measured("reopen_rate", 2, 10), target).met


@pytest.mark.parametrize("known", [measured("satisfaction", 0, 0), ()])
def test_what_was_not_measured_is_not_met(known: tuple[Measurement, ...]) -> None:
    target = Target(indicator="satisfaction", numerator=0, denominator=1)
    result = law.compare_with_target(known, target)
    assert result.check.passed is None
    assert not result.met


def test_missing_answers_are_reported_beside_the_fraction() -> None:
    facts = EvaluationFacts(units=10, answers=7, satisfied=6, tickets_answered=2, tickets_open=1)
    by_name = {each.indicator: each for each in law.measurements(facts)}
    satisfaction, tickets = by_name["satisfaction"], by_name["tickets_in_time"]
    assert (satisfaction.numerator, satisfaction.denominator, satisfaction.missing) == (6, 7, 3)
    assert (tickets.denominator, tickets.missing) == (2, 1)


def test_the_satisfaction_floor_is_met_exactly_and_unknown_without_answers() -> None:
    verdicts = [
        law.satisfaction_floor(*given, TIMETABLE).verdict for given in ((17, 20), (16, 20), (0, 0))
    ]
    assert verdicts == ["PASS", "FAIL", "INDETERMINATE"]


@pytest.mark.parametrize(
    ("satisfied", "answers", "interval"),
    [(8, 10, (490, 944)), (0, 10, (0, 278)), (10, 10, (722, 1000)), (85, 100, (767, 907))],
)
def test_the_wilson_interval_is_rounded_outward(
    satisfied: int, answers: int, interval: tuple[int, int]
) -> None:
    found = law.wilson(satisfied, answers)
    assert found is not None
    assert (found.lower_permille, found.upper_permille) == interval


def test_without_answers_there_is_no_interval() -> None:
    assert law.wilson(0, 0) is None
    with pytest.raises(ValueError, match="between"):
        law.wilson(2, 1)


@settings(max_examples=examples(300), deadline=None)
@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_agrees_with_the_real_formula(
    given_share: tuple[int, int],
) -> None:
    k, n = given_share
    found = law.wilson(k, n)
    assert found is not None
    assert found.lower_permille * n <= 1_000 * k <= found.upper_permille * n
    z = 1.959963984540054
    middle = (k + z * z / 2) / (n + z * z)
    half = z * sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    assert -1e-6 <= 1_000 * (middle - half) - found.lower_permille <= 1 + 1e-6
    assert -1e-6 <= found.upper_permille - 1_000 * (middle + half) <= 1 + 1e-6


def test_the_published_budget_execution_comes_out() -> None:
    case = CASES["sd-2019-exec"]
    found = law.percent(Fraction(case["input"]["spent_wan"]), Fraction(case["input"]["budget_wan"]))
    assert found == Fraction(case["expected"]["execution_rate_pct"])


def test_the_published_balance_and_funding_sums_come_out() -> None:
    spent, total = CASES["sd-2017"], CASES["sd-2020"]
    left = Fraction(spent["input"]["budget_wan"]) - Fraction(spent["input"]["spent_wan"])
    both = Fraction(total["input"]["central_wan"]) + Fraction(total["input"]["provincial_wan"])
    assert left == Fraction(spent["expected"]["balance_wan"])
    assert both == Fraction(total["expected"]["central_plus_provincial_wan"])


def test_the_published_share_of_the_residents_comes_out() -> None:
    case = CASES["hz-zhegong"]
    found = law.percent(
        Fraction(case["input"]["residents_yi"]), Fraction(case["input"]["total_yi"]), 1
    )
    assert f"{float(found)} (computed)" == case["expected"]["resident_share_pct"]


def test_the_published_completion_is_more_than_the_plan() -> None:
    case = CASES["jn-2021"]
    done, planned = case["input"]["communities"], case["expected"]["planned_communities_about"]
    assert law.percent(Fraction(done), Fraction(planned), 0) == case["input"]["plan_completion_pct"]


@pytest.mark.parametrize(("score", "expected"), [("85.81", "good"), ("95", "good"), ("85", "pass")])
def test_the_published_grades_are_strict_at_their_bounds(score: str, expected: str) -> None:
    scale = (
        GradeStep(grade="excellent", above=Fraction(95)),
        GradeStep(grade="good", above=Fraction(85)),
        GradeStep(grade="pass", above=Fraction(75)),
    )
    assert expected in CASES["jx-grades"]["expected"][score]
    assert law.grade(Fraction(score), scale, "poor") == expected


@given(st.dictionaries(st.integers(1, 5), st.integers(0, 20), min_size=1))
def test_no_number_of_the_survey_tells_of_fewer_than_five(counts: dict[int, int]) -> None:
    shown = law.shown_cells(counts)
    hidden = [counts[score] for score, told in shown.items() if told is None]
    assert all(told is None or told == counts[score] >= 5 for score, told in shown.items())
    # One hidden number alone would follow from the sum.
    assert len(hidden) != 1 or len(counts) == 1
