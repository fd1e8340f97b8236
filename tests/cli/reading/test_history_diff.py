"""`history --diff`: the last so many lines of all that happened between two moments, and how many more there are."""

import pytest

from cli.reading.history import show_diff
from rules.history.levels import HistoryLevel
from rules.history.standing import Window
from runtime.history.view import MOST, HistoryDiff, diff_of
from tests.support.record.events import START, event

ZONE = "Asia/Shanghai"


def between(most: int | None) -> HistoryDiff:
    """A record of more lines than a difference tells."""
    events = [event(seq, "feedback.ticket_opened", 1, ticket=f"t{seq}") for seq in range(1, 702)]
    windows = Window(as_of=START), Window()
    return diff_of(events, HistoryLevel.ALL, *windows, "en", ZONE, most)


def test_the_last_so_many_are_the_last_of_all_and_the_rest_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_diff(between(None), 3, ZONE)
    said = capsys.readouterr().out
    assert "698" in said
    assert [word for word in said.split() if word in {"499", "500", "698", "699", "700", "701"}][
        -3:
    ] == [
        "699",
        "700",
        "701",
    ]


def test_all_lines_are_told_where_no_number_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    whole = between(None)
    assert (len(whole.lines), whole.more) == (701, 0)
    capped = between(MOST)
    assert (len(capped.lines), capped.more, capped.lines[0].seq) == (500, 201, 1)
    show_diff(whole, 0, ZONE)
    assert "without --limit" not in capsys.readouterr().out
