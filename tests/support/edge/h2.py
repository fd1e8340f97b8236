"""HTTP/2 frame by frame (RFC 9113), with whatever fields an attacker likes: no library would send them."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import NamedTuple

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
STREAM = 1
HEAD_BYTES = 9
PATIENCE_S = 30.0
Fields = Sequence[tuple[bytes, bytes]]


class Answer(NamedTuple):
    """What came back on the stream: 0 where it was reset or the connection was ended."""

    status: int
    body: bytes


async def asked(
    port: int, fields: Fields, *body: bytes, name: str, trailers: Fields = ()
) -> Answer:
    """Send one request on a connection of its own, over TLS with "h2" agreed on, and read its answer."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name
    )
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    encoder = hpack.Encoder()
    last = END_STREAM if not body and not trailers else 0
    pieces = [PREFACE, _frame(SETTINGS, 0, 0), _head(encoder, fields, last)]
    for number, piece in enumerate(body, start=1):
        end = END_STREAM if number == len(body) and not trailers else 0
        pieces.append(_frame(DATA, end, STREAM, piece))
    if trailers:
        pieces.append(_head(encoder, trailers, END_STREAM))
    try:
        async with asyncio.timeout(PATIENCE_S):
            writer.write(b"".join(pieces))
            return await _answer(reader, writer)
    finally:
        writer.close()


def _head(encoder: hpack.Encoder, fields: Fields, flags: int) -> bytes:
    return _frame(HEADERS, END_HEADERS | flags, STREAM, encoder.encode(fields, huffman=False))


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    size = len(payload).to_bytes(3, "big")
    return size + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Answer:
    decoder, status, body = hpack.Decoder(), 0, b""
    while True:
        try:
            head = await reader.readexactly(HEAD_BYTES)
            payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
        except (asyncio.IncompleteReadError, ConnectionError):
            return Answer(status, body)
        kind, flags = head[3], head[4]
        if kind == SETTINGS and not flags & ACK:
            writer.write(_frame(SETTINGS, ACK, 0))
        elif kind == HEADERS:
            told = dict(decoder.decode(payload, raw=True))
            status = int(told.get(b":status", status))
        elif kind == DATA:
            body += payload
        if kind in {RST_STREAM, GOAWAY} or (kind in {HEADERS, DATA} and flags & END_STREAM):
            return Answer(status, body)
