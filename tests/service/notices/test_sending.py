"""From a row of the outbox to a real mail server: whom it concerns, in which states, and how it ends."""

import uuid
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from runtime.database import Database
from service.notices.sending import NoticeSender
from tests.support.estate import make_renovation
from tests.support.notices.mail import Mailbox, mail_server
from tests.support.notices.outbox import (
    add_contacts,
    add_notice,
    messages_of,
    sender_of,
    state_of,
    with_mail,
)

ALL = [f"1-{floor}0{side}" for floor in range(1, 7) for side in (1, 2)]


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
    assert all(f"bounce+{each.id}." in each.mail_from for each in mailbox.taken)
    assert await state_of(database, notice) == "sent"
    async with database.session() as session:
        query = text("SELECT unreached FROM notice WHERE id = :id")
        assert await session.scalar(query, {"id": notice}) == 10
