"""Finding cases: pages of the list with filters, one case, and what of them needs attention.

The command line and the service ask with these statements. They are plain SQL on the driver's own
connection, because a command that is to answer at once cannot wait for the models to be loaded.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg

from models.values.base import Carried, Value
from models.values.refusal import refusal
from models.values.states import RenovationState, Stage
from models.values.timetable import Timetable
from models.values.waits import Lack
from runtime.calendars import is_provisional
from runtime.record.awaited import AwaitedLine, load_awaited
from runtime.record.consents import OccupiedPart, load_missing_consents
from runtime.record.contracts import ContractLine, load_contracts

COLUMNS = """r.id, r.title, r.place_path, r.stage, r.state, r.waiting_for, r.due_at, r.rule_pack,
  r.workflow_id, r.opened_at, r.closed_at, r.head_seq AS events, c.now AS told_now,
  r.clock <> '{}' AS ran_fast, r.timetable ->> 'zone' AS zone"""
WITH_CLOCK = "renovation r LEFT JOIN case_clock c ON c.renovation_id = r.id"
AWAITED = "string_to_array(w.what || ', ' || w.who, ', ')"
"""What and who a line of the agenda waits for, as words; the index of the agenda has them."""
MOST_WORDS = 8
"""So many words of a search are looked for."""
STAMP = "%Y%m%dT%H%M%S.%fZ"
FIRST_LETTERS = """
SELECT u.number, coalesce(a.version, 0) AS version
FROM renovation r JOIN unit u ON u.estate_id = r.estate_id
LEFT JOIN unit_access a ON a.renovation_id = r.id AND a.unit_number = u.number
WHERE r.id = $1 AND NOT EXISTS (
  SELECT FROM letter l WHERE l.renovation_id = r.id AND l.unit_number = u.number
    AND l.kind <> 'agent')
ORDER BY u.number"""


class _Lines(NamedTuple):
    """Rows `w` that put a case on a list, and the moment of each by which the list is ordered."""

    table: str
    at: str
    condition: str


AWAITING = _Lines("case_wait w", "w.since", "true")
STUCK = _Lines("case_trouble w", "w.since", "true")
LATE = _Lines(
    "case_wait w",
    "COALESCE(w.late_since, w.due_at)",
    # A person is late at once, the engine when its work is not done a minute after the deadline.
    "COALESCE(w.late_since, w.due_at) < now() AND (w.late_since IS NOT NULL OR w.consequence = ''"
    " OR w.due_at < now() - interval '1 minute')"
    " AND NOT EXISTS (SELECT FROM case_clock c WHERE c.renovation_id = w.renovation_id)",
)
LATE_BY_TOLD_CLOCK = _Lines(
    "case_clock c JOIN case_wait w ON w.renovation_id = c.renovation_id",
    "COALESCE(w.late_since, w.due_at)",
    # A told clock goes on when the engine has done what was due: whoever is late is a person.
    "COALESCE(w.late_since, w.due_at) < c.now",
)


class CaseFilter(Value):
    """Which cases are asked for: those to which everything that is given applies.

    `place` is a path, and everything below it is meant. `stage` means the running cases in it.
    `waiting` is a word of the agenda (`open_vote`) or somebody awaited (`street_office`); `overdue`
    means that a person or the engine is late: with both, with what is awaited. `stuck` means that
    a step of the case broke. `outcome` is how it stands or ended. `words` are all found in what it is
    called: its title, estate, places, or who builds. `contractor` has or had a contract.
    """

    place: str = ""
    stage: Stage | None = None
    waiting: str = ""
    overdue: bool = False
    stuck: bool = False
    outcome: RenovationState | None = None
    contractor: str = ""
    rule_pack: str = ""
    words: str = ""


class Trouble(Carried):
    """A step of a case that broke; `since` is real time.

    `by_act` says that somebody asked for it, and was told; else the engine takes it up again.
    `error` is its kind; the logs have the whole of it under `reference`.
    """

    workflow_id: str
    step: str
    by_act: bool
    error: str
    reference: str
    since: datetime


class CaseRow(Carried):
    """One case as the list and `status` show it. Moments are case time.

    `told_now` is where the clock of a told case stands, None in a case on the wall clock. `ran_fast`
    marks the sandbox of an earlier release. `cursor` asks for what follows it in the same list.
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
    zone: str
    """In which the days of its place begin and end."""
    provisional: bool = False
    """A holiday that is not announced yet may still move `due_at`."""
    awaited: tuple[AwaitedLine, ...] = ()
    needs_attention: tuple[Trouble, ...] = ()
    consents_missing: tuple[OccupiedPart, ...] = ()
    """Of one case: works that occupy part of a unit whose owner has not consented."""
    contracts: tuple[ContractLine, ...] = ()
    """Of one case: every contract, one after the other."""
    lacks: tuple[Lack, ...] = ()
    """Of one case: who is missing for the stage that is on."""
    cursor: str = ""

    @property
    def late(self) -> tuple[AwaitedLine, ...]:
        """Whoever has missed a moment, the latest first."""
        return tuple(each for each in self.awaited if each.late_since is not None)


