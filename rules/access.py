"""How guessing at a letter is slowed: by letter, so that nobody locks out a neighbour. All of it [D]."""

from datetime import timedelta

AT_ONCE = 5
"""Tries without a pause; then so many after each pause."""
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(days=1)
MOST = 50
"""After so many the letter is worn out: a new one is asked for in person."""


def locked_for(failures: int) -> timedelta | None:
    """How long nobody enters with the letter after so many tries without success; None: not at all.

    The pause doubles with every fifth try, up to a day.
    """
    if failures % AT_ONCE:
        return None
    doublings = min(failures // AT_ONCE - 1, MOST)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def worn_out(failures: int) -> bool:
    """Is the letter good for nothing any more?"""
    return failures >= MOST
