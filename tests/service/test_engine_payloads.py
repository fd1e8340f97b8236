"""The engine's payloads and its UI: opened for an administrator who is signed in, and for nobody else."""

import asyncio
import json
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import asyncpg
import httpx
import pytest
import structlog
import uvicorn
from google.protobuf.json_format import MessageToDict, ParseDict
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import WorkflowSerializationContext

from runtime.database import Database
from runtime.keys.codec import WORKFLOW, SealingCodec
from runtime.local.ports import free_port
from runtime.settings import Settings
from service.app import create_app
from service.identity.browser import COOKIE
from tests.support.channels import code, grant_roles
from tests.support.estate import make_renovation
from tests.support.people import bearer, sign_in, token_of
from tests.support.processes.proxy import behind_proxy
from tests.support.waiting import PATIENCE_S

ADMIN = "engine-admin"
KEY = "c0" * 32
DECODE = "/v1/engine/codec/decode"
ADDRESS = "https://vote.example.org"
NAMED, SNI = {"Host": "vote.example.org"}, {"sni_hostname": "vote.example.org"}


@pytest.fixture(scope="module")
def settings(database: Database) -> Settings:
    return Settings(
        database_url=database.url,
        credential_key="0f" * 32,
        receipt_key="1e" * 32,
        gateway_key="5c" * 32,
        person_key="7e" * 32,
        codec_key=KEY,
        public_url=ADDRESS,
        temporal_address="127.0.0.1:9",
        update_timeout_s=1,
    )


@pytest.fixture(scope="module", autouse=True)
async def people(database: Database, owner: str) -> None:
    sql = await asyncpg.connect(owner)
    await make_renovation(database)
    await grant_roles(sql)
    await sign_in(sql, ADMIN)
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role) VALUES ($1::text, $1::text, 'administrator')",
        ADMIN,
    )
    await sql.close()


def sealed(count: int = 3) -> tuple[list[Payload], dict[str, object]]:
    """Payloads, and the same as Temporal's UI reads them from a history that is sealed."""
    plain = [
        Payload(metadata={"encoding": b"json/plain"}, data=json.dumps({"n": n}).encode())
        for n in range(count)
    ]
    found = asyncio.run(SealingCodec(SecretStr(KEY)).encode(plain))
    return plain, MessageToDict(Payloads(payloads=found))


async def test_an_administrator_reads_what_is_sealed_and_what_is_not(
    http: httpx.AsyncClient,
) -> None:
    plain, body = await asyncio.to_thread(sealed)
    answer = await http.post(DECODE, json=body, headers=bearer(ADMIN))
    assert answer.status_code == 200, answer.text
    assert list(ParseDict(answer.json(), Payloads()).payloads) == plain
    again = await http.post(DECODE, json=answer.json(), headers=bearer(ADMIN))
    assert again.json() == answer.json()
    assert (await http.post(DECODE, json={"payloads": []}, headers=bearer(ADMIN))).json() == {
        "payloads": []
    }


async def test_the_access_log_has_who_read_of_which_workflow(http: httpx.AsyncClient) -> None:
    """The payload itself says it, under its seal: whoever changes that opens nothing."""
    context = WorkflowSerializationContext(namespace="default", workflow_id="renovation/r1")
    codec = SealingCodec(SecretStr(KEY)).with_context(context)
    body = MessageToDict(Payloads(payloads=await codec.encode([Payload(data=b"x")] * 2)))
    with structlog.testing.capture_logs() as lines:
        assert (await http.post(DECODE, json=body, headers=bearer(ADMIN))).status_code == 200
    (line,) = [each for each in lines if each["event"] == "payloads_opened"]
    assert (line["who"], line["workflows"], line["count"]) == (
        f"official:{ADMIN}",
        ["renovation/r1"],
        2,
    )
    body["payloads"][0]["metadata"][WORKFLOW] = b64encode(b"renovation/r2").decode()
    refused = await http.post(DECODE, json=body, headers=bearer(ADMIN))
    assert code(refused) == (422, "temporal.payload_sealed")


async def test_nobody_else_reads_anything(http: httpx.AsyncClient) -> None:
    _, body = await asyncio.to_thread(sealed)
    for headers, expected in (
        ({}, (401, "credential.missing")),
        (bearer("street"), (403, "engine.administrators")),
        ({"Authorization": "Bearer c1.guessed"}, (401, "credential.wrong")),
    ):
        assert code(await http.post(DECODE, json=body, headers=headers)) == expected
        assert code(await http.get("/v1/engine/access", headers=headers)) == expected


