import json
from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.deed import Deed
from models.values.base import Carried
from models.values.refusal import Refused
from rules.chain import leaf_hash
from runtime.audit import BadBallot, BadEvent, audit
from runtime.database import Database
from runtime.journal import Journal, Recorded
from tests.support.estate import make_renovation

EVENTS = 6
NUMBERS = count(1)


class Done(Carried):
    """A result."""

    ok: bool = True


async def fill(database: Database, rid: str) -> None:
    """A renovation with six events."""
    await make_renovation(database, rid=rid)

    async def inside(session: AsyncSession) -> Recorded[Done]:
        return Recorded(
            Done(), {"amount_fen": 12_345, "text": "屋顶", "checks": [{"need": "51/4"}]}
        )

    for number in range(EVENTS):
        deed = Deed(
            command_id=f"{rid}-{number}",
            renovation_id=rid,
            happened_at="2026-03-02T09:00:00Z",
            rule_pack="CN-2021",
        )
        await Journal(database).record(deed, "test.happened", None, inside, Done)


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


async def test_a_changed_ballot_is_named(
    database: Database, tampering: asyncpg.Connection, rid: str
) -> None:
    await cast(tampering, rid, "b1", "yes")
    await cast(tampering, rid, "b2", "no")
    report = await audit(database, rid)
    assert (report.ok, report.ballots) == (True, 2)
    await tampering.execute("""UPDATE ballot SET choices='{"m": "yes"}' WHERE id=$1""", f"{rid}.b2")
    report = await audit(database, rid)
    assert report.bad_ballots == (BadBallot(box_id=f"{rid}.1", ballot_id=f"{rid}.b2"),)


async def cast(connection: asyncpg.Connection, rid: str, name: str, choice: str) -> None:
    box = f"{rid}.1"
    await connection.execute(
        "INSERT INTO ballot_box (id, renovation_id, attempt, motions, opens_at, closes_at,"
        " case_closes_at, roll_hash) VALUES ($1, $2, 1, '[]', now(), now(), now(),"
        " repeat('0', 64)) ON CONFLICT DO NOTHING",
        box,
        rid,
    )
    leaf = leaf_hash(
        box_id=box,
        entry_id="e",
        command_id=name,
        choices={"m": choice},
        channel="web",
        heads=1,
        area_dm2=5000,
    )
    await connection.execute(
        "INSERT INTO ballot (id, box_id, entry_id, command_id, request_hash, choices, channel,"
        " heads, area_dm2, leaf_hash, recorded_at)"
        " VALUES ($1, $2, 'e', $3, repeat('0', 64), $4, 'web', 1, 5000, $5, now())",
        f"{rid}.{name}",
        box,
        name,
        json.dumps({"m": choice}),
        leaf,
    )


async def test_an_unknown_renovation_is_refused(database: Database) -> None:
    with pytest.raises(Refused, match=r"renovation_unknown"):
        await audit(database, "nowhere")
