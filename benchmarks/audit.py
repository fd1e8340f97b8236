"""What an audit costs: the chain beside orjson + SHA-256 over the same rows, the tables beside a sequential read.

`python -m benchmarks.audit [CASES]`: cases of 20 events and 5 rows each, written here and audited whole. Temporal's
leg is that of `gongjian audit --engine` over the histories of some demos on a real server, in workflows a second.
"""

import asyncio
import hashlib
import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import orjson
from pydantic import JsonValue

from cli.demo.run import DemoOptions, Silent, carry
from proof import chain
from proof.tables import DIGESTS
from runtime.addresses import asyncpg_url
from runtime.engine.histories import audit_engine
from runtime.local.postgres import EmbeddedPostgres
from runtime.local.stack import LocalStack
from runtime.migrate import upgrade
from runtime.record.audit import audit_record
from runtime.record.audit.cases import batches
from runtime.record.audit.tables import rows_query
from runtime.rows import AuditedCase, AuditedEvent, fetch, rows
from runtime.rows.hashed import hashed_fields
from runtime.settings import LocalSettings
from runtime.temporal import reach
from tests.support.files.many_cases import write_cases

CASES, EVENTS = 10_000, 20
JOURNEYS = 3
"""Whole demos, whose histories Temporal's leg reads."""
REACH_S = 30.0
AT = datetime(2025, 3, 3, 1, tzinfo=UTC)
KINDS = ("renovation.opened", "renovation.stage_entered", *("voting.doors_visited",) * (EVENTS - 2))
RELIEFS = """
INSERT INTO relief (renovation_id, unit_number, kind, amount_fen, approved_by, funded_by)
SELECT id, n::text, 'reduction', n, 'a', 'b' FROM renovation, generate_series(1, 5) n
"""
PIECE = 500


async def seed(owner: asyncpg.Connection, cases: int) -> None:
    """Running cases whose events fit their chains, and answer for their rows."""
    await write_cases(owner, cases)
    await owner.execute("DELETE FROM case_clock")
    await owner.execute(
        "UPDATE renovation SET state = 'running', stage = 'voting', head_seq = $1", EVENTS
    )
    await owner.execute(RELIEFS)
    await owner.execute("SET TimeZone = 'UTC'")
    query = await rows_query(owner)
    names = [row["id"] for row in await owner.fetch("SELECT id FROM renovation ORDER BY id")]
    for first in range(0, len(names), PIECE):
        piece = names[first : first + PIECE]
        there: dict[str, dict[str, JsonValue]] = {rid: {} for rid in piece}
        for row in await owner.fetch(query, piece[0], piece[-1]):
            there[row["of_case"]][row["key"]] = row["hash"]
        made = [_events(rid, there[rid]) for rid in piece]
        events = [each for one in made for each in one]
        await owner.copy_records_to_table(
            "event", columns=AuditedEvent._fields, records=[_encoded(each) for each in events]
        )
        await owner.copy_records_to_table(
            "receipt",
            columns=(
                "command_id",
                "renovation_id",
                "seq",
                "kind",
                "request_hash",
                "result",
                "recorded_at",
            ),
            records=[
                (
                    each.command_id,
                    each.renovation_id,
                    each.seq,
                    each.kind,
                    each.hash,
                    "{}",
                    each.recorded_at,
                )
                for each in events
            ],
        )
        await owner.executemany(
            "UPDATE renovation SET head_hash = $2 WHERE id = $1",
            [(one[-1].renovation_id, one[-1].hash) for one in made],
        )
    await owner.execute("ANALYZE")


def _events(rid: str, there: dict[str, JsonValue]) -> list[AuditedEvent]:
    """A chain whose last event answers for the reliefs that are there."""
    head, made = chain.GENESIS, []
    for seq, kind in enumerate(KINDS, start=1):
        details: dict[str, JsonValue] = {
            "stage": "voting",
            "units": 2040,
            "box": f"{rid}.1",
            "text": "屋顶和楼道",
            "entries": [*"abcdefgh"],
        }
        event = AuditedEvent(
            rid, seq, f"{rid}-{seq}", AT + timedelta(hours=seq), AT + timedelta(hours=seq), "engine", "engine",
            "engine", "", None, kind, details, "CN-2021", f"renovation/{rid}", "run", None, head, "",
            None, {"relief": there} if seq == EVENTS else None, f"{seq:032x}",
        )  # fmt: skip
        head = chain.event_hash(head, hashed_fields(event))
        made.append(event._replace(hash=head))
    return made


