from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models.values.bidding import Criteria, JudgedBid, Method
from models.values.timetable import Timetable, WorkCalendar
from rules import bidding as law
from rules.bidding import clocks
from rules.bidding.evaluation import committee
from rules.bidding.ranking import rank
from tests.support.cases import worked

TIMETABLE = Timetable()
CALENDAR = WorkCalendar(first_on=date(2023, 1, 1), last_on=date(2026, 12, 31))
CASES = worked("bidding")


def local(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(TIMETABLE.zone))


def days(start: str, end: str) -> int:
    return clocks.days_between(
        local(start),
        local(end) + timedelta(hours=9),
        TIMETABLE.bid_preparation,
        CALENDAR,
        TIMETABLE.zone,
    )


def preparation(start: str, end: str) -> tuple[bool | None, Fraction | None]:
    decision = law.tender_clocks(
        notice_at=local(start),
        documents_from=local(start),
        documents_until=local(end),
        deadline_at=local(end) + timedelta(hours=9),
        timetable=TIMETABLE,
        calendar=CALENDAR,
    )
    check = next(check for check in decision.checks if check.code == "bidding.preparation")
    return check.passed, check.have


def late(case: dict[str, Any]) -> list[str]:
    given = case["input"]
    problems = law.submission_problems(
        price_fen=1,
        bond_fen=0,
        ceiling_fen=1,
        estimate_fen=1,
        now=datetime.fromisoformat(given["received"]),
        notice_at=local("2026-02-20"),
        deadline_at=datetime.fromisoformat(given["deadline"]),
        timetable=TIMETABLE,
    )
    return [problem.code for problem in problems]


@pytest.mark.parametrize("row", ["22", "18", "ura_independent_estimate", "consultant_estimate"])
def test_the_published_prices_build_up_to_the_dollar(row: str) -> None:
    given = CASES["hk-wf-price-build-up"]["input"][row]
    built = law.price_build_up(
        base_fen=given["S2"],
        options_fen=given["coat"],
        new_fen=given["win_new"],
        old_fen=given["win_old"],
        contingency_permille=50,
    )
    assert built.total_fen == given["total"]
    assert built.contingency_fen == given.get("cont", built.contingency_fen)
    assert built.grand_fen == given.get("grand", built.grand_fen)


def test_the_published_tender_left_49_days() -> None:
    case = CASES["hk-wf-timeline"]
    given, expected = case["input"], case["expected"]
    assert days(given["notice"], given["deadline"]) == expected["days_notice_to_deadline"]
    assert preparation(given["notice"], given["deadline"])[0] is True


def test_the_low_price_formula_gives_the_printed_points() -> None:
    case = CASES["syn-low-price-formula"]
    weight = int(Fraction(case["input"]["weight"]) * 1000)
    criteria = Criteria(method=Method.COMPREHENSIVE, price_weight_milli=weight)
    bids = [
        JudgedBid(bidder_id=f"b{n}", price_fen=price)
        for n, price in enumerate(case["input"]["prices"])
    ]
    points = [ranked.price_points or Fraction(0) for ranked in rank(bids, criteria).bids]
    assert [f"{half_up(point)}" for point in points] == case["expected"]["scores"]


def half_up(value: Fraction) -> str:
    tenths = (2 * value * 10_000 + 1) // 2
    return f"{tenths // 10_000}.{tenths % 10_000:04}"


@pytest.mark.parametrize("name", ["syn-bid-count-2", "syn-bid-count-3"])
def test_three_bids_are_opened_and_two_are_not(name: str) -> None:
    case = CASES[name]
    found = law.may_open(case["input"]["bids_at_deadline"], 1, TIMETABLE)
    assert found.route.upper() == case["expected"]


def test_a_bid_one_second_late_is_rejected_unopened() -> None:
    case = CASES["syn-late-bid"]
    assert case["expected"] == "REJECT_UNOPENED"
    assert late(case) == ["bidding.late"]


def test_nineteen_days_are_too_few() -> None:
    case = CASES["syn-min-period"]
    given = case["input"]
    passed, have = preparation(given["documents_issued_from"], given["deadline"])
    assert passed is False
    assert case["expected"] == f"REJECT: {have} days < {TIMETABLE.bid_preparation.days}"


def test_committees_are_judged_as_the_cases_say() -> None:
    case = CASES["syn-committee"]
    verdicts = [committee(**given).passed for given in case["input"]]
    assert verdicts == [expected.startswith("OK") for expected in case["expected"]]


def test_when_the_first_withdraws_the_second_follows_and_the_bond_is_kept() -> None:
    case = CASES["syn-next-candidate"]
    following = law.next_candidate(case["input"]["ranking"][1:])
    assert case["expected"].startswith(f"award {following.bidder_id}")
    assert following.bond_forfeited
