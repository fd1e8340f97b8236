"""Who rewrites the log with every right of the database, and what the signed heads say to it."""

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from cli.cases import audit_lines
from models.messages.command import Command
from models.messages.healing import Breakage
from models.tables import Event
from models.values.base import Carried
from models.values.refusal import Refused, refusal
from proof import chain
from proof.notes import read_checkpoint, read_note
from runtime.database import Database
from runtime.record.audit import AuditReport, audit
from runtime.record.audit.cases import BadEvent
from runtime.record.audit.heads import HeadsAudit, KnownHeads
from runtime.record.heads import HeadKeys, Heads, KeptHeads, head_of
from runtime.record.journal import Journal, Recorded
from runtime.rows.hashed import hashed_fields
from tests.support.estate import make_renovation

NUMBERS = count(1)
KEY = SecretStr("4e" * 32)
OTHERS_KEY = SecretStr("66" * 32)


class Done(Carried):
    """A result."""

    ok: bool = True


async def happened(_session: AsyncSession, _now: datetime) -> Recorded[Done]:
    return Recorded(Done(), {"amount_fen": 12_345})


class Log:
    """A renovation, and whoever writes to its log."""

    def __init__(self, database: Database, kept: Path, attacker: asyncpg.Connection) -> None:
        self.database, self.attacker, self.rid = database, attacker, f"r{next(NUMBERS)}"
        self.kept = KeptHeads(kept)
        self.heads = Heads(KEY, self.kept)
        self.commands = count(1)

    async def write(self, events: int, heads: Heads | None) -> None:
        for _ in range(events):
            command = Command(
                command_id=f"{self.rid}-{next(self.commands)}", renovation_id=self.rid
            )
            journal = Journal(self.database, heads)
            await journal.record(command, "test.happened", None, happened, Done)

    async def audit(self, key: SecretStr = KEY) -> AuditReport:
        known = KnownHeads(HeadKeys.of(key), self.kept)
        return await audit(self.database, self.rid, None, known)

    async def bad(self) -> list[tuple[int, str]]:
        return [(each.seq, each.reason) for each in (await self.audit()).bad]

    async def rewrite(self, seq: int, signed_by: Heads | None = None) -> None:
        """Change an event and make every hash after it anew, receipts and head too."""
        async with self.database.held() as session:
            events = [await session.get_one(Event, (self.rid, n)) for n in range(1, 7)]
            session.expunge_all()
        events[seq - 1].details = {"amount_fen": 99}
        head = chain.GENESIS
        for event in events:
            event.prev_hash = head
            event.hash = head = chain.event_hash(head, hashed_fields(event))
            if signed_by is not None:
                event.head_signature = signed_by.sign(head_of(self.rid, event.seq, head))
            await self.attacker.execute(
                "UPDATE event SET details = $3, prev_hash = $4, hash = $5, head_signature = $6"
                " WHERE renovation_id = $1 AND seq = $2",
                *(self.rid, event.seq, '{"amount_fen": 99}' if event.seq == seq else DETAILS),
                *(event.prev_hash, event.hash, event.head_signature),
            )
        await self.attacker.execute(
            "UPDATE renovation SET head_hash = $2 WHERE id = $1", self.rid, head
        )

    async def roll_back(self, to: int) -> None:
        """The state of the database after event `to`, as a backup of that moment has it."""
        for table in ("receipt", "event"):
            await self.attacker.execute(
                f"DELETE FROM {table} WHERE renovation_id = $1 AND seq > $2", self.rid, to
            )
        await self.attacker.execute(
            "UPDATE renovation SET head_seq = $2, head_hash = coalesce((SELECT hash FROM event"
            " WHERE renovation_id = $1 AND seq = $2), repeat('0', 64)) WHERE id = $1",
            *(self.rid, to),
        )


DETAILS = '{"amount_fen": 12345}'


@pytest.fixture
async def log(database: Database, superuser: str, tmp_path: Path) -> AsyncIterator[Log]:
    """A renovation of six events with signed heads, and the superuser with the triggers off."""
    attacker = await asyncpg.connect(superuser)
    await attacker.execute("SET session_replication_role = replica")
    made = Log(database, tmp_path / "outside" / "heads.log", attacker)
    await make_renovation(database, rid=made.rid)
    await made.write(6, made.heads)
    yield made
    await attacker.close()


async def test_every_event_has_a_signed_head_and_the_file_outside_too(log: Log) -> None:
    report = await log.audit()
    assert report.ok
    assert report.heads == HeadsAudit(signed=1, later={}, unsigned=0, outside=6, foreign=0)
    first_note = log.kept.path.read_bytes().split(b"\n\n\n")[0]
    text, _ = read_note(b"\n".join(first_note.split(b"\n")[:5]) + b"\n")
    async with log.database.session() as session:
        first = await session.get_one(Event, (log.rid, 1))
    head = read_checkpoint(text)
    assert (head.origin, head.size, head.hash.hex()) == (
        f"gongjian/renovation/{log.rid}",
        1,
        first.hash,
    )


async def test_the_file_outside_is_for_its_owner_only(log: Log) -> None:
    assert log.kept.path.stat().st_mode & 0o077 == 0
    assert log.kept.path.parent.stat().st_mode & 0o077 == 0


async def test_a_rewritten_event_with_chain_and_head_made_anew_is_found(log: Log) -> None:
    await log.rewrite(3)
    # The chain fits: without the signatures nothing would be seen.
    assert (await audit(log.database, log.rid)).ok
    assert await log.bad() == [(3, "signature")]


async def test_heads_that_the_attacker_signs_are_signed_by_nobody_who_may(log: Log) -> None:
    await log.rewrite(3, Heads(OTHERS_KEY, log.kept))
    assert await log.bad() == [(1, "signature")]