@pytest.mark.parametrize(
    "foreign", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_no_foreign_page_has_it_read_by_an_administrators_browser(
    http: httpx.AsyncClient, foreign: dict[str, str]
) -> None:
    _, body = await asyncio.to_thread(sealed)
    cookie = {"Cookie": f"{COOKIE}={token_of(ADMIN)}"}
    own = {**cookie, "Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}
    assert (await http.post(DECODE, json=body, headers=own)).status_code == 200
    refused = await http.post(DECODE, json=body, headers={**own, **foreign})
    assert code(refused) == (403, "credential.foreign_page")


async def test_what_is_no_payload_or_of_another_key_is_refused_by_name(
    http: httpx.AsyncClient,
) -> None:
    other = await SealingCodec(SecretStr("d1" * 32)).encode([Payload(data=b"x")])
    body = MessageToDict(Payloads(payloads=other))
    refused = await http.post(DECODE, json=body, headers=bearer(ADMIN))
    assert code(refused) == (422, "temporal.payload_sealed")
    for wrong in ("not base64!", "a"):
        refused = await http.post(
            DECODE, json={"payloads": [{"data": wrong}]}, headers=bearer(ADMIN)
        )
        assert code(refused) == (422, "engine.payloads")
    many: dict[str, object] = {"payloads": [{}] * 1_001}
    assert code(await http.post(DECODE, json=many, headers=bearer(ADMIN)))[0] == 422


async def answering(http: httpx.AsyncClient) -> None:
    """Wait until the proxy listens."""
    while True:
        with suppress(httpx.ConnectError):
            await http.get("/v1/session", headers=NAMED, extensions=SNI)
            return
        await asyncio.sleep(0.05)


class UI(BaseHTTPRequestHandler):
    """In the place of Temporal's UI: says which headers it was sent."""

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path, **dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - as the base class calls it

    def log_message(self, *_words: object) -> None:
        """Nothing."""


@pytest.fixture
async def site(settings: Settings, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The service and a UI behind the proxy of `deploy/`."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    ui = ThreadingHTTPServer(("127.0.0.1", 0), UI)
    thread = Thread(target=ui.serve_forever)
    thread.start()
    https = free_port(set())
    with behind_proxy(tmp_path, https, port, ui.server_port) as shown:
        own = ssl.create_default_context(cafile=str(shown))
        own.check_hostname = False  # the tests ask for it by its address
        async with httpx.AsyncClient(
            verify=own, base_url=f"https://127.0.0.1:{https}", timeout=PATIENCE_S
        ) as http:
            await answering(http)
            yield http
    ui.shutdown()
    thread.join()
    ui.server_close()
    server.should_exit = True
    await serving


async def test_the_ui_is_behind_the_sign_in_and_never_sees_the_session(
    site: httpx.AsyncClient,
) -> None:
    async def ask(path: str, method: str = "GET", **headers: str) -> httpx.Response:
        return await site.request(method, path, headers={**NAMED, **headers}, extensions=SNI)

    path, admin = "/temporal/namespaces/default", f"{COOKIE}={token_of(ADMIN)}"
    assert (await ask(path)).status_code == 401
    assert (await ask(path, Cookie=f"{COOKIE}={token_of('street')}")).status_code == 403
    assert (await ask(path, Cookie=f"{COOKIE}=s1.guessed")).status_code == 401
    seen = await ask(path, Cookie=admin)
    assert seen.status_code == 200
    assert seen.json()["path"] == path
    assert token_of(ADMIN) not in seen.text
    assert (await ask(path, "POST", Cookie=admin)).status_code == 403
    one = "/temporal/api/v1/namespaces/default/workflows/renovation%2Fr1"
    query = f"{one}/query/__temporal_workflow_metadata"
    assert (await ask(f"{query}?", "POST", Cookie=admin)).json()["path"] == f"{query}?"
    assert (await ask(query, "POST")).status_code == 401
    # An id of a workflow that looks like a query when it is decoded would begin a workflow.
    for changes in (one, f"{one}/terminate", f"{one}/query/a/terminate", f"{one}%2Fquery%2Fa"):
        assert (await ask(changes, "POST", Cookie=admin)).status_code == 403, changes
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await ask(query, method, Cookie=admin)).status_code == 403
    foreign = await ask(path, Cookie=admin, Origin="https://evil.example")
    assert foreign.status_code == 403
    # Nobody goes round the question by asking for it.
    assert (await ask("/_may_see_the_engine", Cookie=admin)).status_code == 404
