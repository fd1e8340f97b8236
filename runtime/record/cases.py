"""Finding cases: pages of the list with filters, one case, and what of them needs attention.

The command line and the service ask with these statements. They are plain SQL on the driver's own
connection, because a command that is to answer at once cannot wait for the models to be loaded.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import asyncpg

from models.messages.journey import Stage
from models.values.base import Carried, Value
from models.values.refusal import refusal

COLUMNS = """r.id, r.title, r.place_path, r.stage, r.state, r.waiting_for, r.due_at, r.rule_pack,
  r.workflow_id, r.opened_at, r.closed_at, r.head_seq AS events, c.now AS told_now,
  r.clock <> '{}' AS ran_fast"""
NEWEST_FIRST = "ORDER BY r.opened_at DESC, r.id DESC"
AWAITED = "string_to_array(w.what || ', ' || w.who, ', ')"
"""What and who a line of the agenda waits for, as the index of the agenda has it."""
ENGINE_S = 60
"""The engine is late when so many seconds after the deadline its work is not done; a person at once."""
LATE = f"""
  SELECT w.renovation_id FROM case_wait w
  WHERE w.due_at < now()
    AND (w.consequence = '' OR w.due_at < now() - make_interval(secs => {ENGINE_S}))
    AND NOT EXISTS (SELECT FROM case_clock c WHERE c.renovation_id = w.renovation_id)
  UNION ALL
  SELECT w.renovation_id FROM case_clock c
  JOIN case_wait w ON w.renovation_id = c.renovation_id AND w.due_at < c.now"""
"""Cases of which a line of the agenda is over and nobody came; a told case by its own clock."""


class CaseFilter(Value):
    """Which cases are asked for: those to which everything that is given applies.

    `place` is a path, and everything below it is meant. `stage` means the running cases in it.
    `waiting` is a word of the agenda (`open_vote`) or somebody awaited (`street_office`).
    """

    place: str = ""
    stage: Stage | None = None
    waiting: str = ""
    overdue: bool = False
    """A person or the engine is late."""
    stuck: bool = False
    """A step of it broke."""


class Trouble(Carried):
    """A step of a case that broke; `since` is real time."""

    workflow_id: str
    step: str
    by_act: bool
    """Somebody asked for it, and was told; else the engine takes it up again."""
    error: str
    """The kind of the error; under `reference` the logs have the whole of it."""
    reference: str
    since: datetime


class CaseRow(Carried):
    """One case as the list and `status` show it. Moments are case time.

    `told_now` is where the clock of a told case stands, None in a case on the wall clock. `ran_fast`
    marks the sandbox of an earlier release.
    """

    id: str
    title: str
    place_path: str
    stage: str
    state: str
    waiting_for: str
    due_at: datetime | None
    rule_pack: str
    workflow_id: str
    opened_at: datetime
    closed_at: datetime | None
    events: int
    told_now: datetime | None
    ran_fast: bool
    troubles: tuple[Trouble, ...] = ()


async def find_cases(
    connection: asyncpg.Connection, wanted: CaseFilter, limit: int, after: str = ""
) -> tuple[CaseRow, ...]:
    """A page of at most `limit` cases, the ones that were opened last first.

    Ask again with the id of the last case as `after` for the page that follows it.

    Raises:
        Refused: `renovation.unknown` where there is no case `after`.
    """
    statement, values = await _page(connection, wanted, limit, after)
    return await _with_troubles(connection, await connection.fetch(statement, *values))


async def load_case(connection: asyncpg.Connection, renovation_id: str) -> CaseRow:
    """One case.

    Raises:
        Refused: `renovation.unknown`.
    """
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM renovation r LEFT JOIN case_clock c ON c.renovation_id = r.id"  # noqa: S608
        " WHERE r.id = $1",
        renovation_id,
    )
    if not rows:
        raise _unknown(renovation_id)
    (case,) = await _with_troubles(connection, rows)
    return case


async def load_troubles(
    connection: asyncpg.Connection, renovation_ids: Sequence[str]
) -> dict[str, tuple[Trouble, ...]]:
    """What needs attention in each of these cases, the oldest first; no entry where nothing does."""
    rows = await connection.fetch(
        "SELECT renovation_id, workflow_id, step, by_act, error, reference, since"
        " FROM case_trouble WHERE renovation_id = ANY($1) ORDER BY since, workflow_id, step",
        list(renovation_ids),
    )
    found: dict[str, tuple[Trouble, ...]] = {}
    for row in rows:
        of_case = found.get(row["renovation_id"], ())
        found[row["renovation_id"]] = (*of_case, Trouble.model_validate(dict(row)))
    return found


async def explain(
    connection: asyncpg.Connection, wanted: CaseFilter, limit: int, after: str = ""
) -> str:
    """How the database finds a page, with the times it took (EXPLAIN ANALYZE)."""
    statement, values = await _page(connection, wanted, limit, after)
    lines = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", *values)
    return "\n".join(line[0] for line in lines)


async def _page(
    connection: asyncpg.Connection, wanted: CaseFilter, limit: int, after: str
) -> tuple[str, list[object]]:
    """The statement of a page and its parameters: first the ids by the indexes, then their rows."""
    conditions, values = _conditions(wanted)
    if after:
        opened_at = await connection.fetchval(
            "SELECT opened_at FROM renovation WHERE id = $1", after
        )
        if opened_at is None:
            raise _unknown(after)
        conditions.append(f"(r.opened_at, r.id) < (${len(values) + 1}, ${len(values) + 2})")
        values += [opened_at, after]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    values.append(limit)
    found = f"SELECT r.id FROM renovation r {where} {NEWEST_FIRST} LIMIT ${len(values)}"  # noqa: S608
    statement = (
        f"SELECT {COLUMNS} FROM ({found}) AS found JOIN renovation r USING (id)"  # noqa: S608
        f" LEFT JOIN case_clock c ON c.renovation_id = r.id {NEWEST_FIRST}"
    )
    return statement, values


def _conditions(wanted: CaseFilter) -> tuple[list[str], list[object]]:
    """The conditions of a filter; what a person gave goes in as a parameter."""
    conditions: list[str] = []
    values: list[object] = []
    if wanted.place:
        path = wanted.place.rstrip("/")
        # One range of the index, and no more than its places: "d/s-1" lies in the range of "d/s".
        conditions.append(
            "r.place_path ~>=~ $1 AND r.place_path ~<~ $2"
            " AND starts_with(r.place_path || '/', $1 || '/')"
        )
        values += [path, f"{path}0"]
    if wanted.stage is not None:
        values.append(wanted.stage.value)
        conditions.append(f"r.state = 'running' AND r.stage = ${len(values)}")
    if wanted.waiting:
        values.append(wanted.waiting)
        conditions.append(
            "EXISTS (SELECT FROM case_wait w WHERE w.renovation_id = r.id"
            f" AND {AWAITED} @> ARRAY[${len(values)}])"
        )
    if wanted.overdue:
        conditions.append(f"r.id IN ({LATE})")
    if wanted.stuck:
        conditions.append("EXISTS (SELECT FROM case_trouble t WHERE t.renovation_id = r.id)")
    return conditions, values


async def _with_troubles(
    connection: asyncpg.Connection, rows: Iterable[asyncpg.Record]
) -> tuple[CaseRow, ...]:
    found = [dict(row) for row in rows]
    troubles = await load_troubles(connection, [row["id"] for row in found])
    return tuple(
        CaseRow.model_validate({**row, "troubles": troubles.get(row["id"], ())}) for row in found
    )
