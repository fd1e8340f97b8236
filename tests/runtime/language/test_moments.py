"""What is a moment, and what only looks like one."""

import pytest

from models.fields import YEARS
from models.values.refusal import Problem
from runtime.history.figures import figure
from runtime.language.moments import END, FIRST, local_moment, on_clock, read_moment
from runtime.language.sentences import sentence
from service.notices.wording import text_of

NO_CLOCK_SHOWS = ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00Z")
ZONES = ("Asia/Shanghai", "Pacific/Kiritimati", "Etc/GMT+12")


@pytest.mark.parametrize("words", NO_CLOCK_SHOWS)
def test_words_that_look_like_a_moment_that_no_clock_shows_stay_words(words: str) -> None:
    assert read_moment(words) is None
    told = Problem(code="test.said", where="reason", params={"reason": words})
    assert words in sentence(on_clock(told, ZONES[0]))
    assert figure("reason", words, "en", ZONES[0]) == words
    assert words in text_of("suggestion_answered", {"reply": words}, "en", ZONES[0])


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("words", ["1900-01-01T00:00:00Z", "2200-12-31T11:59:59-12:00"])
def test_whatever_is_a_moment_is_shown_by_every_clock(words: str, zone: str) -> None:
    moment = read_moment(words)
    assert moment is not None
    assert local_moment(moment, "zh_CN", zone)


def test_a_moment_lies_within_the_years_that_a_field_takes() -> None:
    assert (FIRST.year, END.year) == (YEARS.start, YEARS.stop)
