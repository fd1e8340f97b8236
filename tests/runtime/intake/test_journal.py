"""What many report at once to one case is committed together, each with its own event, or refused alone."""

import asyncio

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.acts import Done
from models.values.refusal import Refused, refusal
from runtime.database import Database
from runtime.intake.journal import BATCH, GatheredJournal
from runtime.ledger.booking import book
from runtime.ledger.check import check_ledger
from runtime.record.audit import audit
from runtime.record.journal import Recorded, lock_case
from tests.support.estate import make_renovation
from tests.support.money import START, command
from tests.support.money.ledger import fen_by_code, paid

MANY = 40


async def report(journal: GatheredJournal, rid: str, name: str, fen: int) -> Done:
    key = command(rid, name)

    async def inside(session: AsyncSession, now: object) -> Recorded[Done]:
        if fen == 13:
            raise refusal("cost_sharing.nothing_due", where=name)
        said = await book(session, rid, key.command_id, START, [paid(f"{rid}.{name}", "1", fen)])
        return Recorded(Done(command_id=key.command_id, kind="test.moved"), said)

    return await journal.record(key, "test.moved", None, inside, Done)


async def test_reports_that_come_at_once_are_committed_together_and_a_refused_one_alone(
    database: Database,
) -> None:
    await make_renovation(database, rid="g1", units=2, told_at=START)
    commits = 0

    def heard(_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.engine.sync_engine, "commit", heard)
    journal = GatheredJournal(database, room=1_000)
    try:
        answers = await asyncio.gather(
            *(report(journal, "g1", str(n), 13 if n == 7 else 20 + n) for n in range(MANY)),
            # The same report of two senders, and once more later.
            report(journal, "g1", "3", 23),
            return_exceptions=True,
        )
        assert commits < MANY / 2
        refused = [each for each in answers if isinstance(each, BaseException)]
        assert len(refused) == 1
        assert isinstance(refused[0], Refused)
        assert refused[0].problems[0].where == "7"
        assert answers[3] == answers[-1] == await report(journal, "g1", "3", 23)
    finally:
        event.remove(database.engine.sync_engine, "commit", heard)
        await journal.stop()
    whole = sum(20 + n for n in range(MANY) if n != 7)
    assert await fen_by_code(database, "g1") == {"escrow": (whole, 0), "household/1": (-whole, 0)}
    assert (await check_ledger(database, "g1")).ok
    assert (await audit(database, "g1")).ok


async def test_whoever_finds_no_room_hears_it_at_once(database: Database) -> None:
    await make_renovation(database, rid="g2", units=2, told_at=START)
    journal = GatheredJournal(database, room=2)
    try:
        answers = await asyncio.gather(
            *(report(journal, "g2", str(n), 5) for n in range(4)), return_exceptions=True
        )
    finally:
        await journal.stop()
    codes = [each.problems[0].code for each in answers if isinstance(each, Refused)]
    assert codes == ["service.busy"] * 2
    assert (await fen_by_code(database, "g2"))["escrow"] == (10, 0)


async def test_a_case_that_others_hold_keeps_no_other_case_waiting_and_the_end_is_told(
    database: Database,
) -> None:
    for rid in ("g4", "g5"):
        await make_renovation(database, rid=rid, units=2, told_at=START)
    journal = GatheredJournal(database, room=1_000)
    async with database.held() as session:
        await lock_case(session, "g4")
        held = [asyncio.create_task(report(journal, "g4", str(n), 5)) for n in range(BATCH + 2)]
        assert (await report(journal, "g5", "x", 7)).kind == "test.moved"
        assert not any(each.done() for each in held)
        await journal.stop()
        answers = await asyncio.gather(*held, return_exceptions=True)
    codes = {each.problems[0].code for each in answers if isinstance(each, Refused)}
    assert (len(answers), codes) == (BATCH + 2, {"service.busy"})
    assert await fen_by_code(database, "g4") == {}


async def test_one_alone_is_refused_as_ever(database: Database) -> None:
    await make_renovation(database, rid="g3", units=2, told_at=START)
    journal = GatheredJournal(database, room=2)
    with pytest.raises(Refused):
        await report(journal, "g3", "x", 13)
    await journal.stop()
