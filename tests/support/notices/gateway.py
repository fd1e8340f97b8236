"""A reference gateway of short messages: it keeps what it is sent, and answers as it is told."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

SECRET = "whsec_" + base64.b64encode(b"g" * 32).decode()


class Call(NamedTuple):
    """One request."""

    headers: dict[str, str]
    body: bytes


class Gateway:
    """`answers` are the statuses of the next requests; after them it is 202."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: list[int] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        body = await reader.readexactly(int(headers["content-length"]))
        self.calls.append(Call(headers, body))
        status = self.answers.pop(0) if self.answers else 202
        writer.write(
            f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    """It listens on a port of its own."""
    found = Gateway()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/sms"
    async with server:
        yield found
