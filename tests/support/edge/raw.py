"""Raw sockets against the service's own protocol, in the test's process: what an attacker sends, byte by byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from service.edge.connections import Guard, guarded
from service.edge.limits import Limits

PATIENCE_S = 30.0


@dataclass
class Refusals:
    """What the watcher of connections was told."""

    told: list[tuple[str, int, str]] = field(default_factory=list)

    def connection_refused(self, code: str, status: int, source: str) -> None:
        self.told.append((code, status, source))


@dataclass
class Edge:
    """A listening service: its port, its guard, and the requests that came as far as the application."""

    port: int
    guard: Guard
    refusals: Refusals
    seen: list[str] = field(default_factory=list)

    async def open(self) -> "Peer":
        """A connection."""
        return Peer(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20))

    async def ask(self, *pieces: bytes) -> bytes:
        """Send the pieces, each in a packet of its own, and read until the service hangs up."""
        peer = await self.open()
        try:
            for piece in pieces:
                await peer.send(piece)
            return await peer.rest()
        finally:
            peer.close()

    async def has(self, connections: int) -> None:
        """Wait until the service has so many connections."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.guard.connections) != connections:
                await asyncio.sleep(0.01)

    def later(self, seconds: float) -> None:
        """Let the guard cut off whom it would so many seconds from now."""
        now = asyncio.get_running_loop().time()
        for connection in list(self.guard.connections):
            if connection.is_late(now + seconds):
                connection.cut("service.too_slow")


class Peer:
    """One connection of somebody outside."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send now; that the service has hung up is found when it is read from."""
        self.writer.write(data)
        try:
            await self.writer.drain()
        except ConnectionError:
            return

    async def rest(self) -> bytes:
        """Everything until the service hangs up."""
        read = b""
        async with asyncio.timeout(PATIENCE_S):
            try:
                while piece := await self.reader.read(1 << 16):
                    read += piece
            except ConnectionError:
                pass
        return read

    async def answer(self) -> bytes:
        """One answer with a length."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            return head + await self.reader.readexactly(length)

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


@asynccontextmanager
async def listening(app: ASGIApp, limits: Limits) -> AsyncIterator[Edge]:
    """The application on a port, under these limits."""
    refusals = Refusals()
    edge = Edge(0, Guard(limits, refusals), refusals)

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        edge.seen.append(f"{scope['method']} {scope['path']}")
        await app(scope, receive, send)

    config = uvicorn.Config(counted, http=guarded(edge.guard), ws="none", log_config=None)
    config.load()
    state, kind = ServerState(), guarded(edge.guard)
    server = await asyncio.get_running_loop().create_server(
        lambda: kind(config=config, server_state=state, app_state={}), "127.0.0.1", 0, backlog=2_048
    )
    edge.port = server.sockets[0].getsockname()[1]
    try:
        yield edge
    finally:
        server.close()
        for connection in list(edge.guard.connections):
            connection.transport.abort()
        await edge.has(0)
