"""A renovation that stands still: what goes on, and by how much each period ends later."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from models.messages.publication import PublicationClosing, PublicationProgress
from models.messages.voting import VotePeriod, VotingProgress
from models.values.refusal import Refused
from models.values.states import SuspensionGround
from models.values.timetable import Timetable, calendar_days
from models.values.waits import Wait
from rules import oversight as law
from rules.time.deadlines import deadline
from rules.time.told_clock import is_due
from runtime.calendars import chinese_calendar

START = datetime(2025, 3, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def rest(first: int, last: int) -> JsonValue:
    return [(START + first * DAY).isoformat(), (START + last * DAY).isoformat()]


@pytest.mark.parametrize(
    ("rests", "later"),
    [
        ([], 0),
        ([rest(2, 5)], 3),
        ([rest(2, 5), rest(12, 14)], 5),
        ([rest(-4, 3)], 3),
        ([rest(-4, 0)], 0),
        ([rest(10, 14)], 0),
        ([rest(9, 14)], 5),
        ([rest(2, 5), rest(13, 14)], 3),
    ],
    ids=["never", "within", "twice", "from_before", "before", "at_the_end", "last_day", "after"],
)
def test_a_period_of_ten_days_ends_later_by_what_it_rested(
    rests: list[JsonValue], later: int
) -> None:
    assert law.rested(START + 10 * DAY, START, rests) == START + (10 + later) * DAY


def test_a_line_of_the_agenda_goes_on_with_the_time_that_it_had_left() -> None:
    ahead = Wait(what="ballots", since=START + 4 * DAY, due_at=START + 9 * DAY)
    after = law.resumed(ahead, START + 2 * DAY, START + 3 * DAY)
    assert (after.since, after.due_at) == (START + 5 * DAY, START + 10 * DAY)
    said = law.moved(ahead, after)
    assert said is not None
    assert (said.before, said.after) == (START + 9 * DAY, START + 10 * DAY)


def test_what_was_to_begin_meanwhile_begins_later() -> None:
    announced = Wait(what="ballots", since=START + 4 * DAY, due_at=START + 9 * DAY)
    after = law.resumed(announced, START + 2 * DAY, START + 5 * DAY)
    assert (after.since, after.due_at) == (START + 7 * DAY, START + 12 * DAY)


def test_what_began_meanwhile_has_rested_from_its_beginning() -> None:
    filed = Wait(what="answers", since=START + 4 * DAY, due_at=START + 6 * DAY)
    after = law.resumed(filed, START, START + 5 * DAY, meanwhile=True)
    assert (after.since, after.due_at) == (filed.since, START + 7 * DAY)


def test_what_was_due_already_stays_due() -> None:
    step = Wait(what="engine", since=START, due_at=START, consequence="goes_on")
    after = law.resumed(step, START + DAY, START + 5 * DAY)
    assert after == step
    assert is_due(after, START + 5 * DAY)
    assert law.moved(step, after) is None


def test_complaints_and_what_ends_the_halt_go_on() -> None:
    assert law.rests("voting.box_closed", "voting")
    assert law.rests("agenda.reminded", "voting")
    assert not law.rests("agenda.reminded", "")
    assert not law.rests("feedback.ticket_escalated", "ticket")
    assert not law.rests(law.RESUMED, "")


def test_every_ground_has_its_article() -> None:
    assert set(law.GROUNDS) == set(SuspensionGround)


def test_a_progress_keeps_what_is_over_and_moves_what_was_ahead() -> None:
    period = VotePeriod(box_id="b", check_at=START, closes_at=START + 9 * DAY, tick=START)
    voting = VotingProgress(period=period, tick=START + 8 * DAY, seq=7)
    after = voting.rested(START + DAY, START + 3 * DAY)
    assert after.period is not None
    assert (after.period.check_at, after.period.closes_at) == (START, START + 11 * DAY)
    assert (after.tick, after.seq, after.period.tick) == (START + 8 * DAY, 7, START)
    closing = PublicationClosing(closed=True, closes_at=START)
    closed = PublicationProgress(closes_at=START, closed=closing)
    assert closed.rested(START + DAY, START + 3 * DAY) == closed


def test_an_extension_ends_at_midnight_and_on_no_day_off() -> None:
    zone, calendar = Timetable().zone, chinese_calendar()
    end = deadline(START, calendar_days(3), calendar, zone)
    wait = Wait(what="open_vote", due_at=end, consequence="reminded")
    before, after = law.extension(wait, 2, START, Timetable(), calendar)
    # 6 March and two days are a Saturday: the Monday after it.
    assert (before, after) == (end, datetime(2025, 3, 10, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    ("what", "consequence", "days", "code"),
    [
        ("ballots", "box_closed", 3, "oversight.not_extendable"),
        ("payments", "collection_counted", 3, "oversight.not_extendable"),
        ("open_vote", "reminded", 0, "oversight.period_over"),
    ],
)
def test_what_may_not_be_extended_says_why(
    what: str, consequence: str, days: int, code: str
) -> None:
    wait = Wait(what=what, due_at=START + days * DAY, consequence=consequence)
    with pytest.raises(Refused) as refused:
        law.extension(wait, 5, START, Timetable(), chinese_calendar())
    assert refused.value.problems[0].code == code
