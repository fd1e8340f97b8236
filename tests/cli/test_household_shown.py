"""What a home reads of its own on the command line."""

import pytest
from pydantic import JsonValue

from cli.votes.household_shown import household_lines

FOUND: dict[str, JsonValue] = {
    "unit_number": "1-101",
    "basis": "award",
    "share_fen": 123_456,
    "paid_fen": 100,
    "refund_fen": 0,
    "overdue_fen": 23_400,
    "reasons": [
        {
            "title": "New roof",
            "key": "area",
            "gap_fen": 246_912,
            "payers": 2,
            "weight": 5000,
            "weights": 10_000,
            "amount_fen": 123_456,
        }
    ],
    "reliefs": [{"kind": "subsistence", "amount_fen": 5_000, "funded_by": "district"}],
    "instalments": [
        {
            "number": 1,
            "due_at": "2026-12-14T16:00:00+00:00",
            "amount_fen": 123_456,
            "open_fen": 23_400,
        }
    ],
    "tickets": [{"id": "t1", "text": "it leaks", "answer": "", "kind": "quality"}],
    "objections": [{"id": "o1", "text": "too dear", "answer": "no", "upheld": False}],
}


@pytest.mark.parametrize("language", ["en_US.UTF-8", "zh_CN.UTF-8"])
def test_the_lines_have_money_in_yuan_and_words_with_their_answers(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", language)
    lines = list(household_lines({**FOUND}, "Asia/Shanghai"))
    text = "\n".join(lines)
    assert "line." not in text
    assert len(lines) == 10
    assert "cost_key." not in text
    for said in (
        "1-101",
        "1,234.56",
        "2,469.12",
        "5000 / 10000",
        "234.00",
        "50.00",
        "1.00",
        "2026-12-15 00:00",
        "it leaks",
        "too dear",
        "no",
    ):
        assert said in text


def test_before_anything_was_computed_there_is_the_home_alone() -> None:
    empty: dict[str, JsonValue] = {**FOUND, "basis": "", "overdue_fen": 0}
    empty |= {name: [] for name, value in FOUND.items() if isinstance(value, list)}
    assert len(list(household_lines(empty, "Asia/Shanghai"))) == 1
