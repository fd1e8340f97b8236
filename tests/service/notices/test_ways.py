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
from sqlalchemy import select, text
from standardwebhooks import Webhook, WebhookVerificationError

from models.tables import Event
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

COMMITTEE, STREET = bearer("committee"), bearer("street")
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
    async with database.session() as session:
        (resent,) = await session.scalars(
            select(Event).where(Event.renovation_id == rid, Event.kind == "notice.resent")
        )
    assert resent.details["message_was"] == "returned"
    assert row.id not in str(resent.details), "for whom it is, is not on the record"
    once_more = {**again, "command_id": "once-more"}
    answer = await http.post(f"{path}/resendings", json=once_more, headers=COMMITTEE)
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


async def test_what_waited_at_the_sale_goes_to_no_address_of_the_seller_nor_when_sent_again(
    http: httpx.AsyncClient, database: Database, rid: str, mailbox: Mailbox, sql: asyncpg.Connection
) -> None:
    settings = with_mail(database, mailbox.port)
    await add_contacts(database, settings, rid, {"1-101": "seller@home.test"})
    await add_contacts(database, settings, rid, {"1-102": "stays@home.test"})
    notice = await add_notice(database, rid)
    sender = sender_of(database, settings)
    await (
        sender.prepare()
    )  # they are addressed, and wait: for the end of quiet hours, for another try
    await sql.execute("INSERT INTO unit_access VALUES ($1, '1-101', 1)", rid)
    await sender.turn()
    sold, other = await messages_of(database, notice)
    assert [each.to for each in mailbox.taken] == ["stays@home.test"]
    assert (sold.state, sold.error, other.state) == ("failed", "withdrawn", "delivered")
    body = {"command_id": "revived", "message": sold.id}
    path = f"/v1/renovations/{rid}/notices/resendings"
    assert (await http.post(path, json=body, headers=COMMITTEE)).status_code == 201
    await sender.turn()
    assert len(mailbox.taken) == 1
    assert (await messages_of(database, notice))[0].error == "withdrawn"


async def test_only_what_was_on_paper_is_brought_back_as_a_letter(
    http: httpx.AsyncClient, database: Database, rid: str, mailbox: Mailbox, sql: asyncpg.Connection
) -> None:
    settings = with_mail(database, mailbox.port)
    await add_contacts(database, settings, rid, {"1-101": "a@home.test"})
    notice = await add_notice(database, rid)
    await sender_of(database, settings).turn()
    (row,) = await messages_of(database, notice)
    body = {"command_id": "back", "message": row.id}
    path = f"/v1/renovations/{rid}/notices/returned"
    answer = await http.post(path, json=body, headers=COMMITTEE)
    assert (answer.status_code, answer.json()["code"]) == (404, "notice.message_unknown")
    returned = "SELECT returned_at FROM private.contact WHERE renovation_id = $1"
    assert await sql.fetchval(returned, rid) is None


async def test_of_a_firm_its_people_of_now_are_told_and_a_program_that_gave_an_address(
    database: Database, rid: str, mailbox: Mailbox, sql: asyncpg.Connection
) -> None:
    settings = with_mail(database, mailbox.port)
    firm, here, left = f"firm-{rid}", f"here-{rid}", f"left-{rid}"
    await sql.execute(
        "INSERT INTO private.firm (id, code, name, form, contact, qualification, place_id, registered_by,"
        " created_at) VALUES ($1::varchar, $1::varchar, 'F', 'limited', '', '', 's', 'x', now())",
        firm,
    )
    for person, ended in ((here, None), (left, datetime.now(UTC))):
        await sql.execute("INSERT INTO private.person (id, name) VALUES ($1, 'P')", person)
        await sql.execute(
            "INSERT INTO private.firm_person (firm_id, person_id, added_by, added_at, ended_at)"
            " VALUES ($1, $2, 'x', now(), $3)",
            *(firm, person, ended),
        )
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1, 'F', 'payment_provider', 's')",
        firm,
    )
    for person in (here, left):
        await add_contacts(database, settings, None, {person: f"{person}@firm.test"}, actor=True)
    notice = await add_notice(database, rid, audience="payment_provider")
    sender = sender_of(database, settings)
    await sender.turn()
    assert [each.to for each in mailbox.taken] == [f"{here}@firm.test"]
    assert [each.actor_id for each in await messages_of(database, notice)] == [here]
    await add_contacts(database, settings, None, {firm: f"{firm}@firm.test"}, actor=True)
    await add_notice(database, rid, audience="payment_provider", name="second")
    await sender.turn()
    assert {each.to for each in mailbox.taken[1:]} == {f"{here}@firm.test", f"{firm}@firm.test"}


async def test_the_log_of_notices_says_of_no_complaint_in_confidence_whose_it_is(
    http: httpx.AsyncClient, database: Database, rid: str, mailbox: Mailbox, sql: asyncpg.Connection
) -> None:
    settings = with_mail(database, mailbox.port)
    await add_contacts(database, settings, rid, {"1-101": "a@home.test"})
    await add_contacts(database, settings, rid, {"1-101": "b@home.test"})
    path = f"/v1/renovations/{rid}/notices"
    for name, confidential, about in (("c", True, None), ("o", False, "committee")):
        await sql.execute(
            "INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, confidential, level,"
            " opened_at, due_at, about_firm) VALUES ($1::varchar, $2, $1::varchar, 'complaint', 'x', '1-101',"
            " $3, 'grid', now(), now(), $4)",
            *(f"{name}-{rid}", rid, confidential, about),
        )
        params = {"ticket": f"{name}-{rid}", "answer": "We look"}
        await add_notice(database, rid, "ticket_answered", params, "complainant", name=name)
    await sender_of(database, settings).turn()
    seen = [each["notice"] for each in (await http.get(path, headers=STREET)).json()]
    # About the committee: it finds nothing of it, and sends nothing of it again.
    (own,) = (await http.get(path, headers=COMMITTEE)).json()
    rows = (await http.get(f"{path}/{own['notice']}?limit=1", headers=COMMITTEE)).json()
    more = await http.get(f"{path}/{own['notice']}", headers=COMMITTEE)
    assert [each["unit_number"] for each in more.json()] == [None, None]
    assert rows == more.json()[:1]
    (hidden,) = (each for each in seen if each != own["notice"])
    answer = await http.get(f"{path}/{hidden}", headers=COMMITTEE)
    assert (answer.status_code, answer.json()["code"]) == (404, "notice.unknown")
    open_ones = (await http.get(f"{path}/{hidden}", headers=STREET)).json()
    assert [each["unit_number"] for each in open_ones] == ["1-101", "1-101"]
    message = (await messages_of(database, hidden))[0].id
    body = {"command_id": "again", "message": message}
    answer = await http.post(f"{path}/resendings", json=body, headers=COMMITTEE)
    assert (answer.status_code, answer.json()["code"]) == (404, "notice.message_unknown")


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
