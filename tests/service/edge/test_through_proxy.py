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
from typing import NamedTuple

import httpx
import pytest

from runtime.settings import Settings
from service.edge.limits import limits_of
from tests.runtime.test_deploy import NGINX, certificate
from tests.service.edge.test_connections import SMUGGLED, SMUGGLING
from tests.support.edge import h2
from tests.support.edge.raw import Edge, Peer, listening
from tests.support.processes.programs import program

pytestmark = pytest.mark.slow
NAME = b"vote.example.org"
LAST = b"GET /v1/last HTTP/1.1\r\nHost: vote.example.org\r\nConnection: close\r\n\r\n"
LOOK_S = 0.02
PATIENCE_S = 30


class H2(NamedTuple):
    """A request of HTTP/2: its fields, pseudo-fields first, its body frame by frame, its trailers."""

    fields: h2.Fields
    body: tuple[bytes, ...] = ()
    trailers: h2.Fields = ()


def h2_head(path: bytes = b"/v1/last", method: bytes = b"POST") -> list[tuple[bytes, bytes]]:
    return [
        (b":method", method),
        (b":scheme", b"https"),
        (b":authority", NAME),
        (b":path", path),
    ]


@dataclass
class Proxied:
    """The service behind nginx: the port of nginx, and what it has handed on."""

    edge: Edge
    port: int
    log: Path

    async def ask_h2(self, request: "H2") -> h2.Answer:
        """What comes back for a request of HTTP/2."""
        name = NAME.decode()
        return await h2.asked(
            self.port, request.fields, *request.body, name=name, trailers=request.trailers
        )

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
        command = (str(program("nginx")), "-p", str(folder), "-c", str(file))
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


CHUNKED = (b"transfer-encoding", b"chunked")
SMUGGLING_H2 = {
    "a length shorter than the body": H2([*h2_head(), (b"content-length", b"0")], (SMUGGLED,)),
    "a length longer than the body": H2([*h2_head(), (b"content-length", b"500")], (b"x",)),
    "two lengths": H2(
        [*h2_head(), (b"content-length", b"0"), (b"content-length", b"%d" % len(SMUGGLED))],
        (SMUGGLED,),
    ),
    "chunks, which HTTP/2 has not": H2([*h2_head(), CHUNKED], (b"0\r\n\r\n" + SMUGGLED,)),
    "chunks without a body": H2([*h2_head(), CHUNKED]),
    "a line end in a value": H2([*h2_head(), (b"x-a", b"b\r\ntransfer-encoding: chunked")]),
    "a request in a value": H2([*h2_head(), (b"x-a", b"b\r\n\r\n" + SMUGGLED)]),
    "a bare return in a value": H2([*h2_head(), (b"x-a", b"b\rtransfer-encoding: chunked")]),
    "a NUL in a value": H2([*h2_head(), (b"x-a", b"b\0c")]),
    "a line end in a name": H2([*h2_head(), (b"x-a: b\r\ntransfer-encoding", b"chunked")]),
    "a colon in a name": H2([*h2_head(), (b"transfer-encoding: chunked\r\nx", b"y")]),
    "an upper-case name": H2([*h2_head(), (b"Transfer-Encoding", b"chunked")]),
    "a request in the path": H2(h2_head(b"/v1/last HTTP/1.1\r\nhost: a\r\n\r\n" + SMUGGLED)),
    "a blank in the path": H2(h2_head(b"/v1/last HTTP/1.1")),
    "a request in the method": H2(h2_head(method=b"GET /v1/smuggled HTTP/1.1\r\nx: y\r\n\r\nGET")),
    "no path": H2(h2_head()[:3]),
    "two paths": H2([*h2_head(), (b":path", b"/v1/smuggled")]),
    "a pseudo-field at the end": H2([*h2_head()[:3], (b"x-a", b"b"), h2_head()[3]]),
    "another host": H2([*h2_head(), (b"host", b"evil.example")]),
    "a connection's field": H2([*h2_head(), (b"connection", b"transfer-encoding"), CHUNKED]),
    "an upgrade": H2([*h2_head(method=b"GET"), (b"connection", b"upgrade"), (b"upgrade", b"h2c")]),
    "trailers that are a head": H2(h2_head(), (b"x",), [(b":path", b"/v1/smuggled"), CHUNKED]),
    "a length in the trailers": H2(h2_head(), (SMUGGLED,), [(b"content-length", b"0")]),
}
"""What a proxy may make of HTTP/2 when it writes HTTP/1.1 (RFC 9113, 8.2 and 10.3)."""


async def test_http_2_before_the_proxy_is_http_1_1_behind_it(proxied: Proxied) -> None:
    seen = len(proxied.edge.seen)
    answer = await proxied.ask_h2(H2(h2_head(b"/v1/renovations?limit=1", b"GET")))
    assert (answer.status, answer.body[:1]) == (200, b"[")
    assert proxied.edge.seen[seen:] == ["GET /v1/renovations"]
    # The service itself says nothing of HTTP/2: a preface is no request.
    assert b"HTTP/1.1 400" in await proxied.edge.ask(h2.PREFACE)


@pytest.mark.parametrize("name", SMUGGLING_H2)
async def test_what_http_2_can_say_becomes_one_request_or_none(proxied: Proxied, name: str) -> None:
    before = len(proxied.handed_on()), len(proxied.edge.seen)
    await proxied.ask_h2(SMUGGLING_H2[name])
    # A stranger's requests on the connections that nginx keeps are answered as what they are.
    for _ in range(3):
        other = await proxied.ask_h2(H2(h2_head(b"/v1/renovations", b"GET")))
        assert (other.status, other.body[:1]) == (200, b"["), other
    async with asyncio.timeout(PATIENCE_S):
        while len(proxied.handed_on()) - before[0] < len(proxied.edge.seen) - before[1]:
            await asyncio.sleep(LOOK_S)
    handed, seen = proxied.handed_on()[before[0] :], proxied.edge.seen[before[1] :]
    assert seen == handed
    assert not any("smuggled" in each for each in seen)
    assert len(seen) <= 4


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
