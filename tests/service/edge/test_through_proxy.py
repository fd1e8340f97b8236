"""The same attacks through the proxy of `deploy/`: nginx and the service read each connection alike."""

import asyncio
import json
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from runtime.settings import Settings
from service.edge.limits import limits_of
from tests.runtime.test_deploy import NGINX, PROXY, certificate
from tests.service.edge.test_connections import SMUGGLED, SMUGGLING
from tests.support.edge.raw import Edge, Peer, listening

pytestmark = pytest.mark.skipif(PROXY is None, reason="nginx is not installed")
NAME = b"vote.example.org"
LAST = b"GET /v1/last HTTP/1.1\r\nHost: vote.example.org\r\nConnection: close\r\n\r\n"
LOOK_S = 0.02
PATIENCE_S = 30


@dataclass
class Proxied:
    """The service behind nginx: the port of nginx, and what it has handed on."""

    edge: Edge
    port: int
    log: Path

    async def ask(self, *pieces: bytes, name: str = "vote.example.org") -> bytes:
        """What comes back for these bytes, sent over TLS, until nginx hangs up."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        opened = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=context, server_hostname=name
        )
        peer = Peer(*opened)
        for piece in pieces:
            await peer.send(piece)
        answer = await peer.rest()
        peer.close()
        return answer

    def handed_on(self) -> list[str]:
        """The requests that nginx has read and given to the service, as it has read them."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [each["request"] for each in lines if each["upstream"] not in ("", "-")]


def configuration(folder: Path, ports: tuple[int, int], service: int) -> str:
    """The configuration as it is deployed: other places, ports and patience, and a log of paths."""
    text = NGINX.replace("/etc/letsencrypt/live/vote.example.org", str(folder))
    text = text.replace("/run/nginx.pid", str(folder / "pid")).replace(
        "/var/log/nginx", str(folder)
    )
    text = re.sub(r"(?m)^ *listen \[::\].*\n", "", text).replace("user www-data;", "")
    text = text.replace("listen 443", f"listen 127.0.0.1:{ports[0]}")
    text = text.replace("listen 80", f"listen 127.0.0.1:{ports[1]}")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{service}")
    text = re.sub(r"(client_\w+_timeout|keepalive_timeout) 1[05]s", r"\1 1s", text)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    paths = (
        'log_format paths escape=json \'{"request":"$request_method $uri",'
        f'"upstream":"$upstream_status"}}\'; access_log {folder}/paths.log paths;'
    )
    return "daemon off; " + text.replace("http {", f"http {{ {temporary} {paths}", 1)


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("proxy")
    certificate(made)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
async def proxied(
    settings: Settings, http: httpx.AsyncClient, folder: Path
) -> AsyncIterator[Proxied]:
    app = http._transport.app  # type: ignore[attr-defined]
    public = settings.model_copy(update={"public_url": "https://vote.example.org"})
    async with listening(app, limits_of(public)) as edge:
        ports = free_ports()
        file = folder / "nginx.conf"
        file.write_text(configuration(folder, ports, edge.port))
        command = (str(PROXY), "-p", str(folder), "-c", str(file))
        with (folder / "said").open("wb") as said, subprocess.Popen(command, stderr=said) as nginx:
            try:
                found = Proxied(edge, ports[0], folder / "paths.log")
                async with asyncio.timeout(PATIENCE_S):
                    while not await answers(ports[0]):
                        assert nginx.poll() is None, (folder / "said").read_text()
                        await asyncio.sleep(LOOK_S)
                yield found
            finally:
                nginx.terminate()
                nginx.wait(PATIENCE_S)


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_request_goes_through(proxied: Proxied) -> None:
    answer = await proxied.ask(LAST.replace(b"/v1/last", b"/v1/renovations"))
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert proxied.edge.seen[-1] == "GET /v1/renovations"


@pytest.mark.parametrize("name", SMUGGLING)
async def test_the_service_sees_the_requests_that_the_proxy_has_read_and_no_others(
    proxied: Proxied, name: str
) -> None:
    """Whatever nginx makes of it: what it takes for a body or a header is no request behind it."""
    before = len(proxied.handed_on()), len(proxied.edge.seen)
    attack = (SMUGGLING[name] + SMUGGLED).replace(b"localhost", NAME)
    await proxied.ask(attack + LAST)
    async with asyncio.timeout(PATIENCE_S):
        # nginx writes its line when the answer is out.
        while len(proxied.handed_on()) - before[0] < len(proxied.edge.seen) - before[1]:
            await asyncio.sleep(LOOK_S)
    handed, seen = proxied.handed_on()[before[0] :], proxied.edge.seen[before[1] :]
    assert seen == handed
    # Afterwards a stranger's request on nginx's kept connections is answered as what it is.
    answer = await proxied.ask(LAST.replace(b"/v1/last", b"/v1/renovations"))
    assert answer.startswith(b"HTTP/1.1 200 "), answer


async def test_by_another_name_or_by_none_nobody_gets_as_far_as_the_service(
    proxied: Proxied,
) -> None:
    seen = len(proxied.edge.seen)
    with pytest.raises(ssl.SSLError):
        await proxied.ask(LAST, name="evil.example")
    for host in (b"evil.example", b"127.0.0.1", b"vote.example.org.evil.example"):
        answer = await proxied.ask(LAST.replace(NAME, host))
        assert not answer.startswith(b"HTTP/1.1 200 "), answer
        assert b"evil" not in answer
    assert await proxied.ask(LAST.replace(b"/v1/last", b"/health/ready"))
    assert len(proxied.edge.seen) == seen
