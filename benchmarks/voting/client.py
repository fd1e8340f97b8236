"""The load client: raw HTTP/1.1 on kept-alive connections, requests built beforehand, no parsing
beyond the end of an answer; the same client measures the floors and the product.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Answers:
    """What came back: how long each answer took (s), and how many had which status."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[bytes] = field(default_factory=Counter)
    wall_s: float = 0.0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.seconds) / self.wall_s

    def percentile_ms(self, share: float) -> float:
        """A percentile of the latency."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Connection(asyncio.Protocol):
    """One connection: the next request goes out when the last answer is complete."""

    def __init__(self, requests: Iterator[bytes], answers: Answers, done: asyncio.Future) -> None:
        self._requests, self._answers, self._done = requests, answers, done
        self._buffer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        found = LENGTH.search(buffer, 0, end) if end >= 0 else None
        if found is None or len(buffer) < end + 4 + int(found[1]):
            self._buffer = buffer
            return
        self._buffer = b""
        self._answers.seconds.append(time.perf_counter() - self._sent_at)
        self._answers.statuses[buffer[9:12]] += 1
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server hung up"))


async def load(ports: Sequence[int], requests: Sequence[bytes], connections: int = 64) -> Answers:
    """Send all requests over so many connections, spread over the ports; each once."""
    answers = Answers()
    loop = asyncio.get_running_loop()
    shared = iter(requests)
    done = [loop.create_future() for _ in range(connections)]
    begun = time.perf_counter()
    for number, future in enumerate(done):
        await loop.create_connection(
            partial(Connection, shared, answers, future),
            "127.0.0.1",
            ports[number % len(ports)],
        )
    await asyncio.gather(*done)
    answers.wall_s = time.perf_counter() - begun
    return answers


def post(path: str, body: bytes, headers: str = "") -> bytes:
    """A request as bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
