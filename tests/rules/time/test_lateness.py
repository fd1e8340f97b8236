"""Whoever is late is told first, then each level above, once; nobody is told twice."""

from datetime import UTC, datetime, timedelta

import pytest

from models.values.actor import Role
from models.values.timetable import Timetable, calendar_days
from models.values.waits import Consequence, Wait
from rules.time.lateness import LADDER, WITHIN, due, overdue
from runtime.calendars import chinese_calendar

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
CALENDAR = chinese_calendar()
TIMETABLE = Timetable()


def steps(who: str, level: str = "") -> list[tuple[str, ...]]:
    """Who is told, in order, when nobody ever comes."""
    wait = Wait(
        what="open_vote", who=who, level=level, due_at=NOON, consequence=Consequence.REMINDED
    )
    told: list[tuple[str, ...]] = []
    while wait.consequence:
        assert wait.due_at is not None
        found = overdue(wait, wait.due_at, TIMETABLE, CALENDAR)
        assert found.wait.late_since == NOON
        told.append(found.told)
        wait = found.wait
    assert wait.due_at is None
    return told


@pytest.mark.parametrize(
    ("who", "told"),
    [
        (
            "owners_committee, residents_committee, street_office",
            [
                ("owners_committee",),
                ("residents_committee",),
                ("street_office",),
                ("district_bureau",),
            ],
        ),
        ("district_bureau, street_office", [("street_office",), ("district_bureau",)]),
        ("district_bureau", [("district_bureau",)]),
        ("evaluator", [("evaluator",), *((level,) for level in LADDER)]),
        (
            "chief_supervisor, contractor",
            [("chief_supervisor", "contractor"), *((n,) for n in LADDER)],
        ),
    ],
)
def test_the_lowest_that_is_awaited_is_told_first_then_the_levels_above(
    who: str, told: list[tuple[str, ...]]
) -> None:
    assert steps(who) == told


def test_above_the_top_stands_nobody() -> None:
    assert steps("level_city", level=Role.DISTRICT_BUREAU.value) == [("level_city",)]


def test_each_level_has_its_time_from_when_it_was_told() -> None:
    wait = Wait(
        what="open_vote", who="street_office", due_at=NOON, consequence=Consequence.REMINDED
    )
    timetable = TIMETABLE.model_copy(update={"escalation": calendar_days(2)})
    found = overdue(wait, NOON + timedelta(days=8), timetable, CALENDAR)
    assert found.wait.late_since == NOON
    assert found.wait.due_at == datetime(2026, 3, 12, 16, tzinfo=UTC), "two days after it was told"


def test_every_period_is_one_of_the_timetable() -> None:
    for what in WITHIN:
        assert (due(what, NOON, TIMETABLE, CALENDAR) or NOON) > NOON
    assert due("ballots", NOON, TIMETABLE, CALENDAR) is None
