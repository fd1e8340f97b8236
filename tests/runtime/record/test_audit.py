from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.values.base import Carried
from models.values.refusal import Refused
from runtime.ballots.audit import BadBallot
from runtime.database import Database
from runtime.record.audit import audit
from runtime.record.audit.cases import BadEvent
from runtime.record.journal import Journal, Recorded
from tests.support.box import open_box, put_ballots
from tests.support.estate import make_renovation

EVENTS = 6
NUMBERS = count(1)


class Done(Carried):
    """A result."""

    ok: bool = True


async def fill(database: Database, rid: str) -> None:
    """A renovation with six events."""
    await make_renovation(database, rid=rid)

    async def inside(_session: AsyncSession, _now: datetime) -> Recorded[Done]:
        return Recorded(
            Done(), {"amount_fen": 12_345, "text": "屋顶", "checks": [{"need": "51/4"}]}
        )

    for number in range(EVENTS):
        command = Command(command_id=f"{rid}-{number}", renovation_id=rid)
        await Journal(database).record(command, "test.happened", None, inside, Done)


@pytest.fixture
async def tampering(superuser: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser with the triggers switched off."""
    connection = await asyncpg.connect(superuser)
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


@pytest.fixture
async def rid(database: Database) -> str:
    name = f"r{next(NUMBERS)}"
    await fill(database, name)
    assert (await audit(database, name)).ok
    return name


async def bad(database: Database, rid: str) -> tuple[BadEvent, ...]:
    report = await audit(database, rid)
    assert report.renovations == 1
    return report.bad


@pytest.mark.parametrize(
    "change",
    [
        """details = jsonb_set(details, '{amount_fen}', '12346')""",
        """details = details || '{"new": null}'""",
        "kind = 'test.happenes'",
        "actor_label = actor_label || ' '",
        "on_behalf_of = 'somebody'",
        "happened_at = happened_at + interval '1 microsecond'",
        "recorded_at = recorded_at - interval '1 microsecond'",
        "rule_pack = 'CN-2022'",
        "command_id = command_id || 'x'",
        "workflow_id = 'w'",
        "run_id = 'r'",
        "hash = repeat('0', 64)",
    ],
)
async def test_one_changed_byte_is_named(
    database: Database, tampering: asyncpg.Connection, rid: str, change: str
) -> None:
    await tampering.execute(f"UPDATE event SET {change} WHERE renovation_id=$1 AND seq=3", rid)
    assert await bad(database, rid) == (BadEvent(renovation_id=rid, seq=3, reason="hash"),)


async def test_a_number_that_became_a_float_is_named(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    change = "details = jsonb_set(details, '{amount_fen}', '12345.0')"
    await tampering.execute(f"UPDATE event SET {change} WHERE renovation_id=$1 AND seq=3", rid)
    assert await bad(database, rid) == (BadEvent(renovation_id=rid, seq=3, reason="hash"),)


async def test_a_removed_event_is_named_by_the_one_after_it(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    await tampering.execute("DELETE FROM event WHERE renovation_id=$1 AND seq=4", rid)
    assert await bad(database, rid) == (BadEvent(renovation_id=rid, seq=5, reason="gap"),)


async def test_a_cut_off_end_is_named_by_the_head(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    await tampering.execute("DELETE FROM event WHERE renovation_id=$1 AND seq=6", rid)
    assert await bad(database, rid) == (BadEvent(renovation_id=rid, seq=6, reason="head"),)


async def test_events_in_another_order_are_named(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    swap = "UPDATE event SET seq=$2 WHERE renovation_id=$1 AND seq=$3"
    for to, of in ((0, 2), (2, 3), (3, 0)):
        # The constraint wants positive numbers: 0 stands for one that is free.
        await tampering.execute(swap, rid, to or 99, of or 99)
    assert await bad(database, rid) == (BadEvent(renovation_id=rid, seq=2, reason="prev_hash"),)


async def test_an_event_made_up_at_the_end_is_named(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    await tampering.execute(
        "INSERT INTO event SELECT renovation_id, 7, command_id || '!', happened_at,"
        " recorded_at, actor_id, actor_role, actor_label, actor_place, on_behalf_of, kind, details,"
        " rule_pack, workflow_id, run_id, hash, hash FROM event WHERE renovation_id=$1 AND seq=6",
        rid,
    )
    assert await bad(database, rid) == (BadEvent(renovation_id=rid, seq=7, reason="hash"),)


async def test_a_moved_head_is_named(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    await tampering.execute("UPDATE renovation SET head_hash=repeat('a',64) WHERE id=$1", rid)
    assert await bad(database, rid) == (BadEvent(renovation_id=rid, seq=6, reason="head"),)


async def test_a_missing_receipt_is_named(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    await tampering.execute("DELETE FROM receipt WHERE renovation_id=$1 AND seq=2", rid)
    assert await bad(database, rid) == (BadEvent(renovation_id=rid, seq=2, reason="receipt"),)


async def test_each_renovation_has_its_own_first_bad_event(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    other = f"{rid}b"
    await fill(database, other)
    before = await audit(database)
    for name, seq in ((rid, 2), (rid, 5), (other, 4)):
        await tampering.execute(
            "UPDATE event SET actor_label='x' WHERE renovation_id=$1 AND seq=$2", name, seq
        )
    after = await audit(database)
    new = {(each.renovation_id, each.seq) for each in after.bad} - {
        (each.renovation_id, each.seq) for each in before.bad
    }
    assert new == {(rid, 2), (other, 4)}
    assert after.events == before.events


async def voted(tampering: asyncpg.Connection, rid: str) -> tuple[str, list[str]]:
    """A box with two ballots that came in through nobody's batch."""
    box = await open_box(tampering, rid)
    units = await tampering.fetch("SELECT entry_id FROM roll_entry WHERE box_id=$1 LIMIT 2", box)
    said = [(row["entry_id"], {"works": "yes"}) for row in units]
    return box, await put_ballots(tampering, box, said)


@pytest.mark.parametrize(
    "change",
    [
        "heads = heads, area_dm2 = area_dm2 + 1",
        "channel = 'paper'",
        "commitment = sha256('x')",
        "leaf = sha256('x')",
        "cast_at = cast_at - interval '1 microsecond'",
        "recorded_at = recorded_at - interval '1 microsecond'",
        "pseudonym = repeat('a', 32)",
    ],
)
async def test_a_changed_ballot_is_named(
    database: Database, tampering: asyncpg.Connection, rid: str, change: str
) -> None:
    box, (_, second) = await voted(tampering, rid)
    report = await audit(database, rid)
    assert (report.ok, report.ballots, report.unsigned) == (True, 2, 2)
    await tampering.execute(f"UPDATE ballot SET {change} WHERE id=$1", second)
    report = await audit(database, rid)
    assert report.bad_ballots == (BadBallot(box_id=box, ballot_id=second, reason="leaf"),)


@pytest.mark.parametrize("hours", [-2, 2])
@pytest.mark.parametrize("which", ["cast_at", "recorded_at"])
async def test_a_ballot_from_outside_of_the_period_is_named(
    database: Database, tampering: asyncpg.Connection, rid: str, which: str, hours: int
) -> None:
    """On the wall clock: recorded before it was cast is no fault, nobody could have gained by it."""
    box = await open_box(tampering, rid)
    entry, now = await tampering.fetchrow(
        "SELECT entry_id, clock_timestamp() FROM roll_entry WHERE box_id=$1 LIMIT 1", box
    )
    said, moment = [(entry, {"works": "yes"})], now + timedelta(hours=hours)
    (ballot,) = await put_ballots(tampering, box, said, **{which: moment})
    reason = "late" if hours > 0 else "early"
    named = (BadBallot(box_id=box, ballot_id=ballot, reason=reason),)
    report = await audit(database, rid)
    assert report.bad_ballots == (() if (which, reason) == ("recorded_at", "early") else named)


async def test_an_unknown_renovation_is_refused(database: Database) -> None:
    with pytest.raises(Refused, match=r"renovation.unknown"):
        await audit(database, "nowhere")
