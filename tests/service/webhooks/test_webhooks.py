"""Webhooks against an unmodified receiver: `standardwebhooks` verifies, `cloudevents` reads."""

import asyncio
import ipaddress
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn
from cloudevents.http import from_http
from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook as Receiver

from models.values.refusal import Refused
from rules.sending import WEBHOOKS
from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from service.webhooks.calling import call, check_url, is_of_the_internet
from service.webhooks.sending import WebhookSender
from tests.runtime.record.test_feed import say
from tests.support.channels import code
from tests.support.notices.mail import mail_server
from tests.support.notices.outbox import sender_of, with_mail
from tests.support.people import bearer, sign_in

Make = Callable[..., Awaitable[str]]
KEEPER, OTHER = "hook-keeper", "hook-other"
A_DAY = 250
"""Events of a busy day in the places of one portal."""
PLACE = "d/s/c/g"


class Portal:
    """A receiver; it answers with `status`, and keeps what it could verify and read."""

    def __init__(self) -> None:
        self.status, self.secret, self.port = 204, "", 0
        self.ids: list[str] = []
        self.events: list[Mapping[str, Any]] = []
        self.headers: dict[str, str] = {}
        self.app = FastAPI()
        self.app.post("/hook")(self.take)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def take(self, request: Request) -> Response:
        body, self.headers = await request.body(), dict(request.headers)
        Receiver(self.secret).verify(body, self.headers)
        self.ids.append(self.headers["webhook-id"])
        if self.status < 300:
            event = from_http(self.headers, body)
            self.events.append({**event.get_attributes(), "data": event.get_data()})
        away = {"location": "http://127.0.0.1:1/"} if self.status == 307 else None
        return Response(status_code=self.status, headers=away)


@pytest.fixture(scope="module")
def settings(database: Database) -> Settings:
    return Settings(
        database_url=database.url,
        credential_key="0f" * 32,
        receipt_key="1e" * 32,
        gateway_key="5c" * 32,
        person_key="7e" * 32,
        temporal_address="127.0.0.1:9",
        update_timeout_s=1,
        webhooks_to_own_network=True,
        send_notices=False,  # the service has no mail server, and would end a notice before the test sends it
    )


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    portal = Portal()
    server = uvicorn.Server(uvicorn.Config(portal.app, port=0, log_config=None))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    portal.port = server.servers[0].sockets[0].getsockname()[1]
    yield portal
    server.should_exit = True
    await running


