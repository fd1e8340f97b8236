"""Rows of the record and of the boxes as the audit reads them: plain tuples, without the models.

A command that is to answer soon cannot wait for the models to be loaded (see `runtime.record.cases`); the columns are
those of `models.tables`, and a test compares them.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

import asyncpg
from pydantic import JsonValue

AT_ONCE = 500
"""Rows fetched in one round trip."""


class AuditedCase(NamedTuple):
    """A renovation (`renovation`), as far as the audit compares it."""

    id: str
    head_seq: int
    head_hash: str
    state: str
    stage: str
    clock: Mapping[str, JsonValue]
    suspended_at: datetime | None
    rests: Sequence[JsonValue]


class AuditedClock(NamedTuple):
    """The clock of a told case (`case_clock`)."""

    now: datetime
    moved_seq: int


class AuditedEvent(NamedTuple):
    """An event with everything that its hash and its signatures cover (`event`)."""

    renovation_id: str
    seq: int
    command_id: str
    happened_at: datetime
    recorded_at: datetime
    actor_id: str
    actor_role: str
    actor_label: str
    actor_place: str
    on_behalf_of: str | None
    kind: str
    details: Mapping[str, JsonValue]
    rule_pack: str
    workflow_id: str
    run_id: str
    signature: Mapping[str, JsonValue] | None
    prev_hash: str
    hash: str
    head_signature: bytes | None
    row_hashes: Mapping[str, JsonValue] | None
    salt: str | None


class AuditedPlaceEvent(NamedTuple):
    """An event of a place's log with everything that its hash covers (`place_event`)."""

    log_id: str
    seq: int
    command_id: str
    recorded_at: datetime
    actor_id: str
    actor_role: str
    actor_label: str
    actor_place: str
    kind: str
    details: Mapping[str, JsonValue]
    request_hash: str
    prev_hash: str
    hash: str


class AuditedBox(NamedTuple):
    """A ballot box (`ballot_box`)."""

    id: str
    renovation_id: str
    building: str
    entrance: str
    motions: list[JsonValue]
    state: str
    opens_at: datetime
    closes_at: datetime
    roll_hash: str
    closed_at: datetime | None
    tally: Mapping[str, JsonValue] | None
    public_key: bytes
    opened_key: bytes | None
    roll_salt: bytes
    change_allowed: bool
    format: int
    tree_head: Mapping[str, JsonValue] | None
    official_by: str


class AuditedBallot(NamedTuple):
    """A ballot, sealed (`ballot`)."""

    id: str
    box_id: str
    unit_number: str
    channel: str
    pseudonym: str
    heads: int
    area_dm2: int
    shares: int | None
    seal_id: str
    sealed: bytes
    commitment: bytes
    leaf: bytes
    only_one: bool | None
    intake: str
    batch: int
    cast_at: datetime
    recorded_at: datetime


class AuditedBatch(NamedTuple):
    """What an intake has signed for (`ballot_batch`)."""

    intake: str
    number: int
    size: int
    root: bytes
    signature: bytes


R = TypeVar(
    "R",
    AuditedCase,
    AuditedClock,
    AuditedEvent,
    AuditedPlaceEvent,
    AuditedBox,
    AuditedBallot,
    AuditedBatch,
)
TABLES: Mapping[type[tuple[object, ...]], str] = {
    AuditedCase: "renovation",
    AuditedClock: "case_clock",
    AuditedEvent: "event",
    AuditedPlaceEvent: "place_event",
    AuditedBox: "ballot_box",
    AuditedBallot: "ballot",
    AuditedBatch: "ballot_batch",
}
JSON = frozenset(
    {"clock", "rests", "details", "signature", "motions", "tally", "tree_head", "row_hashes"}
)
"""Columns of JSON, but `AuditedBatch.signature`: that one is bytes."""


_read_json = json.JSONDecoder(parse_float=Decimal).decode
"""No canonical JSON has a float, and none is to be taken for one."""


async def rows(
    connection: asyncpg.Connection, kind: type[R], rest: str, *arguments: object
) -> AsyncIterator[R]:
    """The rows one by one, on a server-side cursor in the caller's transaction; `rest` follows the table's name."""
    made = row_maker(kind)
    async for record in connection.cursor(_query(kind, rest), *arguments, prefetch=AT_ONCE):
        yield made(record)


async def fetch(
    connection: asyncpg.Connection, kind: type[R], rest: str, *arguments: object
) -> list[R]:
    """The rows all at once, where they are few."""
    made = row_maker(kind)
    return [made(record) for record in await connection.fetch(_query(kind, rest), *arguments)]


def _query(kind: type[R], rest: str) -> str:
    return f"SELECT {columns_in(kind)} FROM {TABLES[kind]} {rest}"  # noqa: S608 - no word of it is given


def columns_in(kind: type[R], table: str = "") -> str:
    """SQL: the columns of a kind of row, of a table that has another name in the statement."""
    json_there, before = json_in(kind), f"{table}." if table else ""
    return ", ".join(
        f"{before}{name}::text" if name in json_there else f"{before}{name}"
        for name in kind._fields
    )


def row_maker(kind: type[R]) -> Callable[[Iterable[Any]], R]:
    """What makes a row of the values of its columns."""
    json_there = json_in(kind)
    places = [place for place, name in enumerate(kind._fields) if name in json_there]

    def make(values: Iterable[Any]) -> R:
        read = list(values)
        for place in places:
            if read[place] is not None:
                read[place] = _read_json(read[place])
        return kind._make(read)

    return make


def json_in(kind: type[tuple[object, ...]]) -> frozenset[str]:
    """The columns of a kind of row that hold JSON."""
    return frozenset() if kind is AuditedBatch else JSON & frozenset(getattr(kind, "_fields"))  # noqa: B009
