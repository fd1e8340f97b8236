"""From a row of the outbox to a real mail server: whom it concerns, in which states, and how it ends."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from sqlalchemy import text

from runtime.database import Database
from service.notices.sending import NoticeSender
from tests.support.box import open_box, put_ballots
from tests.support.estate import make_renovation
from tests.support.notices.mail import Mailbox, mail_server
from tests.support.notices.outbox import (
    add_contacts,
    add_notice,
    messages_of,
    sender_of,
    settings_of,
    state_of,
    with_mail,
)
from tests.support.pages.statements import Statements


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with mail_server() as box:
        yield box


@pytest.fixture
async def rid(database: Database) -> str:
    return await make_renovation(database, rid=f"r{uuid.uuid4().hex[:8]}")


async def drained(sender: NoticeSender) -> None:
    while await sender.turn():
        pass


async def test_a_notice_reaches_the_households_that_gave_an_address_and_nobody_else(
    database: Database, rid: str, mailbox: Mailbox
) -> None:
    settings = with_mail(database, mailbox.port)
    await add_contacts(database, settings, rid, {"1-101": "a@home.test"})
    await add_contacts(database, settings, rid, {"1-102": "b@home.test"}, language="en")
    notice = await add_notice(database, rid)
    await drained(sender_of(database, settings))
    assert sorted(each.to for each in mailbox.taken) == ["a@home.test", "b@home.test"]
    chinese, english = sorted(mailbox.taken, key=lambda each: each.to)
    assert "改造进入下一阶段" in chinese.message.get_content()
    assert "next stage: voting" in english.message.get_content()
    rows = await messages_of(database, notice)
    assert [(row.unit_number, row.state, row.attempts) for row in rows] == [
        ("1-101", "delivered", 1),
        ("1-102", "delivered", 1),
    ]
    assert {row.id for row in rows} == {each.id for each in mailbox.taken}
    assert all(f"bounce+{each.id[:32]}." in each.mail_from for each in mailbox.taken)
    assert await state_of(database, notice) == "sent"
    async with database.session() as session:
        query = text("SELECT unreached FROM notice WHERE id = :id")
        assert await session.scalar(query, {"id": notice}) == 10


async def test_a_refused_message_is_tried_again_or_has_failed_and_keeps_its_id(
    database: Database, rid: str, mailbox: Mailbox
) -> None:
    settings = with_mail(database, mailbox.port)
    homes = {"1-101": "full@home.test", "1-102": "gone@home.test", "1-201": "fine@home.test"}
    await add_contacts(database, settings, rid, homes)
    mailbox.refuses = {"full@home.test": "452 full", "gone@home.test": "550 nobody here"}
    notice = await add_notice(database, rid)
    sender = sender_of(database, settings)
    await drained(sender)
    rows = {row.unit_number: row for row in await messages_of(database, notice)}
    assert {unit: (row.state, row.error) for unit, row in rows.items()} == {
        "1-101": ("failed_for_now", "smtp_452"),
        "1-102": ("failed", "smtp_550"),
        "1-201": ("delivered", ""),
    }
    assert await state_of(database, notice) == "sending"
    mailbox.refuses.clear()
    await due_now(database, notice)
    await drained(sender)
    again = {row.unit_number: row for row in await messages_of(database, notice)}
    assert (again["1-101"].state, again["1-101"].attempts) == ("delivered", 2)
    assert [each.to for each in mailbox.taken] == ["fine@home.test", "full@home.test"]
    assert mailbox.taken[1].id == rows["1-101"].id
    assert await state_of(database, notice) == "sent"


async def test_a_server_that_is_away_loses_nothing_and_is_given_up_after_days(
    database: Database, rid: str, mailbox: Mailbox
) -> None:
    nobody = with_mail(database, 9)
    await add_contacts(database, nobody, rid, {"1-101": "a@home.test"})
    notice = await add_notice(database, rid)
    sender = sender_of(database, nobody)
    await drained(sender)
    (row,) = await messages_of(database, notice)
    assert (row.state, row.error) == ("failed_for_now", "SMTPConnectError")
    await due_now(database, notice, "created_at = now() - interval '4 days'")
    await drained(sender)
    (row,) = await messages_of(database, notice)
    assert (row.state, row.attempts) == ("failed", 2)
    assert await state_of(database, notice) == "failed"


async def test_a_notice_of_a_broken_case_holds_up_no_other(
    database: Database, rid: str, mailbox: Mailbox, owner: str
) -> None:
    settings = with_mail(database, mailbox.port)
    other = await make_renovation(database, rid=f"r{uuid.uuid4().hex[:8]}")
    notices = []
    for case, address in ((rid, "a@home.test"), (other, "b@home.test")):
        await add_contacts(database, settings, case, {"1-101": address})
        notices.append(await add_notice(database, case))
    sender = sender_of(database, settings)
    assert await sender.prepare()
    sql = await asyncpg.connect(owner)
    await sql.execute("UPDATE renovation SET timetable = '{\"zone\": 5}' WHERE id = $1", rid)
    await sql.close()
    await drained(sender)
    assert [each.to for each in mailbox.taken] == ["b@home.test"]
    (row,) = await messages_of(database, notices[0])
    assert (row.state, row.error) == ("failed_for_now", "unforeseen")
    never, later = [await add_notice(database, case, name="after") for case in (rid, other)]
    await drained(sender)
    assert [await state_of(database, each) for each in (never, later)] == ["failed", "sent"]


async def test_a_training_case_writes_to_no_real_address(
    database: Database, mailbox: Mailbox
) -> None:
    told = await make_renovation(
        database, rid=f"T{uuid.uuid4().hex[:8]}", told_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    settings = with_mail(database, mailbox.port)
    await add_contacts(database, settings, told, {"1-101": "real@home.test"})
    first = await add_notice(database, told)
    await drained(sender_of(database, settings))
    assert mailbox.taken == []
    assert [row.channel for row in await messages_of(database, first)] == ["training"]
    catcher = settings_of(database, training_smtp=f"127.0.0.1:{mailbox.port}")
    await add_notice(database, told, name="second")
    await drained(sender_of(database, catcher))
    assert [each.to for each in mailbox.taken] == [f"all_owners@{told.lower()}.training.invalid"]


async def test_thirty_notices_of_a_training_case_cost_as_many_statements_as_three(
    database: Database,
) -> None:
    told = await make_renovation(
        database, rid=f"T{uuid.uuid4().hex[:8]}", told_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    sender = sender_of(database, settings_of(database))
    await drained(sender)
    statements = Statements(database.engine, of_requests=False)
    costs: list[int] = []
    for many in (3, 3, 30):  # the first time the connection learns the types
        names = [
            await add_notice(database, told, name=f"{many}-{len(costs)}-{n}") for n in range(many)
        ]
        statements.begin()
        await drained(sender)
        costs.append(statements.count)
        assert {await state_of(database, each) for each in names} == {"sent"}
    assert costs[2] <= costs[1] + 2, costs


async def test_a_reminder_reaches_those_who_are_silent_and_the_history_says_so_when_it_has(
    database: Database, rid: str, mailbox: Mailbox, owner: str
) -> None:
    sql = await asyncpg.connect(owner)
    box = await open_box(sql, rid)
    await put_ballots(sql, box, [("1-101", {"works": "yes"})])
    settings = with_mail(database, mailbox.port)
    await add_contacts(
        database, settings, rid, {"1-101": "voted@home.test", "1-102": "silent@home.test"}
    )
    params = {"box": box, "closes_at": "2026-12-14T16:00:00+00:00"}
    notice = await add_notice(database, rid, "vote_reminder", params, "non_voters")
    await drained(sender_of(database, settings))
    assert [each.to for each in mailbox.taken] == ["silent@home.test"]
    assert "2026年12月15日 0:00" in mailbox.taken[0].message.get_content()
    kinds = "SELECT kind, details FROM event WHERE renovation_id = $1 ORDER BY seq"
    assert await sql.fetch(kinds, rid) == [], "ten letters are not handed over yet"
    rows = await messages_of(database, notice)
    assert sorted(row.channel for row in rows) == ["email", *["paper"] * 10]
    await sql.execute(
        "UPDATE private.notice_message SET state = 'delivered' WHERE notice_id = $1", notice
    )
    await drained(sender_of(database, settings))
    (event,) = await sql.fetch(kinds, rid)
    await sql.close()
    assert event["kind"] == "voting.reminder_delivered"
    assert json.loads(event["details"]) == {
        "notice": notice,
        "delivered": 11,
        "failed": 0,
        "returned": 0,
        "unreached": 0,
    }


async def test_nobody_is_written_to_in_quiet_hours_or_of_what_is_long_over(
    database: Database, rid: str, mailbox: Mailbox
) -> None:
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    quiet = f"{now - timedelta(hours=1):%H}:00-{now + timedelta(hours=2):%H}:00"
    settings = with_mail(database, mailbox.port, notice_quiet=quiet)
    await add_contacts(database, settings, rid, {"1-101": "a@home.test"})
    waits = await add_notice(database, rid)
    old = await add_notice(database, rid, name="old")
    async with database.held() as session:
        late = "UPDATE notice SET queued_at = now() - interval '8 days' WHERE id = :id"
        await session.execute(text(late), {"id": old})
        await session.commit()
    await drained(sender_of(database, settings))
    assert mailbox.taken == []
    assert await state_of(database, old) == "expired"
    assert await messages_of(database, old) == []
    (row,) = await messages_of(database, waits)
    ready = row.next_at.astimezone(now.tzinfo)
    assert (ready.hour, ready.minute) == ((now + timedelta(hours=2)).hour, 0)


async def due_now(database: Database, notice_id: str, also: str = "attempts = attempts") -> None:
    async with database.held() as session:
        await session.execute(
            text(
                f"UPDATE private.notice_message SET next_at = now(), {also} WHERE notice_id = :id"
            ),
            {"id": notice_id},
        )
        await session.commit()
