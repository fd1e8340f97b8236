"""When a ballot is cast: the clock of its case, read under the lock of its box, decides and is stated."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from proof.ballots import Leaves, Times, ballot_id_of
from proof.canonical import utc_text
from proof.receipts import SignedReceipt, check_receipt
from proof.signing import signed_by
from runtime.database import Database
from runtime.record.audit import audit
from service.ballots.intake import Intake
from service.ballots.receipts import IssuedReceipt as Given
from tests.service.ballots.test_intake import RECEIPT_KEY, ballot, until_blocked, warm
from tests.service.ballots.test_voting import bearer
from tests.support.box import open_box
from tests.support.estate import make_renovation
from tests.support.told import move_clock

START = datetime(2031, 3, 2, 1, 0, tzinfo=UTC)
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
SIGNER = Intake("postgresql://x@y/z", RECEIPT_KEY, queue=1).signer


class Case:
    """A case with a box that opens in an hour and closes in three, by the clock of the case."""

    def __init__(self, database: Database, sql: asyncpg.Connection, intake: Intake) -> None:
        self.database, self.sql, self.intake = database, sql, intake
        self.rid = f"r{uuid.uuid4().hex[:10]}"

    async def begin(self, told_at: datetime | None) -> "Case":
        await make_renovation(self.database, rid=self.rid, told_at=told_at)
        self.box = await open_box(self.sql, self.rid, opens_in=HOUR, closes_in=3 * HOUR)
        return self

    async def cast(self, unit: str, command: str = "") -> dict[str, Any]:
        given, _ = await self.intake.cast(self.rid, ballot(unit, command))
        return shown(given)

    async def rows(self) -> list[asyncpg.Record]:
        return await self.sql.fetch("SELECT * FROM ballot WHERE box_id=$1 ORDER BY seq", self.box)


def shown(given: Given) -> dict[str, Any]:
    return dict(json.loads(given.json()))


@pytest.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    running = Intake(database.url, RECEIPT_KEY, queue=1_000)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def told(database: Database, sql: asyncpg.Connection, intake: Intake) -> Case:
    return await Case(database, sql, intake).begin(START)


@pytest.fixture
async def mover(owner: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner)
    yield connection
    await connection.close()


async def code_of(http: httpx.AsyncClient, case: Case, unit: str) -> str:
    path = f"/v1/renovations/{case.rid}/ballots"
    body = ballot(unit).model_dump(mode="json", exclude_none=True)
    answer = await http.post(path, json=body, headers=bearer(case.rid, unit))
    return str(answer.json().get("code"))


async def test_the_told_clock_says_whether_a_box_is_open(
    told: Case, http: httpx.AsyncClient
) -> None:
    """Of a box five years ahead, without anybody waiting."""
    assert await code_of(http, told, "1-101") == "voting.box_not_open_yet"
    await move_clock(told.database, told.rid, START + HOUR)
    taken = await code_of(http, told, "1-101")
    await move_clock(told.database, told.rid, START + 3 * HOUR - MICROSECOND)
    assert len(await code_of(http, told, "1-102")) == len(taken) == len("4F7K-9QX2-M0AD")
    await move_clock(told.database, told.rid, START + 3 * HOUR)
    assert await code_of(http, told, "1-201") == "voting.box_closed"
    assert [row["cast_at"] for row in await told.rows()] == [
        START + HOUR,
        START + 3 * HOUR - MICROSECOND,
    ]


async def test_row_and_receipt_state_the_tick_and_the_clock_of_the_database(told: Case) -> None:
    await move_clock(told.database, told.rid, START + 2 * HOUR)
    before = await told.sql.fetchval("SELECT clock_timestamp()")
    receipt = await told.cast("1-101")
    after = await told.sql.fetchval("SELECT clock_timestamp()")
    (row,) = await told.rows()
    assert (row["cast_at"], before < row["recorded_at"] < after) == (START + 2 * HOUR, True)
    assert receipt["cast_at"] == "2031-03-02T03:00:00.000000+00:00"
    assert receipt["recorded_at"] == utc_text(row["recorded_at"])
    check_receipt(SignedReceipt.model_validate(receipt), signed_by, SIGNER.public_key)


async def test_asked_again_after_the_clock_has_moved_a_receipt_states_the_same(
    told: Case, database: Database
) -> None:
    await move_clock(database, told.rid, START + HOUR)
    first = await told.cast("1-101")
    await move_clock(database, told.rid, START + 2 * HOUR)
    other = Intake(database.url, RECEIPT_KEY, queue=10)
    await other.start()
    try:
        again, fresh = await other.cast(told.rid, ballot("1-101"))
    finally:
        await other.stop()
    stated = ("ballot_id", "leaf_hash", "cast_at", "recorded_at", "code")
    assert not fresh
    assert [shown(again)[name] for name in stated] == [first[name] for name in stated]


@pytest.mark.parametrize("box_format", [1, 2])
async def test_the_database_makes_the_leaf_that_everybody_can_recompute(
    told: Case, box_format: int
) -> None:
    await told.sql.execute("UPDATE ballot_box SET format=$2 WHERE id=$1", told.box, box_format)
    await move_clock(told.database, told.rid, START + HOUR)
    receipts = [await told.cast(unit) for unit in ("1-101", "1-102")]
    receipts.append(await told.cast("1-101", "another"))
    for row, receipt in zip(await told.rows(), receipts, strict=True):
        leaves = Leaves(told.box, box_format)
        content_hash = leaves.content_hash(
            **{
                name: row[name]
                for name in ("pseudonym", "channel", "commitment", "heads", "area_dm2", "shares")
            }
        )
        times = Times(utc_text(row["cast_at"]), utc_text(row["recorded_at"]))
        leaf = leaves.leaf(content_hash, times)
        assert (leaf, ballot_id_of(leaf)) == (row["leaf"], row["id"])
        assert (receipt["leaf_hash"], receipt["ballot_id"]) == (leaf.hex(), row["id"])
        assert (leaf == content_hash) == (box_format == 1)


async def test_in_a_box_of_before_receipts_and_batches_are_those_of_before(
    database: Database, sql: asyncpg.Connection, intake: Intake
) -> None:
    case = await Case(database, sql, intake).begin(None)
    await sql.execute(
        "UPDATE ballot_box SET format=1, opens_at=opens_at - interval '2 hours' WHERE id=$1",
        case.box,
    )
    receipt = await case.cast("1-101")
    assert "cast_at" not in receipt
    check_receipt(SignedReceipt.model_validate(receipt), signed_by, SIGNER.public_key)
    again = await case.cast("1-101")
    assert ("cast_at" in again, again["leaf_hash"]) == (False, receipt["leaf_hash"])
    (row,) = await case.rows()
    assert row["cast_at"] == row["recorded_at"]
    await intake.stop()
    assert (await audit(database, case.rid, SIGNER.public_key)).bad_ballots == ()


async def test_a_ballot_that_waited_for_the_clock_to_be_moved_sees_where_it_stands(
    told: Case, mover: asyncpg.Connection
) -> None:
    """Whoever moves a clock locks the open boxes: what comes then is cast after the move, or too late."""
    await move_clock(told.database, told.rid, START + HOUR)
    await warm(told.intake, told.rid)
    for to, units, taken in (
        (START + 2 * HOUR, ("1-101", "1-102"), True),
        (START + 3 * HOUR, ("1-201", "1-202"), False),
    ):
        async with mover.transaction():
            lock = "SELECT 1 FROM ballot_box WHERE id=$1 FOR NO KEY UPDATE"
            await mover.execute(lock, told.box)
            casting = [asyncio.create_task(told.cast(unit)) for unit in units]
            await until_blocked(told.sql, 1)
            await mover.execute(
                "UPDATE case_clock SET now=$2, moved_seq=moved_seq + 1 WHERE renovation_id=$1",
                told.rid,
                to,
            )
        answers = await asyncio.gather(*casting, return_exceptions=True)
        assert [isinstance(answer, dict) for answer in answers] == [taken, taken]
    assert {row["cast_at"] for row in await told.rows()} == {START + 2 * HOUR}


async def test_a_step_back_of_the_system_clock_does_not_open_a_box_again(
    database: Database, sql: asyncpg.Connection, intake: Intake
) -> None:
    """As if the last event of a case on the wall clock lay ahead: the tick stays there."""
    case = await Case(database, sql, intake).begin(None)
    for hours in (2, 3):
        await sql.execute(
            "INSERT INTO event (renovation_id, seq, command_id, happened_at, recorded_at, actor_id,"
            " actor_role, actor_label, actor_place, kind, details, rule_pack, workflow_id, run_id,"
            " prev_hash, hash) SELECT id, $2::int, id || $2::int, opened_at + make_interval(hours => $2::int) +"
            " interval '1 minute', clock_timestamp(), 'x', 'x', 'x', '', 'test.happened', '{}', 'x', '',"
            " '', repeat('0', 64), repeat('0', 64) FROM renovation WHERE id=$1",
            case.rid,
            hours,
        )
        unit = f"1-{hours}01"
        if hours == 2:  # in the middle of the period
            assert (await case.cast(unit))["cast_at"] > utc_text(datetime.now(UTC) + HOUR)
        else:
            with pytest.raises(Exception, match=r"voting\.box_closed"):
                await case.cast(unit)
