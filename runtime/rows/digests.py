"""The hashes of the rows that an event is written with: what a transaction touched, read back by SQL.

The session says what was written (objects, and statements over a mapped table); the database says what
stands there then. A table that `proof.tables.DIGESTS` does not name is not looked at.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import JsonValue
from sqlalchemy import (
    ARRAY,
    BindParameter,
    Column,
    Executable,
    Insert,
    String,
    TextClause,
    bindparam,
    event,
    inspect,
    text,
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
    names = sorted(written.whole | written.keys.keys())
    found = {name: _gone(written, name) for name in names}
    if names:
        for row in await session.execute(_reading(written, names, renovation_id)):
            found[row.of][row.key] = row.hash
    return {
        table_name(name): rows.get("", EMPTY) if DIGESTS[name].whole else dict(sorted(rows.items()))
        for name, rows in found.items()
    }


def _gone(written: Written, name: str) -> dict[str, JsonValue]:
    """What is said of the rows that were written, unless they are found."""
    return {"/".join(map(str, key)): None for key in written.keys.get(name, ())}


def _reading(written: Written, names: Sequence[str], renovation_id: str) -> TextClause:
    """One statement for all rows of a write.

    Its text follows from the tables alone, so that the driver prepares it once for each set of them: the
    keys come as one array for each column.
    """
    parts: list[str] = []
    given: list[BindParameter[Any]] = []
    if written.whole:
        given.append(bindparam("renovation", renovation_id, String()))
    for name in names:
        if name in written.whole:
            parts.append(_of_case(name))
        if keys := written.keys.get(name):
            parts.append(_of_keys(name))
            columns = metadata.tables[name].primary_key.columns
            for column, values in zip(columns, zip(*keys, strict=True), strict=True):
                given.append(bindparam(_array(name, column), [*values], ARRAY(column.type)))
    return text(" UNION ALL ".join(parts)).bindparams(*given)


@cache
def _of_case(name: str) -> str:
    rows = rows_of_cases(name, columns_of(name)).replace(":", r"\:").replace("$1", ":renovation")
    return f"SELECT '{name}' AS of, key, hash FROM ({rows}) AS {table_name(name)}"  # noqa: S608 - ours


@cache
def _of_keys(name: str) -> str:
    columns = metadata.tables[name].primary_key.columns
    key = ", ".join(f"t.{each.name}" for each in columns)
    arrays = ", ".join(f":{_array(name, each)}" for each in columns)
    read = f"{key_text(columns_of(name))} AS key, {row_hash(name, columns_of(name))} AS hash"
    read = read.replace(":", r"\:")
    among = f"({key}) IN (SELECT * FROM unnest({arrays}))"  # noqa: S608 - ours
    return f"SELECT '{name}' AS of, {read} FROM {name} AS t WHERE {among}"  # noqa: S608 - ours


def _array(name: str, column: Column[Any]) -> str:
    """The name of the parameter with a column's values."""
    return f"{table_name(name)}_{column.name}"


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