async def test_who_has_the_key_cannot_rewrite_what_is_kept_outside(log: Log) -> None:
    await log.rewrite(3, log.heads)
    assert await log.bad() == [(3, "other_head")]


async def test_a_roll_back_to_an_older_signed_head_is_found(log: Log) -> None:
    await log.roll_back(4)
    assert (await audit(log.database, log.rid)).ok
    assert await log.bad() == [(6, "rolled_back")]


async def test_a_roll_back_is_found_too_when_the_work_went_on(log: Log) -> None:
    await log.roll_back(4)
    log.commands = count(101)
    await log.write(3, log.heads)
    assert await log.bad() == [(5, "other_head")]


async def test_a_renovation_that_is_gone_is_missed(log: Log) -> None:
    await log.roll_back(0)
    await log.attacker.execute("DELETE FROM renovation WHERE id = $1", log.rid)
    known = KnownHeads(HeadKeys.of(KEY), log.kept)
    bad = (await audit(log.database, None, None, known)).bad
    assert BadEvent(renovation_id=log.rid, seq=6, reason="gone") in bad


def test_of_one_case_nobody_waits_for_the_heads_of_the_others(tmp_path: Path) -> None:
    kept = KeptHeads(tmp_path / "heads.log")
    for heads in (Heads(KEY, kept), Heads(OTHERS_KEY, kept)):
        for case in ("one", "two"):
            head = head_of(case, 1, "0" * 64)
            heads.keep(head, heads.sign(head))
    keys = HeadKeys.of(KEY)
    audited = {
        only: KnownHeads(keys, kept, only).audited({only: 1}) for only in ("one", "two", "none")
    }
    assert [(each.outside, each.foreign) for each in audited.values()] == [(1, 1), (1, 1), (0, 0)]
    assert KnownHeads(keys, kept).audited({"one": 1, "two": 1}).foreign == 2


@pytest.mark.parametrize("seq", [1, 3, 6])
async def test_a_missing_head_is_found(log: Log, seq: int) -> None:
    await log.attacker.execute(
        "UPDATE event SET head_signature = NULL WHERE renovation_id = $1 AND seq = $2", log.rid, seq
    )
    assert await log.bad() == [(seq, "unsigned")]


async def test_heads_of_another_case_or_number_do_not_pass(log: Log) -> None:
    swap = "UPDATE event SET head_signature = (SELECT head_signature FROM event WHERE"
    await log.attacker.execute(
        f"{swap} renovation_id = $1 AND seq = 5) WHERE renovation_id = $1 AND seq = 6", log.rid
    )
    assert await log.bad() == [(6, "signature")]


async def test_a_case_of_before_is_signed_with_its_next_write_and_the_audit_says_since_when(
    log: Log,
) -> None:
    old = Log(log.database, log.kept.path, log.attacker)
    await make_renovation(old.database, rid=old.rid)
    await old.write(2, None)
    report = await old.audit()
    assert report.ok
    assert "heads: 1 without any: nothing written since heads are signed" in audit_lines(report)
    await old.write(2, old.heads)
    report = await old.audit()
    assert report.ok
    assert f"heads: {old.rid} is signed since event 3" in audit_lines(report)


async def test_without_the_file_outside_the_audit_says_what_it_cannot_find(log: Log) -> None:
    log.kept.path.unlink()
    await log.roll_back(4)
    report = await log.audit()
    assert report.ok
    said = "heads: none outside of the database, a roll-back could not be found"
    assert said in audit_lines(report)


async def test_heads_of_a_rotated_key_hold_and_those_of_strangers_are_counted(log: Log) -> None:
    both = SecretStr(f"{OTHERS_KEY.get_secret_value()},{KEY.get_secret_value()}")
    await log.write(1, Heads(both, log.kept))
    report = await log.audit(both)
    assert (report.ok, report.heads) == (
        True,
        HeadsAudit(signed=1, later={}, unsigned=0, outside=7, foreign=0),
    )
    alone = await log.audit()
    assert [each.reason for each in alone.bad] == ["signature"]
    assert alone.heads is not None
    assert alone.heads.foreign == 1


async def test_a_process_killed_between_commit_and_file_leaves_nothing_out_for_good(
    log: Log,
) -> None:
    await log.heads.catch_up(log.database)  # with the cases of the other tests
    file = log.kept.path.read_bytes()
    await log.write(1, log.heads)
    log.kept.path.write_bytes(file)  # the kill: the commit is there, its head is not outside
    assert (await log.audit()).ok
    assert await log.heads.catch_up(log.database) == 1
    assert await log.heads.catch_up(log.database) == 0
    await log.roll_back(6)
    assert await log.bad() == [(7, "rolled_back")]


async def test_a_file_that_cannot_be_written_fails_no_act(log: Log, tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    await log.write(1, Heads(KEY, KeptHeads(blocked / "heads.log")))
    assert (await log.audit()).ok


async def test_what_is_given_up_has_a_signed_head_and_what_is_refused_has_none(log: Log) -> None:
    command = Command(command_id=f"{log.rid}-broken", renovation_id=log.rid)
    await Journal(log.database, log.heads).give_up(
        command, Breakage(step="a.b", error="y", reference="z")
    )

    async def refused(_session: AsyncSession, _now: datetime) -> Recorded[Done]:
        raise refusal("renovation.unknown", where="x")

    with pytest.raises(Refused):
        await Journal(log.database, log.heads).record(
            Command(command_id=f"{log.rid}-no", renovation_id=log.rid), "a.b", None, refused, Done
        )
    report = await log.audit()
    assert report.ok
    assert report.heads is not None
    assert report.heads.outside == 7
