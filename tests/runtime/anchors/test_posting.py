"""Another instance that answers without end, or drop by drop: it is read for so long and so far."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from runtime.anchors import posting

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def witness(piece: bytes, rests_s: float) -> AsyncIterator[str]:
    """The address of somebody whose answer never ends."""
    answering: list[asyncio.Event] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.append(gone := asyncio.Event())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        try:
            while True:
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                await writer.drain()
                await asyncio.sleep(rests_s)
        except ConnectionError:
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            gone.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for each in answering:
            await each.wait()


async def test_of_an_answer_without_end_the_beginning_is_read() -> None:
    async with witness(b"x" * 10_000, 0) as address:
        status, said = await posting.post(address, b"")
    assert (status, len(said)) == (200, posting.READ_BYTES)


async def test_an_answer_that_trickles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "PATIENCE_S", 0.2)
    async with witness(b"x", 0.05) as address:
        with pytest.raises(TimeoutError):
            await posting.post(address, b"")
