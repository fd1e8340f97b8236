"""An attacker with raw sockets: slow, endless, too many, and requests that two readers read differently."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from runtime.settings import Settings
from service.edge.limits import limits_of, names_us
from tests.support.edge.raw import Edge, listening

LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"POST /v1/renovations/r1/objections HTTP/1.1\r\nHost: localhost\r\n"
SMUGGLED = b"GET /v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = 600


@pytest.fixture(scope="module")
async def edge(settings: Settings, http: httpx.AsyncClient) -> AsyncIterator[Edge]:
    app = http._transport.app  # type: ignore[attr-defined]
    async with listening(app, limits_of(settings)) as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_seen(edge: Edge) -> None:
    edge.seen.clear()
    edge.refusals.told.clear()


def statuses(answers: bytes) -> list[int]:
    pieces = answers.split(b"HTTP/1.1 ")[1:]
    return [int(piece[:3]) for piece in pieces]


async def test_six_hundred_slow_connections_are_gone_after_the_time_for_a_head(edge: Edge) -> None:
    """At 8287647 all of them were open after 45 seconds."""
    endless = b"POST /v1/renovations/r1/ballots HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    body = HEAD + b"Content-Length: 1000\r\n\r\nx"
    peers = await asyncio.gather(*(edge.open() for _ in range(SLOW)))
    for number, peer in enumerate(peers):
        await peer.send((endless, body, b"", b"\r\n\r\n\r\n")[number % 4])
    await edge.has(SLOW)
    assert statuses(
        await edge.ask(LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    ) == [200]

    edge.later(edge.guard.limits.head_s - 1)
    await edge.has(SLOW)
    edge.later(edge.guard.limits.head_s + 1)
    await edge.has(SLOW // 4)  # a body has longer
    edge.later(edge.guard.limits.body_s + 1)
    await edge.has(0)

    answers = [statuses(await peer.rest()) for peer in peers]
    assert answers == [[408], [408], [], []] * (SLOW // 4)
    assert {code for code, *_ in edge.refusals.told} == {"service.too_slow"}
    for peer in peers:
        peer.close()


async def test_a_header_of_25_mib_is_not_read(edge: Edge) -> None:
    peer = await edge.open()
    await peer.send(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
    sent = 0
    while sent < 25 << 20 and not peer.reader.at_eof() and not peer.writer.is_closing():
        await peer.send(b"x" * 65_536)
        sent += 65_536
        await asyncio.sleep(0)
    answer = await peer.rest()
    peer.close()
    assert sent < 8 << 20, "what is not read any more is not taken"
    assert statuses(answer) in ([431], [])  # a reset may overtake the answer
    assert edge.refusals.told == [("service.head_too_large", 431, "127.0.0.1")]
    assert edge.seen == []


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Many: 1\r\n" * 3_000 + b"\r\n",
    ],
    ids=["address", "header", "headers"],
)
async def test_a_head_in_one_piece_is_measured_too(edge: Edge, head: bytes) -> None:
    answer = await edge.ask(head)
    assert statuses(answer) == [431]
    assert b'"code":"service.head_too_large"' in answer
    assert b"x-content-type-options: nosniff" in answer
    assert edge.seen == []


async def test_more_than_a_hundred_headers_are_no_request(edge: Edge) -> None:
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(101))
    assert statuses(await edge.ask(LIVE[:-2] + many + b"\r\n")) == [400]


async def test_a_body_of_chunks_that_never_end_is_not_read(edge: Edge) -> None:
    """Neither many tiny chunks, nor extensions of a chunk, nor trailers, nor plain length."""
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    for piece in (
        b"1;" + b"x" * 65_000 + b"\r\na\r\n",
        b"1\r\na\r\n" * 10_000,
        b"0\r\nX-T: " + b"x" * 65_000,
    ):
        peer = await edge.open()
        await peer.send(chunked)
        sent = 0
        while sent < 25 << 20 and not peer.reader.at_eof() and not peer.writer.is_closing():
            await peer.send(piece)
            sent += len(piece)
            await asyncio.sleep(0)
        peer.close()
        assert sent < 12 << 20, piece[:10]
    await edge.has(0)


async def test_the_place_of_who_is_waited_for_longest_is_given_to_the_next(
    settings: Settings, http: httpx.AsyncClient
) -> None:
    app = http._transport.app  # type: ignore[attr-defined]
    async with listening(app, replace(limits_of(settings), connections=20)) as small:
        slow = [await small.open() for _ in range(20)]
        for peer in slow:
            await peer.send(b"GET /health")
        await small.has(20)
        fast = await small.open()
        await fast.send(LIVE)
        assert statuses(await fast.answer()) == [200]
        assert statuses(await slow[0].rest()) == [408]
        await small.has(20)
        # The one that was served is waited for now like all others, and the youngest.
        await fast.send(LIVE)
        assert statuses(await fast.answer()) == [200]
        for peer in (fast, *slow):
            peer.close()


async def test_where_everybody_is_being_served_the_next_is_told_to_come_again(
    settings: Settings,
) -> None:
    held = asyncio.Event()

    async def busy(_scope: object, _receive: object, _send: object) -> None:
        await held.wait()

    async with listening(busy, replace(limits_of(settings), connections=10)) as small:
        peers = [await small.open() for _ in range(10)]
        for peer in peers:
            await peer.send(LIVE)
        async with asyncio.timeout(10):
            while len(small.seen) < 10:
                await asyncio.sleep(0.01)
        small.later(3_600)
        answer = await small.ask(b"")
        assert statuses(answer) == [503]
        assert b"retry-after: 1" in answer.lower()
        assert len(small.guard.connections) == 10, "nobody who waits for the service is cut off"
        held.set()
        for peer in peers:
            peer.close()


async def test_who_reads_nothing_of_a_long_answer_is_cut_off(settings: Settings) -> None:
    async def long(_scope: object, receive: object, send: object) -> None:
        head = {"type": "http.response.start", "status": 200, "headers": []}
        await send(head)  # type: ignore[operator]
        for _ in range(400):
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    async with listening(long, limits_of(settings)) as edge:
        peer = await edge.open()
        await peer.send(LIVE)
        async with asyncio.timeout(30):
            while not any(each.flow.write_paused for each in edge.guard.connections):
                await asyncio.sleep(0.01)
        edge.later(edge.guard.limits.answer_s - 1)
        assert len(edge.guard.connections) == 1
        edge.later(edge.guard.limits.answer_s + 1)
        await edge.has(0)
        peer.close()


SMUGGLING = {
    "length and chunks": HEAD + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "the same length twice": HEAD + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": HEAD + b"Content-Length: 0, 5\r\n\r\n",
    "a signed length": HEAD + b"Content-Length: +0\r\n\r\n",
    "a length in hexadecimal": HEAD + b"Content-Length: 0x0\r\n\r\n",
    "a length beyond 64 bits": HEAD + b"Content-Length: 18446744073709551616\r\n\r\n",
    "a blank before the colon": HEAD + b"Content-Length : 5\r\n\r\n",
    "a blank before the name": HEAD + b" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded header": HEAD + b"X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "identity": HEAD + b"Transfer-Encoding: identity\r\n\r\n",
    "chunks twice": HEAD
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "quoted chunks": HEAD + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "a vertical tab": HEAD + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "a NUL in a header": HEAD + b"X-A: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a NUL in a name": HEAD + b"X-A\0: b\r\nContent-Length: 0\r\n\r\n",
    "a NUL in a path": b"GET /v1/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a bare return": HEAD + b"X-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a size that is no number": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a size beyond 64 bits": HEAD + b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n",
    "a signed size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk that is longer than its size": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    "no host": b"GET /health/live HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "two credentials": LIVE[:-2] + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
    "an address of two lines": b"GET /health/live\r\nX: HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another protocol": b"GET /health/live HTTP/3.7\r\nHost: localhost\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    "lines without a return": b"GET /health/live HTTP/1.1\nHost: localhost\n\n",
    "a header without a return": HEAD + b"X-A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a size without a return": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    "an extension of two lines": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;\n{}\r\n0\r\n\r\n",
    "a size in two words": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2 2\r\n{}\r\n0\r\n\r\n",
    "chunks and identity": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a length in two words": HEAD + b"Content-Length: 1 1\r\n\r\n",
    "chunks in the protocol of before": HEAD.replace(b"1.1", b"1.0")
    + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another host in the address": b"GET http://evil.example/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "nothing to read": b"\xff\xfe\xfd\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLING)
async def test_what_two_readers_might_read_differently_is_no_request(edge: Edge, name: str) -> None:
    """A refusal and the end of the connection: what follows on it is never read as a request."""
    answer = await edge.ask(SMUGGLING[name] + SMUGGLED)
    assert statuses(answer) in ([400], [421]), answer
    assert not any("smuggled" in each for each in edge.seen)
    assert answer.lower().count(b"connection: close") == 1


async def test_after_the_last_request_of_a_connection_nothing_is_read(edge: Edge) -> None:
    last = LIVE[:-2] + b"Connection: close\r\n\r\n"
    for first in (last, LIVE[:-2] + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"):
        assert statuses(await edge.ask(first + SMUGGLED)) == [200]
    websocket = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n\r\n"
    assert statuses(await edge.ask(LIVE[:-2] + websocket + SMUGGLED)) == [200]
    assert edge.seen == ["GET /health/live"] * 3


async def test_a_body_is_not_the_next_request(edge: Edge) -> None:
    """Where a method has no body by custom, its length is kept to all the same."""
    with_body = b"Content-Length: %d\r\n\r\n" % len(SMUGGLED)
    peer = await edge.open()
    await peer.send(LIVE[:-2] + with_body + SMUGGLED)
    assert statuses(await peer.answer()) == [200]
    await peer.send(LIVE)
    assert statuses(await peer.answer()) == [200]
    assert edge.seen == ["GET /health/live"] * 2
    peer.close()


async def test_what_comes_after_a_body_is_no_header_of_the_request(edge: Edge) -> None:
    """A trailer with a credential would have passed a proxy that looks at headers."""
    peer = await edge.open()
    chunked = (
        HEAD
        + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nAuthorization: Bearer v1.a.b\r\n\r\n"
    )
    await peer.send(chunked)
    answer = await peer.answer()
    assert b"credential.wrong" not in answer
    peer.close()


async def test_headers_after_a_body_are_not_kept_and_come_to_an_end(edge: Edge) -> None:
    await edge.has(0)
    peer = await edge.open()
    await peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n")
    await edge.has(1)
    (connection,) = edge.guard.connections
    sent = 0
    while sent < 25 << 20 and not peer.reader.at_eof() and not peer.writer.is_closing():
        await peer.send(b"X-T: 1\r\n" * 8_000)
        sent += 64_000
        assert not connection.headers
        await asyncio.sleep(0)
    peer.close()
    assert sent < 12 << 20
    await edge.has(0)


async def test_a_few_requests_ahead_are_answered_in_order_and_many_are_not_kept(edge: Edge) -> None:
    peer = await edge.open()
    await peer.send(LIVE * 5)
    assert [statuses(await peer.answer()) for _ in range(5)] == [[200]] * 5
    peer.close()
    assert 400 in statuses(await edge.ask(LIVE * 5_000))
    assert len(edge.seen) < 30


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example",
        b"evil.example:8000",
        b"localhost.evil.example",
        b"",
        b"a b",
        b"[::1",
        b"\xe4\xbe\x8b",
        b"x" * 300,
    ],
)
async def test_a_name_that_is_not_the_services_is_refused(edge: Edge, host: bytes) -> None:
    """A page of another name that lets it lead to this machine (DNS rebinding) gets nothing."""
    answer = await edge.ask(b"GET /health/live HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert statuses(answer) in ([421], [400])
    assert host not in answer or not host
    assert edge.seen == []


def test_the_public_name_and_addresses_name_the_service(settings: Settings) -> None:
    public = settings.model_copy(update={"public_url": "https://vote.example.org/gongjian"})
    hosts = limits_of(public).hosts
    for host in (
        b"vote.example.org",
        b"Vote.Example.ORG:443",
        b"127.0.0.1:8000",
        b"[::1]:8000",
        b"localhost",
    ):
        assert names_us(host, hosts), host
    assert not names_us(b"vote.example.org.evil.example", hosts)


async def test_connections_that_are_kept_are_let_go_when_nothing_comes(edge: Edge) -> None:
    peer = await edge.open()
    await peer.send(LIVE)
    assert statuses(await peer.answer()) == [200]
    # Line ends before a request are passed over by the parser: they buy no time.
    await peer.send(b"\r\n")
    await edge.has(1)
    (kept,) = edge.guard.connections
    edge.later(kept.timeout_keep_alive - 1)
    await peer.send(LIVE)
    assert statuses(await peer.answer()) == [200]
    edge.later(kept.timeout_keep_alive + 1)
    assert await peer.rest() == b""
    peer.close()
