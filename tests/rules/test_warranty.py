"""What becomes of a retention: by whom, how much, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.actor import Actor, Role
from models.values.ledger import TransferKind
from models.values.timetable import WorkCalendar
from rules import warranty as law
from rules.ledger import Payable, paid_out, withheld
from rules.time.deadlines import months_after
from runtime.calendars import chinese_calendar

ZONE = "Asia/Shanghai"
BUREAU = Actor(id="bureau", role=Role.DISTRICT_BUREAU, label="bureau")


def codes(*args: object) -> list[str]:
    return [each.code for each in law.release_problems(*args)]  # type: ignore[arg-type]


def test_a_retention_is_released_by_nobody_who_built() -> None:
    assert codes(BUREAU, "b1", 300, 0, "") == []
    assert codes(BUREAU.model_copy(update={"id": "b1"}), "b1", 300, 0, "") == [
        "warranty.own_retention"
    ]


def test_no_more_is_withheld_than_is_kept_and_never_without_a_reason() -> None:
    assert codes(BUREAU, "b1", 300, 300, "a leak") == []
    assert codes(BUREAU, "b1", 300, 1, "  ") == ["warranty.reason_missing"]
    assert codes(BUREAU, "b1", 300, 301, "a leak") == ["warranty.withheld_above_kept"]


def test_what_is_released_goes_to_the_retention_and_after_the_works() -> None:
    works = Payable(kind=TransferKind.WORKS, certificate_id="c1", contract_id="k", amount_fen=70)
    kept = Payable(kind=TransferKind.RETENTION, contract_id="k", amount_fen=30)
    went = paid_out("key", 90, (works, kept))
    assert [(each.kind.value, each.target.code, each.amount_fen) for each in went] == [
        ("works", "contractor/k", 70),
        ("retention", "retention/k", 20),
    ]
    assert [each.certificate_id for each in went] == ["c1", None]
    (less,) = withheld("k", 10)
    assert (less.source.code, less.target.code) == ("project", "retention/k")
    assert withheld("k", 0) == ()


@pytest.mark.parametrize(
    ("begun", "months", "last"),
    [
        ("2026-03-02T02:00", 24, "2028-03-02"),
        # No 30 February: the last day of the month (Civil Code art. 202).
        ("2025-08-30T02:00", 18, "2027-03-01"),
        # A Saturday: the next working day (art. 203).
        ("2026-03-03T02:00", 18, "2027-09-03"),
        ("2026-03-04T02:00", 18, "2027-09-06"),
    ],
)
def test_a_period_of_months_ends_with_the_same_day_of_the_last_month(
    begun: str, months: int, last: str
) -> None:
    start = datetime.fromisoformat(begun).replace(tzinfo=UTC)
    end = months_after(start, months, chinese_calendar(), ZONE)
    assert end.isoformat()[:10] == last
    assert end.hour == 16, "24:00 at the place"


@given(
    st.integers(0, 7_000).map(lambda days: datetime(2020, 1, 1, 3, tzinfo=UTC) + timedelta(days)),
    st.integers(0, 24),
)
def test_more_months_never_end_earlier(start: datetime, months: int) -> None:
    calendar: WorkCalendar = chinese_calendar()
    ends = [months_after(start, each, calendar, ZONE) for each in (months, months + 1)]
    assert start <= ends[0] <= ends[1]
