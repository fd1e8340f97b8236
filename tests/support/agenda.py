"""What is on record of a case: its agenda, and all of it, to see that a step left it alone."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from sqlalchemy import text
from temporalio.exceptions import ApplicationError

from runtime.database import Database
from runtime.record.journal import load_tick

OF_A_CASE = text(
    "SELECT table_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND column_name = 'renovation_id' ORDER BY table_name"
)


LINES = text(
    "SELECT workflow_id, what, subject, due_at, since, who, consequence FROM case_wait"
    " WHERE renovation_id = :rid ORDER BY due_at NULLS LAST, workflow_id, what, subject"
)
"""What every release had."""


class Line(NamedTuple):
    """One wait of the agenda, without its workflow."""

    what: str
    subject: str = ""
    due_at: datetime | None = None
    since: datetime | None = None
    who: str = ""
    consequence: str = ""


async def agenda(database: Database, rid: str) -> dict[str, list[Line]]:
    """The waits of a case by workflow, in the order of the agenda."""
    found: dict[str, list[Line]] = {}
    async with database.session() as session:
        for row in await session.execute(LINES, {"rid": rid}):
            line = Line(*(getattr(row, name) for name in Line._fields))
            found.setdefault(row.workflow_id, []).append(line)
    return found


async def now_of(database: Database, rid: str) -> datetime:
    """The tick of a case."""
    async with database.session() as session:
        return await load_tick(session, rid)


async def everything_of(database: Database, rid: str) -> dict[str, list[str]]:
    """Every row of every table that belongs to a case, as text."""
    async with database.session() as session:
        tables = [str(name) for name in await session.scalars(OF_A_CASE)]
        found = {
            name: sorted(
                await session.scalars(
                    text(f"SELECT t::text FROM {name} t WHERE renovation_id = :rid"), {"rid": rid}
                )
            )
            for name in tables
        }
        row = text("SELECT t::text FROM renovation t WHERE id = :rid")
        found["renovation"] = list(await session.scalars(row, {"rid": rid}))
    assert {"event", "receipt", "case_wait", "notice"} <= found.keys()
    return found


async def too_early(
    database: Database, rid: str, command: Callable[[], Awaitable[object]]
) -> timedelta:
    """The step is answered "not yet" and nothing at all is written; returns the time that is left."""
    before = await everything_of(database, rid)
    with pytest.raises(ApplicationError) as error:
        await command()
    assert error.value.type == "NotYet"
    assert await everything_of(database, rid) == before
    return timedelta(microseconds=int(error.value.details[0]))
