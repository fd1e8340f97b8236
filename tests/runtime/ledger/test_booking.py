"""The ledger keeps its balances: pending, many at once, the same id again, and again from the rules."""

import asyncio
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from models.tables import Event, LedgerEntry, LedgerTransfer
from models.values.ledger import Phase, Transfer, TransferKind, household
from proof.ledger import transfers_hash
from rules.ledger import posted, sum_fen
from runtime.database import Database
from runtime.ledger.reading import load_balances, load_transfers
from tests.support.estate import make_renovation
from tests.support.money import START
from tests.support.money.ledger import ESCROW, PROJECT, fen_by_code, move, moved, paid

REFUND = TransferKind.REFUND


async def with_money(database: Database, rid: str, fen: int) -> None:
    await make_renovation(database, rid=rid, units=2, told_at=START)
    await move(database, rid, "in", paid(f"{rid}.in", "1", fen))


def held(rid: str, name: str, fen: int, **more: object) -> Transfer:
    return moved(f"{rid}.{name}", ESCROW, household("1"), fen, REFUND, Phase.PENDING, **more)


def decided(rid: str, name: str, on: str, fen: int, phase: Phase) -> Transfer:
    return moved(
        f"{rid}.{name}", ESCROW, household("1"), fen, REFUND, phase, pending_id=f"{rid}.{on}"
    )


async def test_what_is_pending_is_held_and_a_part_of_it_frees_the_rest(database: Database) -> None:
    await with_money(database, "b1", 1_000)
    await move(database, "b1", "hold", held("b1", "hold", 800))
    assert (await fen_by_code(database, "b1"))["escrow"] == (1_000, 800)
    with pytest.raises(IntegrityError):
        await move(database, "b1", "too much", held("b1", "more", 201))
    await move(database, "b1", "post", decided("b1", "post", "hold", 500, Phase.POST))
    assert await fen_by_code(database, "b1") == {"escrow": (500, 0), "household/1": (-500, 0)}
    with pytest.raises(IntegrityError):
        await move(database, "b1", "twice", decided("b1", "twice", "hold", 300, Phase.POST))


async def test_what_is_void_moves_nothing(database: Database) -> None:
    await with_money(database, "b2", 1_000)
    await move(database, "b2", "hold", held("b2", "hold", 800))
    await move(database, "b2", "void", decided("b2", "void", "hold", 800, Phase.VOID))
    assert await fen_by_code(database, "b2") == {"escrow": (1_000, 0), "household/1": (-1_000, 0)}


async def test_what_is_pending_ends_at_its_time_and_not_before(database: Database) -> None:
    await with_money(database, "b3", 1_000)
    later = START + timedelta(days=1)
    await move(database, "b3", "later", held("b3", "later", 100, expires_at=later))
    await move(database, "b3", "now", held("b3", "now", 100, expires_at=START))
    with pytest.raises(IntegrityError):
        await move(database, "b3", "early", decided("b3", "e", "later", 100, Phase.EXPIRED))
    with pytest.raises(IntegrityError):
        await move(database, "b3", "late", decided("b3", "l", "now", 100, Phase.POST))
    await move(database, "b3", "ends", decided("b3", "x", "now", 100, Phase.EXPIRED))
    assert (await fen_by_code(database, "b3"))["escrow"] == (1_000, 100)


async def test_a_group_is_booked_whole_or_not_at_all(database: Database) -> None:
    await with_money(database, "b4", 100)
    with pytest.raises(IntegrityError):
        await move(database, "b4", "both", paid("b4.x", "2", 5), paid("b4.in", "2", 5))
    assert (await fen_by_code(database, "b4"))["escrow"] == (100, 0)


async def test_the_same_command_moves_once_and_the_event_answers_for_it(database: Database) -> None:
    await make_renovation(database, rid="b5", units=2, told_at=START)
    transfers = (paid("b5.a", "1", 7), moved("b5.b", PROJECT, household("1"), 9))
    answers = [await move(database, "b5", "pay", *transfers) for _ in range(2)]
    assert answers[0] == answers[1]
    assert await fen_by_code(database, "b5") == {
        "escrow": (7, 0),
        "household/1": (2, 0),
        "project": (-9, 0),
    }
    async with database.session() as session:
        found = await load_transfers(session, ["b5#pay"])
        said = await session.scalar(select(Event.details).where(Event.command_id == "b5#pay"))
    assert tuple(found) == transfers
    assert said == {"ledger_sha256": transfers_hash(transfers)}


async def test_whatever_is_booked_the_rules_find_the_same_balances(database: Database) -> None:
    await make_renovation(database, rid="b6", units=2, told_at=START)
    random = Random(6)
    accounts = [PROJECT, ESCROW, *(household(str(number)) for number in range(4))]
    everything = [paid("b6.first", "0", 10_000)]
    await move(database, "b6", "first", *everything)
    for step in range(20):
        group = []
        for number in range(random.randint(1, 5)):
            source, target = random.sample(accounts, 2)
            kind = TransferKind.REFUND if source == ESCROW else TransferKind.CHARGE
            if source == ESCROW and target == PROJECT:
                target = household("0")
            group.append(moved(f"b6.{step}.{number}", source, target, random.randint(1, 90), kind))
        await move(database, "b6", str(step), *group)
        everything += group
    async with database.session() as session:
        kept = await load_balances(session, "b6")
    assert kept == posted(everything) == posted(reversed(everything))
    assert sum_fen(kept.values()) == 0


async def test_the_same_payment_a_hundred_times_at_once_is_one_payment(database: Database) -> None:
    await make_renovation(database, rid="b7", units=2, told_at=START)
    answers = await asyncio.gather(
        *(move(database, "b7", "hook", paid("b7.bank", "1", 500)) for _ in range(100))
    )
    assert len({answer.model_dump_json() for answer in answers}) == 1
    assert await fen_by_code(database, "b7") == {"escrow": (500, 0), "household/1": (-500, 0)}
    others = await asyncio.gather(
        *(move(database, "b7", f"other-{n}", paid("b7.bank", "1", 500)) for n in range(20)),
        return_exceptions=True,
    )
    assert all(isinstance(each, IntegrityError) for each in others)
    assert (await fen_by_code(database, "b7"))["escrow"] == (500, 0)


@pytest.mark.slow
async def test_a_thousand_posts_at_once_on_one_account_lose_and_double_nothing(
    database: Database,
) -> None:
    rids = [f"hot{number}" for number in range(1)]
    for rid in rids:
        await make_renovation(database, rid=rid, units=2, told_at=START)
    await asyncio.gather(
        *(
            move(database, "hot0", str(n), paid(f"hot0.{n}", str(n % 7), n + 1))
            for n in range(1_000)
        )
    )
    balances = await fen_by_code(database, "hot0")
    assert balances["escrow"] == (sum(range(1, 1_001)), 0)
    assert sum(fen for fen, _ in balances.values()) == 0
    async with database.session() as session:
        entries = await session.scalar(
            select(func.count())
            .select_from(LedgerEntry)
            .join(LedgerTransfer, LedgerTransfer.id == LedgerEntry.transfer_id)
            .where(LedgerTransfer.id.startswith("hot0."))
        )
    assert entries == 2_000
