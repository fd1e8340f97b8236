"""A connection that takes no more than its share: of time, of bytes, of places.

uvicorn with httptools has no limit of a head's length or time, and none of a slow body. A sweep over all
connections, twenty times a second, keeps the times; the lengths are counted as bytes come in.
"""

import asyncio
from itertools import islice
from math import inf
from typing import Protocol

import httptools

from service.edge.limits import Limits, names_us
from service.edge.raw_answers import refused_connection, status_of
from service.edge.uploads import longest_body
from service.http.joined_writes import OneWriteProtocol

SWEEP_S = 0.05
CUT_AT_ONCE = 8
"""Of one sweep: hundreds that end in one moment, and come again, would keep everybody else waiting."""
LINGER_S = 5.0
"""For a client to take the end of its answer before the connection is cut."""
PIPELINED = 8
"""Requests that one connection may send ahead of their answers."""
MOST_HEADERS = 100
ONCE = (
    b"host",
    b"authorization",
    b"content-length",
    b"content-type",
    b"transfer-encoding",
    b"cookie",
)
"""Headers that would be read one way by a proxy and another way here, were they there twice."""


class Watcher(Protocol):
    """Who is told of connections that were refused."""

    def connection_refused(self, code: str, status: int, source: str) -> None:
        """A connection from `source` was answered with a refusal and closed."""


class Trailers(list[tuple[bytes, bytes]]):
    """Headers that come after the body are nobody's: they are not kept, however many there are."""

    def append(self, _header: tuple[bytes, bytes]) -> None:
        """Keep nothing."""


TRAILERS = Trailers()


class Unwanted(Exception):  # noqa: N818 - a limit that was met, no malfunction
    """Raised inside of the parser's callbacks; httptools hands it on as the context of its own error."""

    def __init__(self, code: str, limit: int = 0) -> None:
        super().__init__(code)
        self.code, self.limit = code, limit


class Guard:
    """All connections of one server: looks after them as long as there are any."""

    def __init__(self, limits: Limits, watcher: Watcher) -> None:
        self.limits = limits
        self.watcher = watcher
        self.connections: set[GuardedProtocol] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    def watch(self, connection: "GuardedProtocol") -> None:
        """Take a connection in; where there is no place, the one whose client is waited for longest goes."""
        if len(self.connections) >= self.limits.connections:
            longest = min(self.connections, key=lambda each: each.since)
            if longest.since == inf:
                connection.refuse("service.too_many_connections")
                return
            longest.cut("service.too_slow")
        self.connections.add(connection)
        if self._sweeping is None:
            self._sweeping = connection.loop.call_later(SWEEP_S, self._sweep, connection.loop)

    def forget(self, connection: "GuardedProtocol") -> None:
        """A connection is gone."""
        self.connections.discard(connection)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        late = (each for each in list(self.connections) if each.is_late(now))
        for connection in islice(late, CUT_AT_ONCE):
            connection.cut("service.too_slow")
        going_on = bool(self.connections)
        self._sweeping = loop.call_later(SWEEP_S, self._sweep, loop) if going_on else None