class Hooks:
    """The keeper's commands; nothing is sent but by `turn`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        sql: asyncpg.Connection,
        database: Database,
        settings: Settings,
    ) -> None:
        self.http, self.sql, self.database = http, sql, database
        self.sender = WebhookSender(database, settings)
        self.name = f"h{uuid.uuid4().hex[:8]}"

    async def post(self, path: str, actor: str = KEEPER, **body: Any) -> httpx.Response:
        named = {"command_id": uuid.uuid4().hex, **body}
        return await self.http.post(f"/v1/webhooks{path}", json=named, headers=bearer(actor))

    async def add(self, portal: Portal, **more: Any) -> httpx.Response:
        body = {"webhook": self.name, "url": portal.url, "place": PLACE, **more}
        made = await self.post("", **body)
        if made.status_code == 201 and made.json()["secret"]:
            portal.secret = made.json()["secret"]
        return made

    async def turn(self) -> None:
        """Everything that is due now is sent, though an address has been given a pause."""
        await self.sql.execute("UPDATE private.webhook SET next_at = now()")
        while await self.sender.turn():
            pass

    async def view(self) -> dict[str, Any]:
        rows = (await self.http.get("/v1/webhooks", headers=bearer(KEEPER))).json()
        (found,) = (each for each in rows if each["webhook"] == self.name)
        return dict(found)

    async def log(self) -> list[tuple[int, int | None, str]]:
        path = f"/v1/webhooks/{self.name}/deliveries"
        rows = (await self.http.get(path, headers=bearer(KEEPER))).json()
        return [(each["attempt"], each["status"], each["error"]) for each in reversed(rows)]


@pytest.fixture
async def rid(renovation: Make) -> str:
    return await renovation()


@pytest.fixture
async def hooks(
    rid: str,
    settings: Settings,
    sql: asyncpg.Connection,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Hooks]:
    # The service's own sender does not run: what is sent is sent by the test.
    monkeypatch.setattr(WebhookSender, "run", asyncio.Event().wait)
    await sql.execute("UPDATE private.webhook SET state = 'ended'")
    for actor in (KEEPER, OTHER):
        await sign_in(sql, actor)
        await sql.execute("DELETE FROM role_grant WHERE actor_id = $1", actor)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ($1::text, $1::text, 'street_office', 's')",
        KEEPER,
    )
    app = create_app(settings)
    api = app.api
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http,
    ):
        yield Hooks(http, sql, database, settings)


async def test_it_is_told_what_happens_from_now_on_in_order_and_once(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    await say(database, rid, f"{rid}-before")
    assert (await hooks.add(portal)).status_code == 201
    for number in range(30):
        await say(database, rid, f"{rid}-{number}")
    await hooks.turn()
    await hooks.turn()
    told = [each for each in portal.events if each["data"]["renovation_id"] == rid]
    assert [each["data"]["details"]["said"] for each in told] == [f"{rid}-{n}" for n in range(30)]
    assert {each["type"] for each in told} == {"gongjian.test.said"}
    assert len(portal.ids) == len(set(portal.ids))
    assert portal.headers["content-type"] == "application/cloudevents+json"
    assert (await hooks.view())["failures"] == 0


async def test_what_it_does_not_take_is_sent_again_under_the_same_id_and_what_follows_waits(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    await hooks.add(portal)
    for name in ("a", "b"):
        await say(database, rid, f"{rid}-{name}")
    for portal.status in (500, 307):
        await hooks.turn()
    assert (await hooks.view())["failures"] == 2
    portal.status = 200
    await hooks.turn()
    first, second, third, other = portal.ids
    assert first == second == third != other
    assert [each["data"]["details"]["said"] for each in portal.events] == [f"{rid}-a", f"{rid}-b"]
    log = await hooks.log()
    assert log == [(1, 500, "status"), (2, 307, "status"), (3, 200, ""), (1, 200, "")]
    assert (await hooks.view())["failing_since"] is None


async def test_after_a_pause_nothing_is_lost(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    await hooks.add(portal)
    portal.status = 410
    await say(database, rid, f"{rid}-a")
    await hooks.turn()
    view = await hooks.view()
    assert (view["state"], view["error"]) == ("paused", "gone")
    portal.status = 200
    await say(database, rid, f"{rid}-b")
    await hooks.turn()
    assert portal.events == []
    assert (await hooks.post(f"/{hooks.name}/changes", state="active")).status_code == 200
    await hooks.turn()
    assert [each["data"]["details"]["said"] for each in portal.events] == [f"{rid}-a", f"{rid}-b"]


async def test_an_address_that_takes_nothing_for_days_is_paused_and_says_so(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    await hooks.add(portal)
    portal.status = 503
    await say(database, rid, f"{rid}-a")
    await hooks.turn()
    long_ago = WEBHOOKS.given_up_after + timedelta(minutes=1)
    await hooks.sql.execute(
        "UPDATE private.webhook SET failing_since = now() - $1::interval WHERE id = $2",
        *(long_ago, hooks.name),
    )
    await hooks.turn()
    view = await hooks.view()
    assert (view["state"], view["error"]) == ("paused", "given_up")


@pytest.mark.slow  # a day's events, one after the other
async def test_an_address_that_was_away_for_a_day_is_told_the_whole_day_in_order_and_once(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    await hooks.add(portal)
    portal.status = 503
    await say(database, rid, f"{rid}-0")
    await hooks.turn()
    await hooks.sql.execute(
        "UPDATE private.webhook SET failing_since = now() - interval '1 day', failures = 15,"
        " next_at = now() + interval '1 hour' WHERE id = $1",
        hooks.name,
    )
    for number in range(1, A_DAY):
        await say(database, rid, f"{rid}-{number}")
    assert not await hooks.sender.turn()
    assert len(portal.ids) == 1, "it is left alone until its pause is over"
    portal.status = 204
    await hooks.turn()
    told = [each["data"]["details"]["said"] for each in portal.events]
    assert told == [f"{rid}-{number}" for number in range(A_DAY)]
    assert len(portal.ids) - 1 == len(set(portal.ids)) == A_DAY
    view = await hooks.view()
    assert (view["state"], view["failures"], view["failing_since"]) == ("active", 0, None)


async def test_it_begins_again_from_a_position_that_is_named(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    await hooks.add(portal)
    await say(database, rid, f"{rid}-a")
    await hooks.turn()
    begun = portal.events[0]["data"]["position"] - 1
    await hooks.post(f"/{hooks.name}/changes", state="active", after=begun)
    await hooks.turn()
    assert len(portal.ids) == 2
    assert len(set(portal.ids)) == 1


async def test_who_loses_the_role_is_told_nothing_more(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    await hooks.add(portal)
    await hooks.sql.execute("UPDATE role_grant SET valid_until = now() WHERE actor_id = $1", KEEPER)
    await say(database, rid, f"{rid}-a")
    await hooks.turn()
    assert portal.ids == []
    view = await hooks.view()
    assert (view["state"], view["error"]) == ("paused", "no_role")


async def test_two_senders_at_once_tell_it_once(
    hooks: Hooks, portal: Portal, database: Database, settings: Settings, rid: str
) -> None:
    await hooks.add(portal)
    for number in range(10):
        await say(database, rid, f"{rid}-{number}")
    await asyncio.gather(*(WebhookSender(database, settings).turn() for _ in range(4)))
    assert len(portal.ids) == len(set(portal.ids)) == 10


async def test_the_test_button_says_what_came_of_it(hooks: Hooks, portal: Portal) -> None:
    await hooks.add(portal)
    for portal.status, error in ((204, ""), (404, "status")):
        tried = (await hooks.post(f"/{hooks.name}/tests")).json()
        assert (tried["status"], tried["error"], tried["position"]) == (portal.status, error, 0)
    assert portal.events[0]["type"] == "gongjian.webhook.test"
    gone = await hooks.post(f"/{hooks.name}/changes", state="ended")
    assert gone.status_code == 200
    assert code(await hooks.post(f"/{hooks.name}/tests")) == (409, "webhook.over")


async def test_the_secret_is_told_once_and_stands_nowhere(
    hooks: Hooks, portal: Portal, sql: asyncpg.Connection
) -> None:
    first = await hooks.add(portal, command_id=f"add-{hooks.name}")
    again = await hooks.add(portal, command_id=f"add-{hooks.name}")
    assert first.json()["webhook"] == again.json()["webhook"]
    assert again.json()["secret"] == ""
    stored = await sql.fetchval("SELECT w::text FROM private.webhook w WHERE id=$1", hooks.name)
    assert portal.secret not in stored
    assert code(await hooks.add(portal)) == (409, "webhook.there")


async def test_while_a_secret_is_replaced_either_one_is_good_and_then_the_new_one_only(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    await hooks.add(portal)
    before, name = portal.secret, f"rotate-{hooks.name}"
    rotated = await hooks.post(f"/{hooks.name}/rotation", command_id=name, overlap_hours=2)
    assert rotated.json()["webhook"]["previous_until"]
    again = await hooks.post(f"/{hooks.name}/rotation", command_id=name, overlap_hours=2)
    assert again.json()["secret"] == ""
    for portal.secret in (before, rotated.json()["secret"]):
        assert (await hooks.post(f"/{hooks.name}/tests")).json()["status"] == 204
    await hooks.sql.execute(
        "UPDATE private.webhook SET previous_until = now() - interval '1 s' WHERE id = $1",
        hooks.name,
    )
    assert (await hooks.post(f"/{hooks.name}/tests")).json()["status"] == 204
    assert len(portal.headers["webhook-signature"].split(" ")) == 1
    at_once = await hooks.post(f"/{hooks.name}/rotation", overlap_hours=0)
    assert at_once.json()["webhook"]["previous_until"] is None
    stored = await hooks.sql.fetchval(
        "SELECT w::text FROM private.webhook w WHERE id=$1", hooks.name
    )
    assert rotated.json()["secret"] not in stored


async def test_whoever_keeps_a_webhook_is_told_that_it_is_paused(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    headers = bearer(KEEPER)
    address = {"channel": "email", "address": "ops@portal.example", "language": "en"}
    await hooks.http.post(
        "/v1/contacts", json={"command_id": f"mail-{hooks.name}", **address}, headers=headers
    )
    await hooks.sql.execute("UPDATE notice SET state = 'expired' WHERE state = 'queued'")
    await hooks.add(portal)
    portal.status = 410
    await say(database, rid, f"{rid}-a")
    await hooks.turn()
    await hooks.turn()
    event = await hooks.sql.fetchrow(
        "SELECT actor_role, details FROM place_event WHERE kind = 'webhook.paused'"
        " AND details->>'webhook' = $1",
        hooks.name,
    )
    assert (event["actor_role"], json.loads(event["details"])["state"]) == ("engine", "paused")
    async with mail_server() as box:
        sender = sender_of(database, with_mail(database, box.port))
        while await sender.turn():
            pass
    (mail,) = box.taken
    assert mail.to == "ops@portal.example"
    assert "[gongjian]" in mail.message["Subject"]
    said = " ".join(mail.message.get_content().split())
    assert f"{hooks.name} is told nothing any more: the address says" in said


# Played by whoever is curious.


async def test_a_place_of_others_is_not_followed(hooks: Hooks, portal: Portal) -> None:
    assert code(await hooks.add(portal, place="d")) == (403, "feed.other_place")
    assert code(await hooks.add(portal, place="d/s1")) == (403, "feed.other_place")
    for place in ("d", "d/s1"):
        answer = await hooks.http.get(f"/v1/feed?place={place}", headers=bearer(KEEPER))
        assert code(answer) == (403, "feed.other_place")
    nobody = await hooks.http.get("/v1/feed", headers=bearer(OTHER))
    assert code(nobody) == (403, "feed.other_place")


async def test_somebody_elses_webhook_is_unknown(hooks: Hooks, portal: Portal) -> None:
    await hooks.add(portal)
    for path, body in (("changes", {"state": "ended"}), ("tests", {})):
        answer = await hooks.post(f"/{hooks.name}/{path}", OTHER, **body)
        assert code(answer) == (404, "webhook.unknown")
    path = f"/v1/webhooks/{hooks.name}/deliveries"
    assert code(await hooks.http.get(path, headers=bearer(OTHER))) == (404, "webhook.unknown")
    assert (await hooks.http.get("/v1/webhooks", headers=bearer(OTHER))).json() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.example/",
        "https://a:b@portal.example/",
        "https://portal.example/#x",
        "https://:443/",
        "https://[x",
        "https://[x]/",
        "https://portal.example:x/",
        "https://portal.example:0/",
    ],
)
def test_an_address_has_a_name_and_tls_and_no_secret(url: str) -> None:
    with pytest.raises(Refused, match=r"webhook\.url"):
        check_url(url, own_network=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"])
async def test_the_own_network_is_not_called(host: str, portal: Portal) -> None:
    came = await call(f"http://{host}:{portal.port}/hook", {}, b"", own_network=False)
    assert (came.status, came.error) == (None, "own_network")
    assert portal.ids == []


@pytest.mark.parametrize(
    "address",
    [
        *(
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a00:1",
        ),
        *(
            "2002:7f00:1::",
            "2002:a00:1::1",
            "fec0::1",
            "fd00::1",
            "ff02::1",
            "224.0.0.1",
            "100.64.0.1",
        ),
    ],
)
def test_no_spelling_of_an_own_address_is_one_of_the_internet(address: str) -> None:
    """Translated, tunnelled, mapped, of a site or of many: Python calls half of these global."""
    assert not is_of_the_internet(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_called(address: str) -> None:
    assert is_of_the_internet(ipaddress.ip_address(address))


async def test_nobody_there_is_an_outcome(portal: Portal) -> None:
    for url, error in (
        ("http://127.0.0.1:1/", "connection"),
        ("http://no.such.invalid/", "unreachable"),
    ):
        came = await call(url, {}, b"", own_network=True)
        assert (came.status, came.error) == (None, error)


async def test_the_feed_has_the_same_events_for_whoever_asks(
    hooks: Hooks, portal: Portal, database: Database, rid: str
) -> None:
    await hooks.add(portal)
    for name in ("a", "b", "c"):
        await say(database, rid, f"{rid}-{name}")
    await hooks.turn()
    after, asked = portal.events[0]["data"]["position"] - 1, list[Any]()
    while True:
        path = f"/v1/feed?place={PLACE}&kind=test.said&after={after}&limit=2"
        page = (await hooks.http.get(path, headers=bearer(KEEPER))).json()
        asked, after = asked + page["events"], page["next"]
        if not page["more"]:
            break
    assert asked == [each["data"] for each in portal.events]


async def test_an_error_that_nobody_foresaw_does_not_end_the_sender(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, again = 0, asyncio.Event()

    async def turn(_sender: WebhookSender) -> bool:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise ValueError("nobody foresaw this")
        again.set()
        return False

    monkeypatch.setattr(WebhookSender, "turn", turn)
    running = asyncio.create_task(WebhookSender(database, settings, poll_s=0.01).run())
    await asyncio.wait_for(again.wait(), 10)
    running.cancel()
