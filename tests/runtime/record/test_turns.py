"""One reading of a table for many cases gives each case its own rows."""

from collections.abc import AsyncIterator, Iterable, Sequence

import pytest

from runtime.record.audit import cases as audit
from runtime.rows import AuditedCase
from runtime.rows.turns import InTurn

Row = tuple[str, int]


async def read(rows: Iterable[Row]) -> AsyncIterator[Row]:
    for each in rows:
        yield each


def turns(rows: Iterable[Row], cases: Sequence[str]) -> InTurn[Row]:
    return InTurn(read(rows), lambda row: row[0], cases)


ROWS = [("a", 1), ("a", 2), ("c", 3), ("x", 4), ("d", 5), ("d", 6)]


async def test_each_case_gets_its_rows_and_one_without_rows_none() -> None:
    table = turns(ROWS, "abcd")
    found = {case: [number async for _, number in table.of(case)] for case in "abcd"}
    assert found == {"a": [1, 2], "b": [], "c": [3], "d": [5, 6]}


async def test_rows_that_were_left_unread_are_not_those_of_the_next_case() -> None:
    table = turns(ROWS, "abcd")
    async for row in table.of("a"):
        assert row == ("a", 1)
        break
    assert [row async for row in table.of("c")] == [("c", 3)]
    assert [row async for row in table.of("d")] == [("d", 5), ("d", 6)]
    assert [row async for row in table.of("e")] == []


def a_case(number: int, events: int) -> AuditedCase:
    return AuditedCase(f"r{number}", events, "", "running", "voting", {}, None, [])


@pytest.mark.parametrize(
    ("events", "sizes"), [([1] * 5, [2, 2, 1]), ([9, 1, 1, 9, 9], [1, 2, 1, 1]), ([], [])]
)
def test_a_batch_has_so_many_cases_and_fewer_where_they_have_many_events(
    monkeypatch: pytest.MonkeyPatch, events: list[int], sizes: list[int]
) -> None:
    monkeypatch.setattr(audit, "CASES_AT_ONCE", 2)
    monkeypatch.setattr(audit, "EVENTS_AT_ONCE", 9)
    made = [*audit.batches([a_case(number, each) for number, each in enumerate(events)])]
    assert [len(batch) for batch in made] == sizes
    assert [case.id for batch in made for case in batch] == [
        f"r{number}" for number in range(len(events))
    ]