class GuardedProtocol(OneWriteProtocol):
    """uvicorn's protocol under a guard. `since` is when its client began to be waited for, `due` until when."""

    guard: Guard
    since = inf
    due = inf
    _seen = 0
    """Bytes that came after the piece with the first byte of the request, `_first` that piece's."""
    _first = 0
    _piece = 0
    _reading = False
    _in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to serve a connection, if there is a place."""
        super().connection_made(transport)
        self._wait(self.guard.limits.head_s)
        self.guard.watch(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client, or the guard, has ended it."""
        self.guard.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, as uvicorn does; what it or a limit refuses ends the connection."""
        in_head = self._in_head
        self._piece = len(data)
        self._seen += self._piece
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing is upgraded: the request is answered, and what follows it is not read.
            self.cycle.keep_alive = False
        except httptools.HttpParserError as error:
            met = error.__context__
            self.refuse(
                met.code if isinstance(met, Unwanted) else "service.request_malformed",
                met.limit if isinstance(met, Unwanted) else 0,
            )
        else:
            limits = self.guard.limits
            if in_head and self._in_head and self._reading and self._seen > limits.head_bytes:
                self.refuse("service.head_too_large", limits.head_bytes)
            elif self._reading and self._seen > limits.request_bytes:
                longest = self._longest_body()
                if self._seen > limits.request_bytes + longest:
                    self.refuse("service.body_too_large", longest or limits.body_bytes)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        # What came in one piece with its first byte is not counted: it may be of the request before.
        self._reading, self._in_head, self._seen, self._first = True, True, 0, self._piece
        self._wait(self.guard.limits.head_s)

    def on_headers_complete(self) -> None:
        """The head is whole: look at it before anybody reads it."""
        self._in_head = False
        self._look_at_head()
        if len(self.pipeline) >= PIPELINED:
            raise Unwanted("service.request_malformed")
        self.due = self.loop.time() + self.guard.limits.body_s
        super().on_headers_complete()
        self.headers = TRAILERS

    def on_message_complete(self) -> None:
        """Everything is here: from now on the client waits, and not the service."""
        self._reading = False
        super().on_message_complete()
        self._rest()

    def on_response_complete(self) -> None:
        """Its turn again. As in uvicorn, but for its timer at each answer: the sweep knows who has rested."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if not self._reading:
            self._rest()

    def pause_writing(self) -> None:
        """The client does not read its answer."""
        super().pause_writing()
        self._wait(self.guard.limits.answer_s)

    def resume_writing(self) -> None:
        """It has read some of it."""
        super().resume_writing()
        self._rest()

    def is_late(self, now: float) -> bool:
        """Whether its client had time enough; nobody is late who waits for the service."""
        if self.due == inf and self.transport.is_closing():
            self._wait(LINGER_S)
        return now >= self.due and (self.flow.write_paused or not self.flow.read_paused)

    def cut(self, code: str) -> None:
        """End it: with a refusal where a request has begun, at once where nothing is read any more."""
        if self.transport.is_closing() or self.flow.write_paused:
            self.transport.abort()
        elif self._reading:
            self.refuse(code)
        else:
            self._close()

    def refuse(self, code: str, limit: int = 0) -> None:
        """Answer with a refusal and close; an answer that is under way is not finished."""
        answer = refused_connection(code, limit)
        source = self.client[0] if self.client else ""
        self.guard.watcher.connection_refused(code, status_of(answer), source)
        if not self.transport.is_closing():
            self.transport.write(answer)
        self._close()

    def _look_at_head(self) -> None:
        most = self.guard.limits.head_bytes
        if self._first + self._seen > most and length_of(self.url, self.headers) > most:
            raise Unwanted("service.head_too_large", most)
        given, version = dict(self.headers), self.parser.get_http_version()
        host = given.get(b"host")
        self._look_at_host(host)
        if not self.url.startswith(b"/"):
            # An address that names a host ("GET http://host/path") goes before the header.
            self._look_at_host(httptools.parse_url(self.url).host)
        if (
            version not in ("1.1", "1.0")
            or (host is None and version == "1.1")
            # Chunks came with 1.1: who speaks 1.0 reads them as what follows the request.
            or (version == "1.0" and b"transfer-encoding" in given)
            or len(self.headers) > MOST_HEADERS
            or given.get(b"transfer-encoding", b"chunked").lower() != b"chunked"
            or (len(given) < len(self.headers) and _is_repeated(self.headers))
        ):
            raise Unwanted("service.request_malformed")

    def _look_at_host(self, host: bytes | None) -> None:
        if host is not None and not names_us(host, self.guard.limits.hosts):
            raise Unwanted("service.other_host")

    def _longest_body(self) -> int:
        """How long the body may be because of its door: asked of long ones alone, few requests have one."""
        path = self.url.partition(b"?")[0].decode("ascii", "replace")
        return longest_body(self.parser.get_method().decode("ascii", "replace"), path)

    def _rest(self) -> None:
        """Nobody is waited for while an answer is made; then it is the client's turn again."""
        self.since = self.due = inf
        if self.cycle is None or self.cycle.response_complete:
            self._wait(self.timeout_keep_alive)

    def _wait(self, seconds: float) -> None:
        self.since = self.loop.time()
        self.due = self.since + seconds

    def _close(self) -> None:
        self._wait(LINGER_S)
        self.transport.close()


def length_of(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    """The bytes of a head, without what stands between its parts."""
    return len(url) + sum(len(name) + len(value) for name, value in headers)


def _is_repeated(headers: list[tuple[bytes, bytes]]) -> bool:
    names = [name for name, _ in headers]
    return any(names.count(name) > 1 for name in ONCE)


def guarded(guard: Guard) -> type[GuardedProtocol]:
    """The protocol class that uvicorn makes a connection of, under this guard."""

    class Guarded(GuardedProtocol):
        """The connections of one server."""

    Guarded.guard = guard
    return Guarded
