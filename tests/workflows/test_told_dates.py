"""The told clock comes to the same dates as the rules compute on paper, holidays included."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.messages import acts as a
from models.values.timetable import Period, Timetable
from rules.feedback import ticket_due
from rules.time.deadlines import deadline, extended_end
from runtime.calendars import chinese_calendar
from tests.support.journey import STREET, JourneyDriver, complain
from tests.support.slow import some_are_slow

Begin = Callable[..., Awaitable[JourneyDriver]]
TIMES = Timetable()
CALENDAR = chinese_calendar()
DAY = timedelta(days=1)
NATIONAL_DAY = datetime(2025, 9, 26, 1, tzinfo=UTC)
"""A Friday: the week after next is off, a Sunday before and a Saturday after it are worked."""
SPRING_FESTIVAL = datetime(2025, 1, 22, 1, tzinfo=UTC)
ORDINARY = datetime(2025, 3, 3, 1, tzinfo=UTC)
STARTS = pytest.mark.parametrize(
    "told_at",
    [NATIONAL_DAY, *some_are_slow(ORDINARY, SPRING_FESTIVAL)],
    ids=["october", "march", "spring"],
)


def ends(start: datetime, period: Period) -> datetime:
    return deadline(start, period, CALENDAR, TIMES.zone)


async def happened_at(j: JourneyDriver, kind: str) -> datetime:
    found: datetime = await j.value(
        f"SELECT max(happened_at) FROM event WHERE renovation_id=$1 AND kind='{kind}'"
    )
    return found


@STARTS
async def test_a_vote_and_its_extension(journey: Begin, told_at: datetime) -> None:
    j = await journey(told_at=told_at)
    await j.until("ballots")
    announced = await happened_at(j, "voting.box_announced")
    box = await j.box()
    opens_at = ends(announced, TIMES.vote_notice)
    closes_at = ends(opens_at, TIMES.vote_open)
    assert (announced, box["opens_at"], box["closes_at"]) == (told_at, opens_at, closes_at)
    j.on("ballots", nobody_votes)
    await j.move("to", to=closes_at.isoformat())
    (checked,) = await j.details("voting.turnout_checked")
    longest = opens_at + TIMES.vote_open_max.days * DAY
    extended = min(ends(closes_at, TIMES.extension), longest)
    assert checked["extended"] is True
    assert (await j.box())["closes_at"] == extended
    assert await happened_at(j, "voting.turnout_checked") == closes_at - DAY
    await j.until("objections.vote_result")
    assert await happened_at(j, "voting.box_closed") == extended
    window = await j.value("SELECT closes_at FROM publication WHERE renovation_id=$1")
    assert window == ends(extended, TIMES.result_objection)


async def nobody_votes(_: JourneyDriver) -> None:
    """Silence."""


@STARTS
async def test_a_clock_that_an_objection_suspends(journey: Begin, told_at: datetime) -> None:
    j = await journey(told_at=told_at)
    await j.until("objections.candidates")
    opened, planned = await period(j)
    assert planned == ends(opened, TIMES.candidate_publicity)
    publication, objection = await j.object_to("candidates")
    filed = await j.now()
    await j.days(9)
    await j.act(
        a.AnswerObjection,
        STREET,
        publication_id=publication,
        objection_id=objection,
        upheld=False,
        answer="the report stands",
    )
    answered = await j.now()
    _, moved = await period(j)
    assert moved == extended_end(planned, filed, answered)
    await j.until("award_contract")
    assert await j.now() == moved, "closed when the time that it took was over"


async def period(j: JourneyDriver) -> tuple[datetime, datetime]:
    row = await j.db.fetchrow(
        "SELECT opens_at, closes_at FROM publication WHERE renovation_id=$1"
        " AND subject='candidates' ORDER BY opens_at DESC LIMIT 1",
        j.rid,
    )
    return row["opens_at"], row["closes_at"]


@STARTS
async def test_the_working_days_of_a_complaint(journey: Begin, told_at: datetime) -> None:
    j = await journey(told_at=told_at)
    await j.until("open_vote")
    ticket = await complain(j)
    since = opened = told_at
    for level in ("grid", "community", "street", "district"):
        await j.parts.clocks.settle(j.rid)
        row = await j.db.fetchrow("SELECT level, due_at FROM ticket WHERE id=$1", ticket)
        due = ticket_due(level, opened, since, TIMES, CALENDAR)
        assert (row["level"], row["due_at"]) == (level, due)
        moved = await j.move("next")
        assert moved.now == due
        since = due


async def test_publications_across_a_holiday(journey: Begin) -> None:
    """The window of a result that begins before National Day ends after the days off."""
    j = await journey(told_at=datetime(2025, 8, 25, 1, tzinfo=UTC))
    await j.until("objections.share_table")
    rows = await j.db.fetch(
        "SELECT subject, opens_at, closes_at FROM publication WHERE renovation_id=$1"
        " ORDER BY opens_at",
        j.rid,
    )
    windows: dict[str, Any] = {
        "vote_result": TIMES.result_objection,
        "share_table": TIMES.scheme_publication,
    }
    assert [row["subject"] for row in rows] == list(windows)
    for row in rows:
        assert row["closes_at"] == ends(row["opens_at"], windows[row["subject"]])
    off = [row for row in rows if row["closes_at"] - row["opens_at"] > 8 * DAY]
    assert off, "one of the windows would have ended on a day off"
