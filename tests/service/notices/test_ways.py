"""What comes back, and what goes another way: delivery reports, short messages, addresses, the doors."""

import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from runtime.database import Database
from runtime.settings import Settings
from service.notices.mail import bounce_keys
from service.notices.returns import MAC_DIGITS
from tests.service.conftest import KEY
from tests.support.channels import grant_roles
from tests.support.notices.gateway import SECRET, gateway
from tests.support.notices.mail import Mailbox, delivery_report, mail_server
from tests.support.notices.outbox import (
    add_contacts,
    add_notice,
    messages_of,
    sender_of,
    settings_of,
    with_mail,
)
from tests.support.people import bearer
from tests.support.votes.tickets import unit_ticket

COMMITTEE = bearer("committee")
Make = Callable[..., Awaitable[str]]


@pytest.fixture(scope="module")
def settings(database: Database) -> Settings:
    """Of a service that leaves the sending to the senders of these tests."""
    return settings_of(
        database, gateway_key="5c" * 32, temporal_address="127.0.0.1:9", send_notices=False
    )


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with mail_server() as box:
        yield box


@pytest.fixture
async def rid(renovation: Make, sql: asyncpg.Connection) -> str:
    made = await renovation()
    await grant_roles(sql)
    return made


def unit(rid: str, number: str = "1-101") -> dict[str, str]:
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), rid, number)}"}


async def report(http: httpx.AsyncClient, raw: bytes) -> str:
    headers = {"Content-Type": "message/rfc822"}
    answer = await http.post("/v1/notices/returns", content=raw, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["outcome"])


NESTED = {
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(2_000)
    ),
    "messages in messages": b"Content-Type: message/rfc822\n\n" * 2_000,
    "one part after the other": b"Content-Type: multipart/mixed; boundary=a\n\n"
    + b"--a\n\n" * 5_000,
}


@pytest.mark.parametrize("raw", NESTED.values(), ids=NESTED)
async def test_a_message_that_is_nested_without_end_is_nobodys(
    http: httpx.AsyncClient, rid: str, raw: bytes
) -> None:
    assert await report(http, raw) == "not_ours"


async def test_a_message_that_comes_back_is_returned_and_its_address_is_written_to_no_more(
    http: httpx.AsyncClient, database: Database, rid: str, mailbox: Mailbox
) -> None:
    settings = with_mail(database, mailbox.port)
    sender = sender_of(database, settings)
    await add_contacts(database, settings, rid, {"1-101": "left@home.test"})
    notice = await add_notice(database, rid)
    await sender.turn()
    (sent,) = mailbox.taken
    forged = delivery_report(sent, back_to=sent.mail_from.replace(".", ".0", 1))
    assert await report(http, forged) == "not_ours"
    assert (
        await report(http, delivery_report(sent, action="delayed", status="4.4.1")) == "not_final"
    )
    assert await report(http, b"Subject: I am away\r\n\r\nuntil Monday") == "not_ours"
    assert await report(http, delivery_report(sent)) == "returned"
    assert await report(http, delivery_report(sent)) == "over"
    (row,) = await messages_of(database, notice)
    assert (row.state, row.error) == ("returned", "dsn_5.1.1")
    second = await add_notice(database, rid, name="second")
    await sender.turn()
    assert await messages_of(database, second) == []
    path = f"/v1/renovations/{rid}/notices"
    again = {"command_id": "again", "message": row.id}
    answer = await http.post(f"{path}/resendings", json=again, headers=COMMITTEE)
    assert (answer.status_code, answer.json()["state"]) == (201, "created")
    await sender.turn()
    assert [each.id for each in mailbox.taken] == [sent.id, sent.id]
    answer = await http.post(f"{path}/resendings", json=again, headers=COMMITTEE)
    assert (answer.status_code, answer.json()["code"]) == (409, "notice.not_failed")


async def test_a_message_of_before_returns_to_its_whole_id(
    http: httpx.AsyncClient, database: Database, rid: str, mailbox: Mailbox
) -> None:
    settings = with_mail(database, mailbox.port)
    await add_contacts(database, settings, rid, {"1-101": "left@home.test"})
    notice = await add_notice(database, rid)
    await sender_of(database, settings).turn()
    (sent,) = mailbox.taken
    mac = hmac.digest(bounce_keys(settings)[0], sent.id.encode(), "sha256").hex()[:MAC_DIGITS]
    of_before = delivery_report(sent, back_to=f"bounce+{sent.id}.{mac}@gongjian.test")
    assert await report(http, of_before) == "returned"
    (row,) = await messages_of(database, notice)
    assert row.state == "returned"


