"""How many cases there are below a place: by stage, ended, late, stuck, and for whom they wait.

The first statement is answered by one index alone (`renovation (place_path, state, stage)`); who is late and
who is awaited comes from the agenda, which knows nothing of cases that have ended.
"""

from collections.abc import Mapping, Sequence

import asyncpg

from models.values.base import Carried
from runtime.record.cases import LATE, LATE_BY_TOLD_CLOCK, Query, below

CHILD = "array_to_string((string_to_array({path}, '/'))[:{depth}], '/')"
"""The place below the one asked for, of which a case is; in a case of the place itself the place."""


class PlaceCounts(Carried):
    """The cases of one place and of everything below it. `stages` counts the running ones."""

    path: str
    name: str
    running: int
    ended: int
    late: int
    stuck: int
    stages: Mapping[str, int]


class AwaitedCounts(Carried):
    """Who (a role or an audience) is awaited so many times, and late with so many of it."""

    who: str
    awaited: int
    late: int


class CaseCounts(Carried):
    """The places one level below `place`, those with the most that is late first, and who is awaited there."""

    place: str
    name: str
    places: tuple[PlaceCounts, ...]
    waiting: tuple[AwaitedCounts, ...]

    @property
    def running(self) -> int:
        """All of them that run."""
        return sum(each.running for each in self.places)

    @property
    def ended(self) -> int:
        """All of them that have ended."""
        return sum(each.ended for each in self.places)

    @property
    def late(self) -> int:
        """All of them in which somebody or the engine is late."""
        return sum(each.late for each in self.places)

    @property
    def stuck(self) -> int:
        """All of them of which a step broke."""
        return sum(each.stuck for each in self.places)

    @property
    def stages(self) -> Mapping[str, int]:
        """The running ones by stage."""
        found: dict[str, int] = {}
        for each in self.places:
            for stage, cases in each.stages.items():
                found[stage] = found.get(stage, 0) + cases
        return found


async def count_cases(connection: asyncpg.Connection, place: str) -> CaseCounts:
    """The counts of the places below `place`; "" asks for the districts."""
    by_stage = await _fetch(connection, stages_query(place))
    late = await _by_place(connection, late_query(place))
    stuck = await _by_place(connection, stuck_query(place))
    names = await _names(connection, sorted({place, *(row["child"] for row in by_stage)}))
    found = [
        _counted(path, names, [row for row in by_stage if row["child"] == path], late, stuck)
        for path in sorted({row["child"] for row in by_stage})
    ]
    waiting = await _fetch(connection, waiting_query(place))
    return CaseCounts(
        place=place,
        name=names.get(place, place),
        places=tuple(sorted(found, key=lambda each: (-each.late, -each.stuck, each.path))),
        waiting=tuple(AwaitedCounts.model_validate(dict(row)) for row in waiting),
    )


def stages_query(place: str) -> Query:
    """Cases by the place below, stage and state: paths are counted first, they are fewer than cases."""
    values: list[object] = []
    condition = below(place, values) if place else "true"
    child = CHILD.format(path="place_path", depth=_depth(place))
    statement = (
        f"SELECT {child} AS child, state, stage, sum(cases)::int AS cases FROM ("  # noqa: S608
        " SELECT r.place_path, r.state, r.stage, count(*) AS cases FROM renovation r"
        f" WHERE {condition} GROUP BY r.place_path, r.state, r.stage) AS by_path GROUP BY 1, 2, 3"
    )
    return Query(statement, tuple(values))


def late_query(place: str) -> Query:
    """Cases with somebody or the engine late, by the place below."""
    values: list[object] = []
    condition = below(place, values) if place else "true"
    child = CHILD.format(path="r.place_path", depth=_depth(place))
    lines = " UNION ".join(
        f"SELECT w.renovation_id AS id FROM {kind.table} WHERE {kind.condition}"  # noqa: S608
        for kind in (LATE, LATE_BY_TOLD_CLOCK)
    )
    statement = (
        f"SELECT {child} AS child, count(*)::int AS cases FROM ({lines}) AS line"  # noqa: S608
        f" JOIN renovation r ON r.id = line.id WHERE {condition} GROUP BY 1"
    )
    return Query(statement, tuple(values))


def stuck_query(place: str) -> Query:
    """Cases of which a step broke, by the place below."""
    values: list[object] = []
    condition = below(place, values) if place else "true"
    child = CHILD.format(path="r.place_path", depth=_depth(place))
    statement = (
        f"SELECT {child} AS child, count(DISTINCT r.id)::int AS cases FROM case_trouble t"  # noqa: S608
        f" JOIN renovation r ON r.id = t.renovation_id WHERE {condition} GROUP BY 1"
    )
    return Query(statement, tuple(values))


def waiting_query(place: str) -> Query:
    """How often each role is awaited, and late: by the words of the agenda, which are few."""
    values: list[object] = []
    of_place = (
        f" JOIN renovation r ON r.id = w.renovation_id WHERE {below(place, values)}"
        if place
        else ""
    )
    missed = "coalesce(w.late_since, w.due_at) < coalesce(c.now, now())"
    statement = (
        "SELECT who, sum(awaited)::int AS awaited, sum(late)::int AS late FROM ("  # noqa: S608
        f" SELECT w.who AS words, count(*) AS awaited, count(*) FILTER (WHERE {missed}) AS late"
        " FROM case_wait w LEFT JOIN case_clock c ON c.renovation_id = w.renovation_id"
        f"{of_place} GROUP BY w.who) AS by_words,"
        " unnest(string_to_array(words, ', ')) AS who"
        " WHERE who <> '' GROUP BY who ORDER BY 3 DESC, 2 DESC, 1"
    )
    return Query(statement, tuple(values))


def _counted(
    path: str,
    names: Mapping[str, str],
    rows: Sequence[asyncpg.Record],
    late: Mapping[str, int],
    stuck: Mapping[str, int],
) -> PlaceCounts:
    running = {row["stage"]: row["cases"] for row in rows if row["state"] == "running"}
    whole = sum(row["cases"] for row in rows)
    return PlaceCounts(
        path=path,
        name=names.get(path, path),
        running=sum(running.values()),
        ended=whole - sum(running.values()),
        late=late.get(path, 0),
        stuck=stuck.get(path, 0),
        stages=running,
    )


def _depth(place: str) -> int:
    """How many levels the path of a place below this one has."""
    return len(place.rstrip("/").split("/")) + 1 if place else 1


async def _by_place(connection: asyncpg.Connection, query: Query) -> Mapping[str, int]:
    return {row["child"]: row["cases"] for row in await _fetch(connection, query)}


async def _names(connection: asyncpg.Connection, paths: Sequence[str]) -> Mapping[str, str]:
    rows = await connection.fetch("SELECT path, name FROM place WHERE path = ANY($1)", list(paths))
    return {row["path"]: row["name"] for row in rows}


async def _fetch(connection: asyncpg.Connection, query: Query) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await connection.fetch(query.statement, *query.values)
    return rows
