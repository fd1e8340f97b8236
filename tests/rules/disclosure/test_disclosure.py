"""Every column and field has its line, every line its readers, and the lines say what the law says."""

import pkgutil
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import get_args

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel

import models.tables
from models.tables.base import Table
from models.values.actor import Role
from rules.disclosure import COLUMNS, FIELDS, Circle, Disclosed, ReaderKind, may_read
from rules.disclosure.columns_a_to_l import FIRST
from rules.disclosure.columns_m_to_z import SECOND
from rules.disclosure.doors import EXEMPT, EXEMPT_COLUMNS, KEYS, RENAMED, SHOWN_BY, WIDER
from rules.disclosure.events import DETAILS, REDACTED, details_for, may_read_detail
from rules.disclosure.readers import READERS, reader_in_role
from rules.disclosure.views import VIEWS
from service.app import ROUTERS

for module in pkgutil.walk_packages(models.tables.__path__, "models.tables."):
    import_module(module.name)


def _models(kind: object) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from _models(field.annotation)
    for part in get_args(kind):
        yield from _models(part)


@cache
def _shown() -> frozenset[str]:
    """`View.field` of every view that a GET route answers with."""
    routes = (each for router in ROUTERS for each in router.routes if isinstance(each, APIRoute))
    views = {
        view
        for each in routes
        if "GET" in (each.methods or ())
        for view in _models(each.response_model)
    }
    return frozenset(f"{view.__name__}.{name}" for view in views for name in view.model_fields)


def test_every_column_has_a_line_and_every_line_a_column() -> None:
    written = {
        f"{table.name}.{column.name}"
        for table in Table.metadata.tables.values()
        for column in table.columns
    }
    assert written == COLUMNS.keys()


def test_every_field_of_every_view_has_a_line_and_every_line_a_field() -> None:
    lines = {
        name for name in FIELDS.keys() - COLUMNS.keys() if not name.startswith("event.details.")
    }
    assert _shown() == lines


def test_nothing_has_two_lines() -> None:
    tables: list[Mapping[str, Mapping[Circle, str]]] = [FIRST, SECOND, VIEWS, {"details": DETAILS}]
    for table in tables:
        for owner, circles in table.items():
            names = Counter(name for each in circles.values() for name in each.split())
            assert not [name for name, times in names.items() if times > 1], owner


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_what_is_about_a_unit_is_not_for_it_and_who_watches_reads_no_less_than_everybody(
    field: str,
) -> None:
    told = {reader: may_read(field, reader) for reader in ReaderKind}
    assert told[ReaderKind.COMPLAINED_ABOUT] is Disclosed.NO  # P-6
    if told[ReaderKind.PUBLIC] is Disclosed.YES:
        assert {told[each] for each in ReaderKind if each is not ReaderKind.COMPLAINED_ABOUT} == {
            Disclosed.YES
        }
    assert told[ReaderKind.AUDITOR] == told[ReaderKind.COURT]


@pytest.mark.parametrize(
    ("field", "readers"),
    [
        ("bid.bond_account", {ReaderKind.BIDDER}),
        ("ticket.text", READERS[Circle.COMPLAINT]),
        ("objection.answer", READERS[Circle.OBJECTION]),
        ("instalment.amount_fen", READERS[Circle.MONEY]),
        ("letter.token_hash", set()),
        ("account.password", set()),
        ("contact.address", {ReaderKind.PERSON}),
        ("person.sealed", set()),
        ("LateItem.pay_fen", READERS[Circle.SHARES]),
        ("event.details.pay_fen", READERS[Circle.SHARES]),
        ("survey_answer.score", {ReaderKind.PERSON}),
    ],
)
def test_who_reads_what_is_least_for_others(field: str, readers: set[ReaderKind]) -> None:
    assert {each for each in ReaderKind if may_read(field, each) is Disclosed.YES} == readers


def test_officials_do_not_read_how_a_line_voted() -> None:
    assert may_read("ballot.pseudonym", ReaderKind.OFFICIAL) is Disclosed.NO
    assert may_read("ballot.pseudonym", ReaderKind.OWNER) is Disclosed.YES


