"""The ASGI layer before FastAPI: it limits bodies while they are read and answers the ballot route."""

import re

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from models.values.refusal import Refused, problem
from service.ballots.endpoint import send_ballot
from service.bodies import refuse_repeated_keys
from service.http.problems import problem_response

BALLOTS = re.compile(r"/v1/renovations/([^/]+)/ballots")


class TooLarge(Exception):  # noqa: N818 - a limit that was met, no malfunction
    """Raised while a body is read that is longer than the limit."""


class Front:
    """Reads the body of each request, then calls the ballot route or FastAPI with it."""

    def __init__(self, api: FastAPI, max_body_bytes: int) -> None:
        self.api = api
        self._limit = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the lifespan."""
        if scope["type"] != "http":
            await self.api(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            # FastAPI knows it at no route: it is a GET whose body is not sent.
            scope, send = {**scope, "method": "GET"}, without_body(send)
        try:
            body = await read_body(scope, receive, self._limit)
        except TooLarge:
            # What was not read is in the connection still: it cannot be used again.
            response = problem_response(
                (problem("service.body_too_large", limit=self._limit),),
                Headers(scope=scope).get("accept-language"),
                headers={"Connection": "close"},
            )
            await response(scope, receive, send)
            return
        path = BALLOTS.fullmatch(scope["path"])
        if path is not None and scope["method"] == "POST":
            parts = self.api.state.parts
            await send_ballot(parts.tickets, parts.intake, path[1], scope, body, send)
            return
        try:
            refuse_repeated_keys(body)
        except Refused as refused:
            language = Headers(scope=scope).get("accept-language")
            await problem_response(refused.problems, language)(scope, receive, send)
            return
        await self.api(scope, replaying(body, receive), send)


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body of a request.

    Raises:
        TooLarge: it is longer than `limit` bytes; at most one piece more was read.
    """
    message = await receive()
    if not message.get("more_body", False) and len(message.get("body", b"")) <= limit:
        return bytes(message.get("body", b""))
    declared = Headers(scope=scope).get("content-length", "")
    if declared.isdecimal() and (len(declared) > len(str(limit)) or int(declared) > limit):
        raise TooLarge
    pieces: list[bytes] = []
    length = 0
    while True:
        if message["type"] != "http.request":
            return b"".join(pieces)
        piece: bytes = message.get("body", b"")
        length += len(piece)
        if length > limit:
            raise TooLarge
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
        message = await receive()


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