def _encoded(event: AuditedEvent) -> tuple[object, ...]:
    """The event as COPY takes it."""
    return tuple(
        json.dumps(value) if name in ("details", "row_hashes") and value is not None else value
        for name, value in zip(AuditedEvent._fields, event, strict=True)
    )


async def chain_leg(connection: asyncpg.Connection, *, ours: bool) -> float:
    """Seconds for every event: read, and its hash computed anew, by the audit's own way or by orjson."""
    began = time.perf_counter()
    async with connection.transaction(readonly=True):
        async for event in rows(connection, AuditedEvent, "ORDER BY renovation_id, seq"):
            fields = hashed_fields(event)
            if ours:
                link = chain.Link(event.seq, event.prev_hash, event.hash, fields)
                assert chain.fault(link, event.seq - 1, event.prev_hash) is None
            else:
                text = orjson.dumps(
                    {**fields, "prev_hash": event.prev_hash}, option=orjson.OPT_SORT_KEYS
                )
                assert hashlib.sha256(text).hexdigest() == event.hash
    return time.perf_counter() - began


async def tables_leg(connection: asyncpg.Connection) -> tuple[float, float]:
    """Seconds for the hashes of every case's rows, and for reading the same tables from end to end."""
    cases = await fetch(connection, AuditedCase, "ORDER BY id")
    began = time.perf_counter()
    async with connection.transaction(readonly=True):
        query = await rows_query(connection)
        for batch in batches(cases):
            async for _ in connection.cursor(query, batch[0].id, batch[-1].id, prefetch=PIECE):
                pass
    ours = time.perf_counter() - began
    began = time.perf_counter()
    async with connection.transaction(readonly=True):
        for name in DIGESTS:
            async for _ in connection.cursor(f"SELECT * FROM {name}", prefetch=PIECE):
                pass
    return ours, time.perf_counter() - began


async def measured(url: str, cases: int) -> dict[str, float]:
    owner = await asyncpg.connect(url)
    try:
        await seed(owner, cases)
        by_orjson, ours = await chain_leg(owner, ours=False), await chain_leg(owner, ours=True)
        tables, sequential = await tables_leg(owner)
        began = time.perf_counter()
        report = await audit_record(owner)
        whole = time.perf_counter() - began
        assert report.ok, report
        return {
            "cases": report.renovations,
            "events": report.events,
            "rows": report.rows,
            "chain_s": ours,
            "orjson_s": by_orjson,
            "chain_ratio": by_orjson / ours,
            "tables_s": tables,
            "sequential_s": sequential,
            "tables_ratio": sequential / tables,
            "audit_s": whole,
            "events_per_s": report.events / whole,
        }
    finally:
        await owner.close()


async def engine_leg(folder: Path, journeys: int) -> dict[str, float]:
    """Histories of whole journeys held against the record, on the servers of a pilot, payloads sealed."""
    async with LocalStack(LocalSettings(data_dir=folder, log_level="warning")) as stack:
        settings = stack.settings
        for number in range(journeys):
            options = DemoOptions(units=60, seed=number, case=f"audit{number}")
            await carry(settings, stack.record.service_url, options, Silent(), _no_check)
        client = await reach(settings, REACH_S)
        connection = await asyncpg.connect(asyncpg_url(stack.record.database_url))
        try:
            began = time.perf_counter()
            found = await audit_engine(connection, client, None)
            seconds = time.perf_counter() - began
        finally:
            await connection.close()
    assert not found.bad, found
    return {
        "engine_workflows": found.workflows,
        "engine_acts_and_steps": found.acts + found.steps,
        "engine_s": seconds,
        "workflows_per_s": found.workflows / seconds,
    }


def _no_check() -> None:
    """The benchmark does not watch its stack: a dead part shows as a stand-still."""


def main(cases: int) -> int:
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory) / "db")
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            found = asyncio.run(measured(urls.owner, cases))
        finally:
            postgres.stop()
        found |= asyncio.run(engine_leg(Path(directory) / "stack", JOURNEYS))
    for name, value in found.items():
        print(f"{name:22} {value:,.3f}")
    file = Path(__file__).parent / "results" / f"audit-{datetime.now(UTC):%Y-%m-%dT%H%M}.json"
    file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES))