async def test_a_gateway_of_short_messages_verifies_our_signature_and_tells_repeats_apart(
    database: Database, rid: str
) -> None:
    async with gateway() as found:
        settings = settings_of(database, sms_url=found.url, sms_secret=SECRET)
        await add_contacts(database, settings, rid, {"1-101": "+8613800000001"}, channel="sms")
        notice = await add_notice(database, rid)
        found.answers = [503]
        sender = sender_of(database, settings)
        await sender.turn()
        (row,) = await messages_of(database, notice)
        assert (row.state, row.error) == ("failed_for_now", "http_503")
        async with database.held() as session:
            await session.execute(text("UPDATE private.notice_message SET next_at = now()"))
            await session.commit()
        await sender.turn()
        (row,) = await messages_of(database, notice)
        assert row.state == "delivered"
        first, second = found.calls
        verified = Webhook(SECRET).verify(second.body, second.headers)
        assert verified == json.loads(first.body)
        assert verified["to"] == "+8613800000001"
        assert "/letters/" not in verified["text"]
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == row.id
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(second.body.replace(b"138", b"139"), second.headers)


async def test_a_household_gives_reads_and_withdraws_its_address(
    http: httpx.AsyncClient, database: Database, rid: str, mailbox: Mailbox, sql: asyncpg.Connection
) -> None:
    path, mine = f"/v1/renovations/{rid}", unit(rid)
    wrong = {"command_id": "c0", "channel": "email", "address": "nonsense"}
    answer = await http.post(f"{path}/contacts", json=wrong, headers=mine)
    assert (answer.status_code, answer.json()["problems"][0]["where"]) == (422, "address")
    body: dict[str, Any] = {"command_id": "c1", "channel": "email", "address": "me@home.test"}
    given = (await http.post(f"{path}/contacts", json=body, headers=mine)).json()
    assert given == (await http.get(f"{path}/contacts", headers=mine)).json()
    assert [each["address"] for each in given] == ["me@home.test"]
    assert (await http.get(f"{path}/contacts", headers=unit(rid, "1-102"))).json() == []
    stored = await sql.fetchval("SELECT address FROM private.contact WHERE renovation_id = $1", rid)
    assert b"home.test" not in stored
    settings = with_mail(database, mailbox.port)
    notice = await add_notice(database, rid)
    await sender_of(database, settings).turn()
    assert [each.to for each in mailbox.taken] == ["me@home.test"]
    (own,) = (await http.get(f"{path}/own-notices", headers=mine)).json()
    assert (own["state"], "改造进入下一阶段" in own["text"]) == ("delivered", True)
    listed = (await http.get(f"{path}/notices", headers=COMMITTEE)).json()
    assert [(each["notice"], each["messages"]) for each in listed] == [(notice, {"delivered": 1})]
    shown = (await http.get(f"{path}/notices/{notice}", headers=COMMITTEE)).text
    assert "1-101" in shown
    assert "home.test" not in shown
    gone = {"command_id": "c2", "contact": given[0]["contact"]}
    assert (await http.post(f"{path}/contacts/withdrawals", json=gone, headers=mine)).json() == []
    assert (
        await sql.fetchval("SELECT address FROM private.contact WHERE id = $1", given[0]["contact"])
        == b""
    )


async def test_who_comes_after_a_sale_is_not_written_to_at_the_sellers_address(
    database: Database, rid: str, mailbox: Mailbox, sql: asyncpg.Connection
) -> None:
    settings = with_mail(database, mailbox.port)
    await add_contacts(database, settings, rid, {"1-101": "seller@home.test"})
    await sql.execute("INSERT INTO unit_access VALUES ($1, '1-101', 1)", rid)
    await add_notice(database, rid)
    await sender_of(database, settings).turn()
    assert mailbox.taken == []


async def test_officials_are_told_what_concerns_their_role_and_training_is_read_in_an_inbox(
    http: httpx.AsyncClient, database: Database, rid: str, mailbox: Mailbox, sql: asyncpg.Connection
) -> None:
    settings = with_mail(database, mailbox.port)
    body = {"command_id": "o1", "channel": "email", "address": "committee@office.test"}
    assert (await http.post("/v1/contacts", json=body, headers=COMMITTEE)).status_code == 201
    params = {
        "what": "open_vote",
        "who": "owners_committee",
        "late_since": "2026-05-01T00:00:00+08:00",
    }
    await add_notice(database, rid, "act_reminded", params, "owners_committee")
    await add_notice(database, rid, "item_reported", {"item": "x"}, "supervisor")
    sender = sender_of(database, settings)
    await sender.turn()
    (sent,) = mailbox.taken
    assert (sent.to, "已逾期" in sent.message.get_content()) == ("committee@office.test", True)
    inbox = f"/v1/renovations/{rid}/inbox"
    refused = await http.get(inbox, headers=COMMITTEE)
    assert (refused.status_code, refused.json()["code"]) == (409, "notice.no_training")


async def test_a_training_case_has_an_inbox_that_its_offices_read(
    http: httpx.AsyncClient, database: Database, renovation: Make, sql: asyncpg.Connection
) -> None:
    await grant_roles(sql)
    told = await renovation(told_at=datetime(2026, 3, 1, tzinfo=UTC))
    await add_notice(database, told, "act_reminded", {"what": "open_vote"}, "owners_committee")
    await add_notice(database, told)
    path = f"/v1/renovations/{told}/inbox"
    found = (await http.get(path, headers=COMMITTEE)).json()
    assert {each["audience"] for each in found} == {"owners_committee", "all_owners"}
    assert {each["text"] for each in found} > {"改造进入下一阶段：表决。"}
    assert (await http.get(path, headers=unit(told))).status_code == 401
