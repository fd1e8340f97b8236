"""An HTTP protocol that sends head and body of an answer in one piece.

uvicorn writes them one after the other, which costs a second system call and a second packet.
`benchmarks/voting/servers.py` says what this gains, ADR 12 what was measured.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class JoiningTransport(asyncio.Transport):
    """Collects what is written during one turn of the event loop and writes it as one piece."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        # Bound once: the protocol asks for these at every request.
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]
        self.is_closing = transport.is_closing  # type: ignore[method-assign]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it until the end of this turn."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(bytes(data))

    def close(self) -> None:
        """Close after what was written."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._pieces.clear()
        self._transport.abort()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection over (an upgrade)."""
        self._flush()
        self._transport.set_protocol(protocol)

    def _flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol on a `JoiningTransport`; `gongjian serve` uses it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to serve a connection."""
        super().connection_made(JoiningTransport(transport, self.loop))
