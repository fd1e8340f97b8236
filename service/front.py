"""The ASGI layer before FastAPI: it limits bodies while they are read and answers the ballot route.

Every answer gets its headers and its line in the access log here.
"""

import asyncio
import re
from collections.abc import Mapping
from time import perf_counter

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from models.values.refusal import Refused, refusal
from service.access.sending import sender_in
from service.ballots.endpoint import send_ballot
from service.bodies import refuse_repeated_keys
from service.edge.access_log import AccessLog
from service.edge.headers import guarded_send
from service.edge.uploads import Uploads, longest_body
from service.http.callers import begin_request, name_header
from service.http.command_keys import CommandKeys
from service.http.etags import tagged_send
from service.http.problems import database_away
from service.http.rates import RATE, rate_headers
from service.pages.refused import answer_of

BALLOTS = re.compile(r"/v1/renovations/([^/]+)/ballots")


class TooLarge(Exception):  # noqa: N818 - a limit that was met, no malfunction
    """Raised while a body is read that is longer than the limit."""


class Gone(Exception):  # noqa: N818 - whoever asked, and no malfunction
    """Raised while a body is read whose sender has hung up, or was cut off: half a request is none."""


class Front:
    """Reads the body of each request, then calls the ballot route or FastAPI with it."""

    def __init__(
        self,
        api: FastAPI,
        access: AccessLog,
        keys: CommandKeys,
        max_body_bytes: int,
        *,
        tls: bool,
    ) -> None:
        self.api = api
        self._access = access
        self._keys = keys
        self._limit = max_body_bytes
        self._tls = tls
        self._uploads = Uploads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the lifespan."""
        if scope["type"] != "http":
            await self.api(scope, receive, send)
            return
        headers = dict(scope["headers"])
        begin_request(headers)
        path = BALLOTS.fullmatch(scope["path"])
        try:
            if path is not None and scope["method"] == "POST":
                await self._ballot(path[1], headers, scope, receive, send)
            else:
                await self._told(scope, receive, named_send(send))
        except Gone:
            return

    async def _told(self, scope: Scope, receive: Receive, send: Send) -> None:
        RATE.set(None)
        if scope["method"] == "HEAD":
            # FastAPI knows it at no route: it is a GET whose body is not sent.
            scope, send = {**scope, "method": "GET"}, without_body(send)
        begun = perf_counter()
        told = Told(guarded_send(scope, send, tls=self._tls))
        answered = tagged_send(scope, told.send) if scope["method"] == "GET" else told.send
        try:
            await self._request(scope, receive, answered)
        finally:
            self._access.request(scope, told.status, perf_counter() - begun)

    async def _ballot(
        self,
        renovation_id: str,
        headers: Mapping[bytes, bytes],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        parts = self.api.state.parts
        try:
            body = await read_body(scope, receive, self._limit)
        except TooLarge:
            guarded = guarded_send(scope, named_send(send), tls=self._tls)
            await self._too_large(scope, receive, guarded)
            return
        status = await send_ballot(parts.tickets, parts.intake, renovation_id, headers, body, send)
        self._access.ballot(scope, status)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        longest = longest_body(scope["method"], scope["path"])
        if not longest or is_within(scope, self._limit):
            await self._read(scope, receive, send, self._limit)
            return
        try:
            sender = await sender_in(self.api.state.parts, scope)
        except Exception as error:
            if (away := database_away(error)) is None:
                raise
            await _refuse(away, scope, receive, send, {"Connection": "close"})
            return
        if sender is None:
            await self._read(scope, receive, send, self._limit)
            return
        try:
            with self._uploads.place(sender):
                await self._read(scope, receive, send, longest)
        except Refused as refused:
            await _refuse(refused, scope, receive, send, {"Connection": "close"})

    async def _read(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        try:
            body = await read_body(scope, receive, limit)
        except TooLarge:
            await self._too_large(scope, receive, send, limit)
            return
        try:
            if len(body) > self._limit:
                await asyncio.to_thread(refuse_repeated_keys, body)
            else:
                refuse_repeated_keys(body)
            body, scope = self._keys.in_body(scope, body), self._keys.in_query(scope)
        except Refused as refused:
            await _refuse(refused, scope, receive, send)
            return
        await self.api(scope, replaying(body, receive), send)

    async def _too_large(
        self, scope: Scope, receive: Receive, send: Send, limit: int | None = None
    ) -> None:
        # What was not read is in the connection still: it cannot be used again.
        refused = refusal("service.body_too_large", limit=limit or self._limit)
        await _refuse(refused, scope, receive, send, {"Connection": "close"})


class Told:
    """A `send` that keeps the status it sent; 499 while it sent none: whoever asked has hung up."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 499

    async def send(self, message: Message) -> None:
        """Send on, with what was noted of a quota."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *rate_headers()]}
        await self._send(message)


def is_within(scope: Scope, limit: int) -> bool:
    """Whether a request says of its body that it is no longer than the limit."""
    declared = Headers(scope=scope).get("content-length", "")
    return declared.isdecimal() and len(declared) <= len(str(limit)) and int(declared) <= limit


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body of a request.

    Raises:
        TooLarge: it is longer than `limit` bytes; at most one piece more was read.
        Gone: nobody is there any more.
    """
    message = await receive()
    if message["type"] != "http.request":
        raise Gone
    if not message.get("more_body", False) and len(message.get("body", b"")) <= limit:
        return bytes(message.get("body", b""))
    declared = Headers(scope=scope).get("content-length", "")
    if declared.isdecimal() and (len(declared) > len(str(limit)) or int(declared) > limit):
        raise TooLarge
    pieces: list[bytes] = []
    length = 0
    while True:
        if message["type"] != "http.request":
            raise Gone
        piece: bytes = message.get("body", b"")
        length += len(piece)
        if length > limit:
            raise TooLarge
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
        message = await receive()


def named_send(send: Send) -> Send:
    """A `send` whose answer has the id of the request that was begun."""
    named = name_header()

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), named]}
        await send(message)

    return sent


async def _refuse(
    refused: Refused,
    scope: Scope,
    receive: Receive,
    send: Send,
    headers: Mapping[str, str] | None = None,
) -> None:
    await answer_of(Request(scope), refused.problems, headers)(scope, receive, send)


def without_body(send: Send) -> Send:
    """A `send` for the answer to HEAD: status and headers, and an empty body at the end."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sent


def replaying(body: bytes, receive: Receive) -> Receive:
    """A `receive` for FastAPI: first the body that was read already, then what the server sends."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
