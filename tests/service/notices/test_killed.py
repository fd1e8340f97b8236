"""10,000 e-mails while the sender is killed at named points: none is lost, few come twice, none is new."""

import asyncio
import sys
from collections import Counter

import pytest
from sqlalchemy import text

from runtime.database import Database
from runtime.local.programs import ROOT
from service.notices.sending import LANES
from tests.support.estate import make_renovation
from tests.support.notices.mail import Mailbox, mail_server
from tests.support.notices.outbox import add_contacts, add_notice, state_of, with_mail

MAILS = 10_000
KILLS = (
    *(("addressing", 1), ("addressed", 1)),
    *(("taken", 300), ("handed", 1_000), ("noted", 700), ("handed", 3), ("taken", 1)),
    ("ended", 1),
)
"""The messages are written and not committed; they are; one was taken for a while; the server has it and nothing is
noted; its hand-over is noted; all is done."""
STANDS_STILL_S = 300
"""A process from which no mail has come for so long hangs; how long all of them take is the machine's affair."""
KILLED = -9


async def send(url: str, box: Mailbox, point: str = "-", times: int = 0) -> int:
    """How the process of a sender ends."""
    words = ("-m", "tests.support.notices.killed_sender", url, str(box.port), point, str(times))
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT)
    ends = asyncio.create_task(process.wait())
    while not ends.done():
        before = len(box.taken)
        await asyncio.wait({ends}, timeout=STANDS_STILL_S)
        if not ends.done() and len(box.taken) == before:
            process.kill()
            pytest.fail(f"no mail for {STANDS_STILL_S} s after {before:,}")
    return ends.result()


async def lease_over(database: Database) -> None:
    """The time is over for which the killed process had taken its messages."""
    async with database.held() as session:
        await session.execute(
            text("UPDATE private.notice_message SET next_at = now() WHERE state = 'sending'")
        )
        await session.commit()


async def written(database: Database) -> int:
    """How many messages there are."""
    async with database.session() as session:
        return int(await session.scalar(text("SELECT count(*) FROM private.notice_message")) or 0)


@pytest.mark.slow
async def test_none_is_lost_and_only_what_was_under_way_comes_twice(database: Database) -> None:
    rid = await make_renovation(database, rid="rmails", units=MAILS)
    async with database.session() as session:
        units = list(await session.scalars(text("SELECT number FROM unit ORDER BY number")))
    assert len(units) == MAILS
    async with mail_server() as box:
        settings = with_mail(database, box.port)
        homes = {unit: f"u{number}@home.test" for number, unit in enumerate(units)}
        await add_contacts(database, settings, rid, homes)
        notice = await add_notice(database, rid)
        for point, times in KILLS:
            assert await send(database.url, box, point, times) == KILLED, point
            assert await written(database) == (0 if point == "addressing" else MAILS)
            await lease_over(database)
        assert await send(database.url, box) == 0
    came = Counter(each.id for each in box.taken)
    assert len(came) == MAILS, "each has one id, and none is lost"
    assert {each.to for each in box.taken} == set(homes.values())
    twice = sum(came.values()) - MAILS
    assert twice <= LANES * len(KILLS)
    assert max(came.values()) <= 1 + len(KILLS)
    addressed = {(each.id, each.to) for each in box.taken}
    assert len(addressed) == MAILS, "the same id to the same household"
    assert await state_of(database, notice) == "sent"
    print(f"{twice} of {MAILS:,} came twice after {len(KILLS)} kills")
