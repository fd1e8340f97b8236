"""The hashes of the rows that an event is written with: what a transaction touched, read back by SQL.

The session says what was written (objects, and statements over a mapped table); the database says what
stands there then. A table that `proof.tables.DIGESTS` does not name is not looked at.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import JsonValue
from sqlalchemy import (
    Executable,
    Insert,
    Select,
    event,
    inspect,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy import Table as Schema
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from models.tables import metadata
from proof.tables import DIGESTS, EMPTY, Columns, key_text, row_hash, rows_of_cases, table_name

WRITTEN = "gongjian_rows_written"
"""Where a session keeps what it has written, while a journal asks for it."""
Key = tuple[object, ...]


class Written:
    """What one transaction has written of the tables that are digested."""

    def __init__(self) -> None:
        self.keys: dict[str, set[Key]] = {}
        self.whole: set[str] = set()
        """Tables of which all rows of the case are read back."""

    def add(self, table: str, keys: Sequence[Key] | None) -> None:
        """Rows were written or deleted; None: whichever of the case."""
        digest = DIGESTS.get(table)
        if digest is None:
            return
        if digest.whole or keys is None:
            self.whole.add(table)
        else:
            self.keys.setdefault(table, set()).update(keys)


def watch(session: AsyncSession) -> Written:
    """From now on what the session writes is kept, until its transaction is over."""
    written = Written()
    session.sync_session.info[WRITTEN] = written
    return written


def answer_for(session: AsyncSession, *tables: type[Any]) -> None:
    """Have the event answer for these tables of its case, which residents have filled without events.

    Of tables that are digested as a whole; outside of a journal it does nothing.
    """
    written: Written | None = session.sync_session.info.get(WRITTEN)
    if written is not None:
        for each in tables:
            written.add(each.__table__.fullname, None)


async def row_hashes(
    session: AsyncSession, renovation_id: str, written: Written
) -> dict[str, JsonValue]:
    """By the name of a table its hash, or by the keys of its rows theirs; None for a row that is gone."""
    found: dict[str, JsonValue] = {}
    for name in sorted(written.whole | written.keys.keys()):
        hashes: dict[str, JsonValue] = {}
        if name in written.whole:
            hashes = await _of_case(session, name, renovation_id)
        if keys := written.keys.get(name):
            hashes |= await _of_rows(session, name, keys)
        found[table_name(name)] = hashes.get("", EMPTY) if DIGESTS[name].whole else hashes
    return found


async def _of_case(session: AsyncSession, name: str, renovation_id: str) -> dict[str, JsonValue]:
    sql = rows_of_cases(name, columns_of(name)).replace(":", r"\:").replace("$1", ":renovation")
    rows = await session.execute(text(sql), {"renovation": renovation_id})
    return {row.key: row.hash for row in rows}


async def _of_rows(session: AsyncSession, name: str, keys: set[Key]) -> dict[str, JsonValue]:
    columns, t = columns_of(name), metadata.tables[name].alias("t")
    statement: Select[*tuple[Any, ...]] = (
        select(
            literal_column(key_text(columns)).label("key"),
            literal_column(row_hash(name, columns)).label("hash"),
        )
        .select_from(t)
        .where(tuple_(*(t.c[each] for each in columns.key)).in_(sorted(keys, key=str)))
    )
    gone: dict[str, JsonValue] = {"/".join(map(str, key)): None for key in keys}
    there = {row.key: row.hash for row in await session.execute(statement)}
    return dict(sorted({**gone, **there}.items()))


@cache
def columns_of(name: str) -> Columns:
    """Those of a table by the models."""
    table = metadata.tables[name]
    of_json = sorted(each.name for each in table.columns if isinstance(each.type, JSONB))
    return Columns(tuple(each.name for each in table.primary_key), tuple(of_json))


@event.listens_for(Session, "after_flush")
def _note_objects(session: Session, _context: UOWTransaction) -> None:
    written: Written | None = session.info.get(WRITTEN)
    if written is None:
        return
    for each in (*session.new, *session.deleted, *filter(session.is_modified, session.dirty)):
        state = inspect(each)
        table = state.mapper.local_table
        if isinstance(table, Schema):
            written.add(table.fullname, [tuple(state.mapper.primary_key_from_instance(each))])


@event.listens_for(Session, "do_orm_execute")
def _note_statements(state: ORMExecuteState) -> None:
    written: Written | None = state.session.info.get(WRITTEN)
    if written is None or not (state.is_insert or state.is_update or state.is_delete):
        return
    table = getattr(state.statement, "table", None)
    if isinstance(table, Schema) and table.fullname in DIGESTS:
        if state.is_delete and not DIGESTS[table.fullname].whole:
            raise TypeError(f"{table.fullname}: delete its objects, so that each is named")
        written.add(table.fullname, _inserted(state, table) if state.is_insert else None)


def _inserted(state: ORMExecuteState, table: Schema) -> Sequence[Key] | None:
    """The keys of the rows that a statement inserts, where it names them."""
    given = state.parameters
    rows: Sequence[Mapping[str, Any]] = (
        [_values(state.statement)]
        if not given
        else [given]
        if isinstance(given, Mapping)
        else given
    )
    names = [each.name for each in table.primary_key]
    keys = [tuple(row.get(name) for name in names) for row in rows]
    return keys if all(None not in key for key in keys) else None


def _values(statement: Executable) -> Mapping[str, Any]:
    """What one statement inserts, by column."""
    if not isinstance(statement, Insert):
        return {}
    compiled = statement.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    return dict(compiled.params)