class Query(NamedTuple):
    """A statement with its parameters."""

    statement: str
    values: tuple[object, ...]


async def find_cases(
    connection: asyncpg.Connection, wanted: CaseFilter, limit: int, after: str = ""
) -> tuple[CaseRow, ...]:
    """A page of at most `limit` cases; ask for the next with the cursor of the last as `after`.

    What is late comes in the order of the deadlines that were missed; what waits, and what is
    stuck, by how long it has; else the cases that were opened last come first.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    query = page(wanted, limit, after)
    async with connection.transaction(readonly=True):
        # A district has a hundred times the cases of a street: one plan for every place is a bad one for most.
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        rows = await connection.fetch(query.statement, *query.values)
    return await _in_full(connection, rows)


async def load_case(connection: asyncpg.Connection, renovation_id: str) -> CaseRow:
    """One case.

    Raises:
        Refused: `renovation.unknown`.
    """
    statement = f"SELECT {COLUMNS} FROM {WITH_CLOCK} WHERE r.id = $1"  # noqa: S608 - ours
    rows = await connection.fetch(statement, renovation_id)
    if not rows:
        raise refusal("renovation.unknown", where=renovation_id, renovation=renovation_id)
    (case,) = await _in_full(connection, rows)
    missing = await load_missing_consents(connection, renovation_id)
    contracts = await load_contracts(connection, renovation_id)
    # Only the page of one case knows the acts and the rules of tendering; a list need not wait for them.
    from runtime.record.lacks import load_lacks  # noqa: PLC0415

    lacks = await load_lacks(connection, case.id, case.place_path, case.stage, case.state)
    update = {"consents_missing": missing, "contracts": contracts, "lacks": lacks}
    return case.model_copy(update=update)


async def load_first_letters(
    connection: asyncpg.Connection, renovation_id: str
) -> tuple[tuple[str, int], ...]:
    """The units of a case that go on with a letter of the first kind, with the version of their access.

    Raises:
        Refused: `renovation.unknown`; `access.no_first_letters` for a case that has none.
    """
    await load_case(connection, renovation_id)
    first = "SELECT v1_letters FROM renovation WHERE id = $1"
    if not await connection.fetchval(first, renovation_id):
        raise refusal("access.no_first_letters", where=renovation_id)
    rows = await connection.fetch(FIRST_LETTERS, renovation_id)
    return tuple((row["number"], row["version"]) for row in rows)


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


def page(wanted: CaseFilter, limit: int, after: str = "") -> Query:
    """The query of a page: the ids and their order from the indexes first, then their rows.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    values: list[object] = []
    conditions = _conditions_of_case(wanted, values)
    if wanted.waiting or wanted.overdue or wanted.stuck:
        table, key, sign, direction = _listed(wanted, conditions, values), "f.at, f.id", ">", "ASC"
        conditions = []
    else:
        table, key, sign, direction = "renovation r", "r.opened_at, r.id", "<", "DESC"
    if after:
        at, last = _read_cursor(after)
        conditions.append(f"({key}) {sign} ({_given(values, at)}, {_given(values, last)})")
    moment, name = key.split(", ")
    ids = (
        f"SELECT {moment} AS at, {name} AS id FROM {table} WHERE {_all(conditions)}"  # noqa: S608
        f" ORDER BY {moment} {direction}, {name} {direction} LIMIT {_given(values, limit)}"
    )
    statement = (
        f"SELECT {COLUMNS}, found.at AS listed_at FROM ({ids}) AS found"  # noqa: S608
        f" JOIN {WITH_CLOCK} ON r.id = found.id"
        f" ORDER BY found.at {direction}, found.id {direction}"
    )
    return Query(statement, tuple(values))


