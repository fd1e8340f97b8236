"""Answers that are not sent twice: a GET has an `ETag`, and who has it already gets 304 (RFC 9110, 13.1.2).

The tag is the hash of the answer, which has the width of its reader, or the one that a route has set because
part of its answer (the hour) changes without anything having happened.
"""

import re
from hashlib import sha256
from http import HTTPStatus

from starlette.types import Message, Scope, Send

_TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
JSON = b"application/json"
NOT_OF_304 = frozenset({b"content-length", b"content-type"})
"""Headers of a body that is not sent."""


def etag_of(body: bytes) -> bytes:
    """The tag of an answer, in its quotation marks."""
    return b'"' + sha256(body).hexdigest()[:32].encode() + b'"'


def has_already(if_none_match: bytes, etag: bytes) -> bool:
    """Whether a reader has what the tag names: one of its tags is it, or it has any ("*")."""
    return if_none_match.strip() == b"*" or etag in _TAG.findall(if_none_match)


def tagged_send(scope: Scope, send: Send) -> Send:
    """A `send` for the answer to a GET: it gets its tag, and is 304 for whom it is nothing new."""
    wanted = dict(scope["headers"]).get(b"if-none-match", b"")
    held: list[Message] = []

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_tagged(message):
            held.append(message)
            return
        if not held:
            await send(message)
            return
        start, body = held.pop(), message.get("body", b"")
        if not message.get("more_body", False):
            start, body = _with_tag(start, body, wanted)
            message = {**message, "body": body}
        await send(start)
        await send(message)

    return sent


def _is_tagged(start: Message) -> bool:
    headers: dict[bytes, bytes] = dict(start.get("headers", ()))
    return int(start["status"]) == HTTPStatus.OK and headers.get(b"content-type") == JSON


def _with_tag(start: Message, body: bytes, wanted: bytes) -> tuple[Message, bytes]:
    headers = list(start["headers"])
    etag = dict(headers).get(b"etag")
    if etag is None:
        etag = etag_of(body)
        headers.append((b"etag", etag))
    if not (wanted and has_already(wanted, etag)):
        return {**start, "headers": headers}, body
    left = [each for each in headers if each[0] not in NOT_OF_304]
    return {**start, "status": 304, "headers": left}, b""
