"""Guessing at a letter is slowed by letter."""

from datetime import timedelta

from rules.access import AT_ONCE, LONGEST_PAUSE, MOST, locked_for, worn_out


def test_every_fifth_try_waits_twice_as_long_up_to_a_day() -> None:
    pauses = [locked_for(tries) for tries in range(1, MOST + 1)]
    waits = [pause for pause in pauses if pause is not None]
    assert pauses[: AT_ONCE - 1] == [None] * (AT_ONCE - 1)
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (15, 30, 60, 120)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_PAUSE
    assert len(waits) == MOST // AT_ONCE


def test_a_letter_is_worn_out_after_fifty_tries() -> None:
    assert not worn_out(MOST - 1)
    assert worn_out(MOST)