def _listed(wanted: CaseFilter, of_case: list[str], values: list[object]) -> str:
    """The cases with lines of this kind, each with the first moment of them, as the table `f`.

    Where nothing is asked of the case itself it is not looked at before a page of ids is found; else
    it is joined with the lines, of which the planner knows how many there are.
    """
    if wanted.overdue:
        kinds = [LATE, LATE_BY_TOLD_CLOCK]
    else:
        kinds = [AWAITING if wanted.waiting else STUCK]
    of_line = [f"{AWAITED} @> ARRAY[{_given(values, wanted.waiting)}]"] if wanted.waiting else []
    joined = "JOIN renovation r ON r.id = w.renovation_id" if of_case else ""
    lines = " UNION ALL ".join(
        f"SELECT w.renovation_id AS id, {kind.at} AS at FROM {kind.table} {joined}"  # noqa: S608
        f" WHERE {_all([kind.condition, *of_line, *of_case])}"
        for kind in kinds
    )
    return f"(SELECT id, min(at) AS at FROM ({lines}) AS line GROUP BY id) AS f"  # noqa: S608


def _all(conditions: list[str]) -> str:
    return " AND ".join(conditions) or "true"


def _conditions_of_case(wanted: CaseFilter, values: list[object]) -> list[str]:
    """What is asked of the case itself, as conditions of `r`."""
    conditions: list[str] = []
    if wanted.place:
        conditions.append(below(wanted.place, values))
    if wanted.stage is not None:
        stage = _given(values, wanted.stage.value)
        conditions.append(f"r.state = 'running' AND r.stage = {stage}")
    if wanted.stuck and (wanted.waiting or wanted.overdue):
        conditions.append("EXISTS (SELECT FROM case_trouble t WHERE t.renovation_id = r.id)")
    if wanted.outcome is not None:
        conditions.append(f"r.state = {_given(values, wanted.outcome.value)}")
        if wanted.outcome is not RenovationState.RUNNING:
            conditions.append("r.state <> 'running'")  # so says the index of those that ended
    if wanted.rule_pack:
        conditions.append(f"r.rule_pack = {_given(values, wanted.rule_pack)}")
    if wanted.contractor:
        firm = _given(values, wanted.contractor)
        conditions.append(
            f"r.id IN (SELECT renovation_id FROM contract WHERE bidder_id = {firm})"  # noqa: S608
        )
    for word in wanted.words.split()[:MOST_WORDS]:
        called = f"folded({_given(values, word)}::text)"
        # The index finds what has all its pairs of signs, and of those the word itself is looked for.
        conditions.append(
            f"bigrams(r.search_text) @> bigrams({called}) AND strpos(r.search_text, {called}) > 0"
        )
    return conditions


def below(place: str, values: list[object]) -> str:
    """The condition that a case `r` is of a place or of one below it."""
    path = place.rstrip("/")
    itself, under, end = (_given(values, each) for each in (path, f"{path}/", f"{path}0"))
    # One range of the index, and of that no neighbours: "d/s-1" lies in the range of "d/s".
    return (
        f"r.place_path ~>=~ {itself} AND r.place_path ~<~ {end}"
        f" AND (r.place_path = {itself} OR r.place_path ~>=~ {under})"
    )


def _given(values: list[object], value: object) -> str:
    """The place in the statement of something that was given; it is never written into it."""
    values.append(value)
    return f"${len(values)}"


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    stamp, sign, last = cursor.partition("-")
    try:
        at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        sign = ""
    if not sign:
        raise refusal("service.cursor_invalid", where="after", cursor=cursor[:40])
    return at, last


async def _in_full(
    connection: asyncpg.Connection, rows: Iterable[asyncpg.Record]
) -> tuple[CaseRow, ...]:
    found = [dict(row) for row in rows]
    ids = [row["id"] for row in found]
    troubles, awaited = await load_troubles(connection, ids), await load_awaited(connection, ids)
    for row in found:
        row["zone"] = row["zone"] or Timetable().zone
        row["provisional"] = is_provisional(row["due_at"], row["zone"])
        row["needs_attention"] = troubles.get(row["id"], ())
        row["awaited"] = awaited.get(row["id"], ())
        if "listed_at" in row:
            row["cursor"] = f"{row['listed_at'].astimezone(UTC).strftime(STAMP)}-{row['id']}"
    return tuple(CaseRow.model_validate(row) for row in found)