@pytest.mark.parametrize("reader", ReaderKind)
def test_a_detail_without_a_line_is_for_who_watches_only(reader: ReaderKind) -> None:
    watches = reader in READERS[Circle.OFFICIALS]
    assert (may_read_detail("not_thought_of", reader) is Disclosed.YES) == watches


def test_the_public_reads_numbers_and_no_homes() -> None:
    told = details_for(
        {
            "units": 12,
            "total_fen": 900,
            "reason": "Herr Li zahlt nicht",
            "unit": "3-101",
            "caps": [{"entry": "e7", "area_dm2": 100, "unit_number": "3-101"}],
            "measured_fen": {"roof-1": 5},
            "answer": None,
        },
        ReaderKind.PUBLIC,
    )
    assert told == {
        "units": 12,
        "total_fen": 900,
        "reason": REDACTED,
        "unit": REDACTED,
        "caps": [{"entry": REDACTED, "area_dm2": 100, "unit_number": REDACTED}],
        "measured_fen": {"roof-1": 5},
        "answer": None,
    }


def test_a_list_of_homes_is_not_a_count_of_them() -> None:
    assert details_for({"units": ["3-101"], "entries": ["e7"]}, ReaderKind.PUBLIC) == {
        "units": REDACTED,
        "entries": REDACTED,
    }


def test_the_auditor_reads_every_detail() -> None:
    whole = {name: "x" for names in DETAILS.values() for name in names.split()}
    assert details_for({**whole}, ReaderKind.AUDITOR) == whole


@pytest.mark.parametrize("role", Role)
def test_every_role_reads_as_somebody(role: Role) -> None:
    assert reader_in_role(role) in ReaderKind


def test_every_table_is_read_by_a_door_or_says_why_by_none() -> None:
    assert not SHOWN_BY.keys() & EXEMPT.keys()
    assert SHOWN_BY.keys() | EXEMPT.keys() == {each.name for each in Table.metadata.tables.values()}
    views = {name.partition(".")[0] for name in _shown()}
    assert {view for names in SHOWN_BY.values() for view in names.split()} <= views
    assert all(EXEMPT.values())


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_every_column_comes_out_of_a_door_or_says_why_not(column: str) -> None:
    table, _, name = column.partition(".")
    excused = _excused()
    if table in EXEMPT:
        assert not excused[column]
        return
    out = doors_of(column)
    if name in KEYS:
        assert not excused[column]
    else:
        assert bool(out) != bool(excused[column]), "shown or excused, and not both"
        assert excused[column] <= 1


def doors_of(column: str) -> frozenset[str]:
    """The fields of views by which a column may come out."""
    table, _, name = column.partition(".")
    same = {f"{view}.{name}" for view in SHOWN_BY.get(table, "").split()}
    return frozenset(same | {RENAMED.get(column, "")}) & _shown()


def _excused() -> Counter[str]:
    return Counter(name for names in EXEMPT_COLUMNS.values() for name in names.split())


def test_whatever_is_excused_or_renamed_is_there() -> None:
    assert _excused().keys() | RENAMED.keys() <= COLUMNS.keys()
    assert set(RENAMED.values()) <= _shown()
    assert all(EXEMPT_COLUMNS)


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_no_door_shows_a_column_to_more_than_it_is_for(column: str) -> None:
    meant = _readers(column)
    for field in doors_of(column):
        if field.partition(".")[0] in WIDER:
            continue
        # Whoever a thing is about reads it at a door of their own.
        more = _readers(field) - meant - (READERS[Circle.OWN] & _readers(field))
        assert not more, f"{field} shows {column} to {sorted(more)}"


def _readers(field: str) -> set[ReaderKind]:
    return {each for each in ReaderKind if may_read(field, each) is Disclosed.YES}


def test_every_view_that_tells_more_is_there() -> None:
    assert WIDER.keys() <= {name.partition(".")[0] for name in _shown()}
    assert all(WIDER.values())
