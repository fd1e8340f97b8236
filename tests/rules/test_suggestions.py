"""Suggestions (人民建议): when support is enough, who may still do what, and what a vote waits for."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.refusal import Refused
from models.values.states import SuggestionOutcome, SuggestionState
from models.values.timetable import Timetable
from rules.feedback.suggestions import (
    SuggestionStanding,
    moved,
    needed,
    owed_before_vote,
    place_problems,
    refuse_merging,
    refuse_review,
    refuse_support,
    refuse_withdrawal,
    reply_due,
    reply_problems,
    review_due,
    support,
    words_hash,
)
from runtime.calendars import chinese_calendar
from tests.support.estate import scheme_content

TERMS = Timetable()
MONDAY = datetime(2026, 3, 2, 2, tzinfo=UTC)
"""Ten in the morning in Shanghai."""
ONE = SuggestionStanding(id="g1", state=SuggestionState.OPEN)
REFERRED, NO = SuggestionOutcome.REFERRED, SuggestionOutcome.NOT_ADOPTED


def standing(
    state: str, outcome: str | None = None, *, qualified: bool = False
) -> SuggestionStanding:
    return SuggestionStanding.model_validate(
        {"id": "g1", "state": state, "outcome": outcome, "qualified": qualified}
    )


def code(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.problems[0].code


@given(units=st.integers(1, 2_000), permille=st.integers(1, 1_000))
def test_the_number_that_is_needed_is_the_least_that_is_enough(units: int, permille: int) -> None:
    terms = TERMS.model_copy(update={"suggestion_threshold_permille": permille})
    least = needed(units, terms)
    assert support(least, units, terms).passed
    assert not support(least - 1, units, terms).passed
    (check,) = support(least, units, terms).checks
    assert (check.have, check.need) == (Fraction(least, units), Fraction(permille, 1_000))


def test_of_an_estate_without_units_nothing_is_known() -> None:
    assert support(0, 0, TERMS).verdict == "INDETERMINATE"


def test_review_and_reply_are_counted_from_the_arrival() -> None:
    calendar = chinese_calendar()
    assert review_due(MONDAY, TERMS, calendar) == datetime(2026, 3, 9, 16, tzinfo=UTC)
    assert reply_due(MONDAY, TERMS, calendar) == datetime(2026, 4, 1, 16, tzinfo=UTC)


@given(st.timedeltas(timedelta(-400), timedelta(400)))
def test_what_was_left_of_a_time_is_left_of_it_by_another_clock(left: timedelta) -> None:
    told = datetime(2030, 1, 1, tzinfo=UTC)
    there = moved(MONDAY + left, MONDAY, told)
    assert there - told == left
    assert moved(there, told, MONDAY) == MONDAY + left


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Put lamps up", "put  LAMPS\nup ", True),
        ("装路灯", "装路灯 ", True),
        ("Put lamps up", "Put lamps down", False),
    ],
)
def test_the_same_words_are_a_repeat_whatever_their_blanks_and_capitals(
    one: str, other: str, *, same: bool
) -> None:
    assert (words_hash(one) == words_hash(other)) == same


@pytest.mark.parametrize(
    ("of", "refused"),
    [
        (standing("open"), ""),
        (standing("answered", "referred"), ""),
        (standing("submitted"), "suggestion.not_reviewed"),
        (standing("answered", "adopted"), "suggestion.over"),
        (standing("hidden"), "suggestion.over"),
        (standing("merged"), "suggestion.over"),
        (standing("ended"), "suggestion.over"),
    ],
)
def test_neighbours_join_what_is_public_and_not_decided(
    of: SuggestionStanding, refused: str
) -> None:
    if not refused:
        refuse_support(of)
        return
    with pytest.raises(Refused) as error:
        refuse_support(of)
    assert code(error) == refused


def test_words_are_reviewed_once_and_hidden_ones_again() -> None:
    refuse_review(standing("submitted"))
    refuse_review(standing("hidden"), again=True)
    for of, again in ((standing("open"), False), (standing("hidden"), False), (ONE, True)):
        with pytest.raises(Refused):
            refuse_review(of, again=again)


def test_what_is_decided_is_not_joined_to_anything() -> None:
    refuse_merging(ONE, SuggestionStanding(id="g2", state=SuggestionState.SUBMITTED))
    decided = SuggestionStanding(id="g2", state=SuggestionState.ANSWERED, outcome=NO)
    for one, into in ((ONE, decided), (decided, ONE), (ONE, ONE)):
        with pytest.raises(Refused):
            refuse_merging(one, into)


def test_an_author_takes_back_what_is_nobody_elses() -> None:
    refuse_withdrawal(ONE, 0)
    for of, others in ((ONE, 1), (standing("open", qualified=True), 0), (standing("merged"), 0)):
        with pytest.raises(Refused):
            refuse_withdrawal(of, others)


@pytest.mark.parametrize("outcome", SuggestionOutcome)
@pytest.mark.parametrize("placed", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_what_many_support_has_a_place_is_referred_or_turned_down_by_two(
    outcome: SuggestionOutcome, *, placed: bool, second: bool
) -> None:
    assert not reply_problems(ONE, outcome, placed=placed, second=second)
    many = standing("open", qualified=True)
    found = reply_problems(many, outcome, placed=placed, second=second)
    may = outcome is REFERRED or (second if outcome is NO else placed)
    assert (not found) == may


def test_an_item_or_a_motion_is_one_of_the_scheme() -> None:
    content = scheme_content()
    assert not place_problems(content, "", "")
    assert not place_problems(content, "roof", "")
    assert not place_problems(content, "", "works")
    codes = [
        place_problems(of, item, motion)[0].code
        for of, item, motion in (
            (content, "works", ""),
            (content, "roof", "works"),
            (None, "roof", ""),
        )
    ]
    assert codes == ["suggestion.place_unknown", "suggestion.one_place", "suggestion.no_scheme"]


@pytest.mark.parametrize(
    ("of", "days", "owed"),
    [
        (standing("open"), None, False),
        (standing("open"), -1, True),
        (standing("open"), 1, True),
        (standing("answered", "referred"), -1, True),
        (standing("answered", "referred"), 1, False),
        (standing("answered", "adopted"), -1, False),
        (standing("answered", "not_adopted"), -1, False),
    ],
)
def test_a_vote_waits_for_what_was_a_matter_of_its_scheme(
    of: SuggestionStanding, days: int | None, *, owed: bool
) -> None:
    qualified_at = None if days is None else MONDAY + timedelta(days)
    assert owed_before_vote(of, qualified_at, MONDAY) == owed
